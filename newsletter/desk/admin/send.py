"""The ledger: every message, and what has become of it."""

from __future__ import annotations

from django.contrib import admin

from newsletter.desk.admin.base import IssueFilter, ReadOnlyAdmin, display
from newsletter.desk.admin.labels import STATES
from newsletter.models import Message


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """One row for each person an issue is for."""

    about = "One row for each person an issue is for. Submitted is not delivered: only the receiving side can say that."
    when_empty = "No message matches. An issue's messages are written when its sending starts."
    list_display = ("recipient", "issue", "standing", "answer", "attempts", "submitted_at")
    list_filter = ("state", IssueFilter)
    list_select_related = ("issue", "subscriber")
    search_fields = ("subscriber__email", "subscriber__key")
    search_help_text = "Part of an email address"
    ordering = ("-pk",)
    fields = (
        "recipient", "issue", "standing", "reason", "attempts", "retry_at", "transport", "submitted_at",
    )  # fmt: skip
    readonly_fields = ("recipient", "standing")

    @display(description="To")
    def recipient(self, message: Message) -> str:
        """Whom it is for; an erased person has no address any more."""
        return message.subscriber.email if message.subscriber else "(erased)"

    @display(description="State", ordering="state", label=STATES)
    def standing(self, message: Message) -> str:
        """Where the message stands."""
        return message.state

    @display(description="Answer", empty_value="")
    def answer(self, message: Message) -> str:
        """The beginning of the answer, or why it was not sent."""
        return message.reason if len(message.reason) <= 70 else f"{message.reason[:69]}…"
