"""Sign: that a message was opened, a link of it followed, and the like, however often; what single readers did."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from newsletter.models.edition import Link
from newsletter.models.event import Event
from newsletter.models.message import Message


class Sign(models.Model):
    """All events of one kind of a message in one row; for clicks one more for each link. It outlives the events."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="signs", db_index=False)
    kind = models.CharField(max_length=12, choices=Event.Kind)
    # As for events: links go with their issue.
    link = models.ForeignKey(
        Link, models.DO_NOTHING, null=True, blank=True, related_name="signs", db_constraint=False, db_index=False
    )
    events = models.PositiveIntegerField(default=0)
    human = models.PositiveIntegerField(default=0, help_text="Those of them that were judged human.")
    folded = models.PositiveIntegerField(default=0, help_text="Those of them whose own rows have been dropped.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    first_human_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("message", "kind"), name="one_sign_per_kind", condition=Q(link=None)),
            models.UniqueConstraint(
                fields=("message", "kind", "link"), name="one_sign_per_link", condition=Q(link__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.message_id}, {self.events} times"


UNSIGNED = frozenset((Event.Kind.ACCEPTED, Event.Kind.DELIVERED, Event.Kind.DEFERRED))
"""The kinds without signs: nearly every message has them, and its state says as much."""
