"""Tally: what came back from an issue, counted by hour. What reports are made of; it outlives events."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from newsletter.models.edition import Link
from newsletter.models.event import Event
from newsletter.models.issue import Issue


class Tally(models.Model):
    """The events of one kind of an issue within one hour; of clicks, those of each link as well.

    `messages` counts those whose first such event fell in this hour, `readers` those whose first one that was judged
    human did; so both add up over hours. `folded…` is how many of the events have no row of their own any more, or
    never had one.
    """

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="tallies", db_index=False)
    kind = models.CharField(max_length=12, choices=Event.Kind)
    link = models.ForeignKey(Link, models.CASCADE, null=True, blank=True, related_name="tallies", db_index=False)
    hour = models.DateTimeField(help_text="Its beginning, in UTC.")
    events = models.IntegerField(default=0, db_default=0)
    human = models.IntegerField(default=0, db_default=0)
    prefetch = models.IntegerField(default=0, db_default=0)
    bot = models.IntegerField(default=0, db_default=0)
    messages = models.IntegerField(default=0, db_default=0)
    readers = models.IntegerField(default=0, db_default=0)
    folded = models.IntegerField(default=0, db_default=0)
    folded_human = models.IntegerField(default=0, db_default=0)
    folded_prefetch = models.IntegerField(default=0, db_default=0)
    folded_bot = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issue", "kind", "hour"), name="one_tally_per_hour", condition=Q(link=None)
            ),
            models.UniqueConstraint(
                fields=("issue", "kind", "hour", "link"), name="one_tally_per_link", condition=Q(link__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return f"{self.events} × {self.kind} of {self.issue_id}, {self.hour:%Y-%m-%d %H}h"


COUNTS = (
    "events", "human", "prefetch", "bot", "messages", "readers", "folded", "folded_human", "folded_prefetch",
    "folded_bot",
)  # fmt: skip
