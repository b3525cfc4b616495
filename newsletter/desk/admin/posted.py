"""What providers posted about our messages: what it told, or why it could not be understood, and as it came."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsletter.desk.admin.base import action, display
from newsletter.desk.admin.settled import SettledAdmin
from newsletter.models.payload import Posted
from newsletter.track import webhook_sources

SHOWN = 20_000
"""Characters of a post on its page."""
STANDINGS = {"not understood": "danger", "waits": "warning", "understood": "success"}


class Understood(admin.SimpleListFilter):
    """What could not be understood alone, if that is asked for."""

    title = "standing"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The choices beside all."""
        return [("fault", "Not understood"), ("waiting", "Waits")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Posted]) -> QuerySet[Posted]:
        """What was chosen."""
        chosen = {"fault": queryset.exclude(fault=""), "waiting": queryset.filter(done_at=None)}
        return chosen.get(self.value() or "", queryset)


@admin.register(Posted)
class PostedAdmin(SettledAdmin):
    """Posts of webhooks, newest first."""

    about = (
        "What providers posted about messages, newest first: how many events each post held, and how many of them were"
        " new and ours; the others were told before, or are of other mail of the account's. What could not be"
        " understood says why, and changed nothing: open it to see it as it came, and mark it as seen."
    )
    when_empty = "Nothing has been posted. Webhooks are set up with the provider; see docs/webhooks.md."
    list_display = ("received_at", "source", "events", "new", "standing", "why")
    list_filter = (Understood, "source")
    ordering = ("-pk",)
    fields = ("received_at", "source", "standing", "events", "taken", "done_at", "as_it_came")
    readonly_fields = ("standing", "as_it_came")
    actions = ("mark_as_seen", "look_again")
    settling = ("mark_as_seen", "Mark as seen")
    then = "It is kept no longer than others from then on."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posted]:
        """What came by webhooks; without the bodies, which only a post's own page shows."""
        found: QuerySet[Posted] = super().get_queryset(request)
        return found.filter(source__in=webhook_sources()).defer("body")

    @display(description="Standing", label=STANDINGS)
    def standing(self, post: Posted) -> str:
        """Whether it was understood."""
        return "not understood" if post.fault else "waits" if post.done_at is None else "understood"

    @display(description="New and ours")
    def new(self, post: Posted) -> int:
        """How many of its events changed anything."""
        return post.taken

    @display(description="Why not", empty_value="")
    def why(self, post: Posted) -> str:
        """What was wrong with it."""
        return post.fault

    @display(description="As it came")
    def as_it_came(self, post: Posted) -> SafeString | str:
        """Its bytes as text, indented where they are JSON: nothing in it is drawn, followed or fetched."""
        if not (text := _readable(post.data)):
            return "It is no longer kept."
        rest = "\n… (only the beginning is shown)" if len(text) > SHOWN else ""
        return format_html(
            '<pre class="desk-pre desk-sheet">{}{}</pre>',
            text[:SHOWN], rest,
        )  # fmt: skip

    @action(description="Mark selected posts as seen", permissions=["settle"])
    def mark_as_seen(self, request: HttpRequest, queryset: QuerySet[Posted]) -> None:
        """They are kept no longer than others from now on."""
        count = Posted.settle(queryset.order_by())
        messages.success(request, f"{count} {'post is' if count == 1 else 'posts are'} marked as seen.")


def _readable(data: bytes) -> str:
    """The beginning of it: of a large post the rest is not even looked at."""
    text = data[: 4 * SHOWN].decode("utf-8", "backslashreplace")
    if len(data) <= 4 * SHOWN:
        try:
            text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
        except (ValueError, RecursionError):
            return text
    return text.encode("utf-8", "backslashreplace").decode()
