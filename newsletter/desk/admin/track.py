"""What came back from the messages."""

from __future__ import annotations

from django.contrib import admin

from newsletter.desk.admin.base import IssueFilter, ReadOnlyAdmin, display
from newsletter.models import Event

KINDS = {"open": "info", "click": "success", "unsubscribe": "warning"}


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Opens, clicks and unsubscribes, one by one."""

    about = "Opens, clicks and unsubscribes, one by one, newest first. An issue's Report has them counted."
    when_empty = "Nothing has come back yet. Events appear when readers open, click or unsubscribe."
    list_display = ("at", "shown_kind", "reader", "issue", "link", "program")
    list_filter = ("kind", IssueFilter)
    list_select_related = ("issue", "message__subscriber", "link")
    search_fields = ("message__subscriber__email",)
    search_help_text = "Part of an email address"
    ordering = ("-pk",)
    fields = ("at", "shown_kind", "reader", "issue", "link", "agent")
    readonly_fields = ("shown_kind", "reader")

    @display(description="Event", ordering="kind", label=KINDS)
    def shown_kind(self, event: Event) -> str:
        """What happened."""
        return event.kind

    @display(description="Reader")
    def reader(self, event: Event) -> str:
        """Whose message it came from."""
        subscriber = event.message.subscriber
        return subscriber.email if subscriber else "(erased)"

    @display(description="Program", ordering="agent")
    def program(self, event: Event) -> str:
        """The kind of program that fetched it."""
        return event.agent
