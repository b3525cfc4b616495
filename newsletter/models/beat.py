"""Beat: when each job last ran, how long it took and how it went; by this others see that the clock is alive."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.db import models


class Beat(models.Model):
    """One job's last run, whichever process or machine did it."""

    job = models.CharField(max_length=63, unique=True)
    at = models.DateTimeField(help_text="When it ended.")
    seconds = models.FloatField(default=0.0, help_text="How long it took.")
    fault = models.TextField(blank=True, help_text="What went wrong, if anything did.")

    class Meta:
        ordering = ("job",)

    def __str__(self) -> str:
        return f"{self.job} at {self.at}"

    @classmethod
    def tell(cls, beats: Iterable[Self]) -> None:
        """Write down these runs, each in the place of its job's earlier one."""
        cls.objects.bulk_create(
            beats, update_conflicts=True, unique_fields=["job"], update_fields=["at", "seconds", "fault"]
        )

    @classmethod
    def last(cls) -> datetime | None:
        """When any job last ended; None if none ever did."""
        return cls.objects.order_by("-at").values_list("at", flat=True).first()
