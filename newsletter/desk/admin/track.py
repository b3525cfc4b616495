"""What came back from the messages."""

from __future__ import annotations

from django.contrib import admin

from newsletter.desk.admin.base import IssueFilter, ReadOnlyAdmin, display
from newsletter.models import Event

Kind = Event.Kind


def _word(kind: str) -> str:
    return kind.replace("_", " ")


KINDS = {
    _word(kind): colour
    for colour, kinds in {
        "info": (Kind.OPEN,),
        "success": (Kind.CLICK, Kind.DELIVERED),
        "warning": (Kind.UNSUBSCRIBE, Kind.DEFERRED, Kind.SOFT_BOUNCED),
        "danger": (Kind.BOUNCED, Kind.BLOCKED, Kind.DROPPED, Kind.COMPLAINED),
    }.items()
    for kind in kinds
}
SHOWN = 60
"""Characters of a link or of somebody's words in the list."""


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What came back, one by one."""

    about = (
        "What came back, one by one, newest first: what readers did, and what servers and providers said. Beside an"
        " open or a click stands who seems to be behind it; its own page says why, in the words of docs/tracking.md. An"
        " issue's Report has them counted."
    )
    when_empty = "Nothing has come back yet. Events appear when readers open, click or leave, and when a mail bounces."
    list_display = ("at", "shown_kind", "reader", "issue", "more", "verdict")
    list_filter = ("kind", IssueFilter)
    list_select_related = ("issue", "message__subscriber", "link")
    search_fields = ("message__subscriber__email",)
    search_help_text = "Part of an email address"
    ordering = ("-pk",)
    fields = ("at", "shown_kind", "reader", "issue", "link", "detail", "verdict", "why", "agent", "network", "told_by")
    readonly_fields = ("shown_kind", "reader", "verdict", "why", "told_by")

    @display(description="Event", ordering="kind", label=KINDS)
    def shown_kind(self, event: Event) -> str:
        """What happened."""
        return _word(event.kind)

    @display(description="Reader")
    def reader(self, event: Event) -> str:
        """Whose message it came from."""
        subscriber = event.message.subscriber
        return subscriber.email if subscriber else "(erased)"

    @display(description="Link, or words")
    def more(self, event: Event) -> str:
        """Which link was followed, or the beginning of what was said."""
        text = event.link.url.partition("://")[2] if event.link else event.detail
        return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"

    @display(description="Judged")
    def verdict(self, event: Event) -> str:
        """Who seems to be behind it."""
        return event.get_judged_display().lower()

    @display(description="Because of")
    def why(self, event: Event) -> str:
        """What was found."""
        return event.reasons.replace(",", ", ")

    @display(description="Told by")
    def told_by(self, event: Event) -> str:
        """Who says so."""
        return event.source or "seen by ourselves"
