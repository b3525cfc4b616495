"""Event: something that came back from a message, as it was seen or told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from newsletter.models.edition import Link
from newsletter.models.issue import Issue
from newsletter.models.message import Message


class Event(models.Model):
    """One thing that came back. Only `newsletter.models.taking` writes events, with the counts that they change."""

    class Kind(models.TextChoices):
        """The closed vocabulary of what can come back, whoever tells it and whatever they call it."""

        ACCEPTED = "accepted", "taken by the provider"
        DELIVERED = "delivered"
        DEFERRED = "deferred", "put off by the receiving side"
        BOUNCED = "bounced", "bounced for good"
        SOFT_BOUNCED = "soft_bounced", "bounced for now"
        BLOCKED = "blocked", "blocked for what we are"
        DROPPED = "dropped", "not tried by the provider"
        COMPLAINED = "complained", "called spam"
        OPEN = "open", "open"
        CLICK = "click", "click"
        UNSUBSCRIBE = "unsubscribe", "unsubscribe"
        RESUBSCRIBE = "resubscribe", "asked the provider for mail again"
        AUTO_REPLY = "auto_reply", "answered by a program"

    class Judged(models.TextChoices):
        """Who seems to be behind an open or a click."""

        HUMAN = "human"
        PREFETCH = "prefetch", "fetched beforehand"
        BOT = "bot", "likely a bot"

    # The message's own constraint says that there is an issue; links go with their issue.
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="events", db_constraint=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="events")
    link = models.ForeignKey(
        Link, models.DO_NOTHING, null=True, blank=True, related_name="events", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(help_text="When it happened, as far as whoever tells it knows.")
    source = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="Who told it; empty: we saw it ourselves."
    )
    key = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="What its source knows it by, so that it counts once.",
    )
    judged = models.CharField(
        max_length=8, choices=Judged, blank=True, default="", db_default="",
        help_text="Who seems to be behind an open or a click.",
    )  # fmt: skip
    reasons = models.CharField(max_length=100, blank=True, default="", db_default="", help_text="Why it was so judged.")
    agent = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="The kind of program that fetched it."
    )
    network = models.CharField(
        max_length=43,
        blank=True,
        default="",
        db_default="",
        help_text="The network it came from; never the whole address.",
    )
    detail = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="The words that came with it."
    )
    provisional = models.BooleanField(
        default=False, db_default=False, help_text="Judged from itself alone, before what happened around it was known."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("source", "key"), name="one_event_per_key", condition=~Q(key="")),
        )
        indexes = (models.Index(fields=("id",), name="event_provisional", condition=Q(provisional=True)),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.message_id}"


READING = frozenset((Event.Kind.OPEN, Event.Kind.CLICK))
"""The kinds that a reader is not asked about, and that programs do as well; so they are judged."""
