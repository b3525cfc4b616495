"""Event: something that came back from a message."""

from __future__ import annotations

from django.db import models

from newsletter.models.edition import Link
from newsletter.models.issue import Issue
from newsletter.models.message import Message


class Event(models.Model):
    """One open, click or unsubscribe, as it was seen."""

    class Kind(models.TextChoices):
        """The closed vocabulary of what can come back."""

        OPEN = "open"
        CLICK = "click"
        UNSUBSCRIBE = "unsubscribe"

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="events")
    message = models.ForeignKey(Message, models.CASCADE, related_name="events")
    link = models.ForeignKey(Link, models.SET_NULL, null=True, blank=True, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    user_agent = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=("issue", "kind", "message"), name="event_report"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.message_id}"
