"""Mail of servers and programs that could not be understood: why, as it came, and done with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from newsletter.desk.admin.base import action, display
from newsletter.desk.admin.replies import log
from newsletter.desk.admin.settled import SettledAdmin
from newsletter.models import Payload
from newsletter.track import mail

SHOWN = 40_000
"""Characters of a mail on its page."""


class Which(admin.SimpleListFilter):
    """What waits for staff, unless all is asked for."""

    title = "mail"
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The other choice."""
        return [("all", "All that is kept")]

    def choices(self, changelist: Any) -> Any:
        """With a name for what is shown without a choice."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Not understood"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payload]) -> QuerySet[Payload]:
        """What was chosen."""
        return queryset if self.value() == "all" else queryset.exclude(fault="")


@admin.register(Payload)
class MailAdmin(SettledAdmin):
    """Mail that waits for a person to look at it."""

    about = (
        "Bounces, complaints and other mail of programs that could not be understood, each with the reason. Nobody was"
        " suppressed for one. Open it to see it as it came; do what is to be done by hand, such as suppressing an"
        " address, and mark it as done. It is then dropped after a time; until then it stays."
    )
    when_empty = (
        "Nothing waits. What is understood shows in the reports of its issue, and what readers write in Replies."
    )
    list_display = ("received_at", "sender", "subject", "standing")
    list_filter = (Which,)
    ordering = ("-pk",)
    fields = ("received_at", "sender", "came_to", "subject", "events", "as_it_came")
    readonly_fields = ("sender", "came_to", "subject", "as_it_came")
    actions = ("mark_as_done", "look_again")
    settling = ("mark_as_done", "Mark as done")
    then = "It is dropped after a time; until then it stays."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payload]:
        """Mail alone; what providers post is theirs to explain."""
        found: QuerySet[Payload] = super().get_queryset(request)
        return found.filter(source=mail.SOURCE)

    @display(description="From")
    def sender(self, payload: Payload) -> str:
        """Who sent it, by what it says itself."""
        return mail.glance(payload).sender[1]

    @display(description="To")
    def came_to(self, payload: Payload) -> str:
        """Which addresses it came to."""
        return ", ".join(dict.fromkeys(mail.glance(payload).recipients[:10]))

    @display(description="Subject")
    def subject(self, payload: Payload) -> str:
        """Its subject, cut to fit."""
        text = mail.glance(payload).header("Subject")
        return text if len(text) <= 90 else f"{text[:89]}…"

    @display(description="What is known of it")
    def standing(self, payload: Payload) -> str:
        """Why it was not understood, or what it told."""
        if payload.fault:
            return payload.fault
        if payload.done_at is None:
            return "not looked at yet"
        return "understood" if payload.events else "done with"

    @display(description="As it came")
    def as_it_came(self, payload: Payload) -> SafeString | str:
        """Its bytes as text: nothing in it is drawn, followed or fetched."""
        text = mail.text(payload, SHOWN)
        if not text:
            return "It is no longer kept."
        rest = "\n… (only the beginning is shown)" if len(text) == SHOWN else ""
        return format_html('<pre class="desk-pre desk-sheet">{}{}</pre>', text, rest)

    @action(description="Mark selected mail as done", permissions=["settle"])
    def mark_as_done(self, request: HttpRequest, queryset: QuerySet[Payload]) -> None:
        """Take it off the list of what waits; the history remembers who did, and why it had waited."""
        for fault in sorted(set(queryset.exclude(fault="").values_list("fault", flat=True).order_by())):
            log(request, list(queryset.filter(fault=fault)), f"done with: {fault}")
        count = mail.settle(queryset.order_by())
        messages.success(request, f"{count} {'mail is' if count == 1 else 'mails are'} done with.")
