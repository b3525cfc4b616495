"""Tally: how many joined and left each list on each day, counted up from the consents."""

from __future__ import annotations

from django.db import models

from subscribers.models.consent import Origin
from subscribers.models.lists import List


class Tally(models.Model):
    """So many joined, or left, one list on one day by one way."""

    list = models.ForeignKey(List, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    source = models.CharField(max_length=12, choices=Origin)
    joined = models.BooleanField()
    number = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("list", "day", "source", "joined"), name="one_tally_per_day"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.number} {'joined' if self.joined else 'left'} {self.list} by {self.source}"


class Tallied(models.Model):
    """The one row that says how far the tally has come, and in whose days it is kept."""

    upto = models.BigIntegerField(default=0, help_text="The last consent that is counted in.")
    zone = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"consents up to {self.upto}, in days of {self.zone or 'no zone'}"
