"""Alarm: something about what came back that staff should look at; of each cause one for an issue, however often."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from newsletter.models.issue import Issue


class Alarm(models.Model):
    """What is odd about an issue, in words."""

    class Cause(models.TextChoices):
        """The closed vocabulary of what is watched for."""

        BLOCKED = "blocked", "refused for what we are"
        TWICE = "twice", "an address twice"
        TOO_MANY = "too_many", "more than there can be"
        COMPLAINTS = "complaints", "many complaints"
        BOUNCES = "bounces", "many bounces"
        SILENT = "silent", "a webhook gone silent"
        ONLY_BOTS = "only_bots", "clicks by programs alone"

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="alarms", db_index=False)
    cause = models.CharField(max_length=12, choices=Cause)
    words = models.TextField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-at", "-pk")
        constraints = (models.UniqueConstraint(fields=("issue", "cause"), name="one_alarm_per_cause"),)

    def __str__(self) -> str:
        return self.words

    @classmethod
    def sound(cls, issue: Issue, cause: str, words: str, now: datetime) -> bool:
        """Note it; say whether it is the first of its cause, and so news."""
        return cls.objects.get_or_create(issue=issue, cause=cause, defaults={"words": words, "at": now})[1]
