"""Source: where posts come from, and how its last visit went."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F


class Source(models.Model):
    """A feed or folder of config.yaml, with what is remembered between visits."""

    name = models.SlugField(max_length=63, unique=True)
    kind = models.CharField(max_length=20)
    location = models.TextField()
    etag = models.TextField(blank=True, editable=False)
    last_modified = models.TextField(blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Failed visits since the last good one.")
    error = models.TextField(blank=True, help_text="Why the last visit failed; empty when it went well.")
    warning = models.TextField(blank=True, help_text="What was odd about the last good visit.")
    posts_added = models.PositiveIntegerField(default=0, help_text="Posts this source has brought in so far.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def succeeded(self, now: datetime, added: int, warning: str = "", etag: str = "", last_modified: str = "") -> None:
        """Record a visit that went well."""
        Source.objects.filter(pk=self.pk).update(
            checked_at=now, succeeded_at=now, failures=0, error="", warning=warning, etag=etag,
            last_modified=last_modified, posts_added=F("posts_added") + added,
        )  # fmt: skip

    def failed(self, now: datetime, error: str) -> None:
        """Record a visit that failed, and why; what was known before stays."""
        Source.objects.filter(pk=self.pk).update(checked_at=now, failures=F("failures") + 1, error=error)
