"""Hitch: what keeps a rule of the house from being carried out. Staff see it until it has passed."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Hitch(models.Model):
    """One thing that is not being done, and why; the row goes when the reason does."""

    name = models.SlugField(max_length=63, unique=True, help_text="What is not being done.")
    reason = models.TextField(help_text="Why, and what to do about it.")
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "hitches"
        ordering = ("since",)

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"

    @classmethod
    def report(cls, name: str, reason: str, now: datetime) -> None:
        """Say what is in the way, or that nothing is, with an empty reason; the first moment of it stays."""
        if not reason:
            cls.objects.filter(name=name).delete()
        elif not cls.objects.filter(name=name).update(reason=reason):
            cls.objects.get_or_create(name=name, defaults={"reason": reason, "since": now})
