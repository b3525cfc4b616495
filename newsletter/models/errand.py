"""Errand: what somebody asked for on a page, done behind the answer.

The page writes one row, whoever the address belongs to; what follows is not the same for everybody, and takes its own
time where nobody can measure it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models


class Errand(models.Model):
    """One thing to do, with what is needed for it. It is gone once it is done."""

    class Kind(models.TextChoices):
        """What there is to do."""

        SIGN_UP = "sign_up", "sign-up"
        SIGN_IN = "sign_in", "sign-in"
        OWN_DATA = "own_data", "own data"
        NEWS = "news", "news for staff"

    kind = models.CharField(max_length=8, choices=Kind)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True, help_text="Later than it was asked for only where it failed before.")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @classmethod
    def leave(cls, kind: str, facts: dict[str, Any], now: datetime) -> None:
        """Have it done."""
        cls.objects.create(kind=kind, facts=facts, created_at=now, due_at=now)

    @classmethod
    def due(cls, now: datetime, most: int = 500) -> list[Errand]:
        """What is to be done, the oldest first."""
        return list(cls.objects.filter(due_at__lte=now).order_by("pk")[:most])

    def take(self) -> bool:
        """Take it away, in the transaction that does it; of two workers one gets it."""
        return bool(Errand.objects.filter(pk=self.pk).delete()[0])

    def put_off(self, now: datetime) -> None:
        """Try again in a minute what could not be done."""
        Errand.objects.filter(pk=self.pk).update(due_at=now + timedelta(minutes=1))

    @classmethod
    def forget(cls, before: datetime) -> int:
        """Drop what could not be done for so long that nobody waits for it."""
        return cls.objects.filter(created_at__lt=before).delete()[0]
