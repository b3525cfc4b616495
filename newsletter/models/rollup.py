"""Rollup: something counted of an issue, or of a newsletter, that takes too long to count whenever somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from newsletter.models.issue import Issue


class Rollup(models.Model):
    """What was counted, when, and how long it took. A job counts it anew; it holds no person."""

    class Of(models.TextChoices):
        """What is counted."""

        MESSAGES = "messages", "messages by state"
        EXCLUDED = "excluded", "people left out, by reason"
        PROVIDERS = "providers", "by who has the mailbox"
        VARIANTS = "variants", "by variant of an A/B test"
        COHORTS = "cohorts", "who stays, by month of joining"

    issue = models.ForeignKey(Issue, models.CASCADE, null=True, blank=True, related_name="rollups", db_index=False)
    newsletter = models.SlugField(max_length=63, blank=True, default="", db_index=False)
    of = models.CharField(max_length=9, choices=Of)
    rows = models.JSONField(default=list)
    at = models.DateTimeField()
    seconds = models.FloatField(default=0, help_text="How long it took to count.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("issue", "of"), name="one_rollup_per_issue", condition=Q(newsletter="")),
            models.UniqueConstraint(
                fields=("newsletter", "of"), name="one_rollup_per_newsletter", condition=~Q(newsletter="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.of} of {self.newsletter or self.issue_id}"

    @classmethod
    def keep(
        cls,
        of: str,
        rows: Sequence[Any],
        at: datetime,
        seconds: float,
        issue: Issue | None = None,
        newsletter: str = "",
    ) -> None:
        """Write down what was counted, in place of what was before."""
        found = {"rows": list(rows), "at": at, "seconds": seconds}
        cls.objects.update_or_create(of=of, issue=issue, newsletter=newsletter, defaults=found)
