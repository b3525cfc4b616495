"""Hitch: what keeps a rule of the house from being carried out. Staff see it until it has passed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import QuerySet

FORGOTTEN = timedelta(hours=1)
"""After so long without being seen again, what is seen by looking is taken to have passed."""


class Hitch(models.Model):
    """One thing that is not being done, and why; the row goes when the reason does."""

    name = models.SlugField(max_length=63, unique=True, help_text="What is not being done.")
    reason = models.TextField(help_text="Why, and what to do about it.")
    since = models.DateTimeField()
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was last seen to be so; empty for what stands until it is taken back."
    )

    class Meta:
        verbose_name_plural = "hitches"
        ordering = ("since",)

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"

    @classmethod
    def report(cls, name: str, reason: str, now: datetime, seen_at: datetime | None = None) -> None:
        """Say what is in the way, or that nothing is, with an empty reason; the first moment of it stays."""
        if not reason:
            cls.objects.filter(name=name).delete()
        elif not cls.objects.filter(name=name).update(reason=reason, seen_at=seen_at):
            cls.objects.get_or_create(name=name, defaults={"reason": reason, "since": now, "seen_at": seen_at})

    @classmethod
    def standing(cls, now: datetime, kind: str = "") -> QuerySet[Hitch]:
        """Those that stand, whose names begin so: not what nobody has seen for long, as of a machine that is gone."""
        gone = models.Q(seen_at__lt=now - FORGOTTEN)
        return cls.objects.filter(name__startswith=kind).exclude(gone)
