"""What was looked at before an issue was approved: the results by content, links by address, and who overrode what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet

from newsletter.models.edition import Edition, digest_of
from newsletter.models.issue import Issue

LEASE = timedelta(minutes=5)
"""After so long without a word of progress somebody else takes it over."""
KEPT = 5
"""States of an issue whose results are kept."""


class Preflight(models.Model):
    """The results for one state of an issue. Its links are kept apart, because issues share them."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="preflights", db_index=False)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was looked at.")
    edition = models.ForeignKey(
        Edition, models.SET_NULL, null=True, blank=True, related_name="preflights", help_text="What was approved of it."
    )
    wanted_at = models.DateTimeField(help_text="When it was asked for last.")
    checked_at = models.DateTimeField(null=True, blank=True, help_text="When all but the links was looked at.")
    done_at = models.DateTimeField(null=True, blank=True, help_text="When all was looked at.")
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    findings = models.JSONField(default=list, help_text="Of the checks that ask nobody else.")
    outside = models.JSONField(default=list, help_text="Of name servers, our site and spam filters.")
    links = models.JSONField(default=list, help_text="What is linked to or shown: address, kind, place, item.")
    looked = models.PositiveIntegerField(default=0, help_text="How many of the links have been looked at.")

    class Meta:
        ordering = ("-wanted_at", "-pk")
        constraints = (models.UniqueConstraint(fields=("issue", "digest"), name="one_preflight_per_content"),)
        indexes = (
            models.Index(
                fields=("wanted_at",),
                name="preflight_wanted",
                condition=Q(done_at=None) | Q(done_at__lt=F("wanted_at")),
            ),
        )

    def __str__(self) -> str:
        return f"checks of {self.issue} {self.digest[:12]}"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to look at."""
        return self.done_at is not None and self.done_at >= self.wanted_at

    @classmethod
    def want(cls, issue: Issue, digest: str, now: datetime) -> Preflight:
        """Have this state looked at, or looked at again; the same wish twice is one, while it is being carried out."""
        row, new = cls.objects.get_or_create(issue=issue, digest=digest, defaults={"wanted_at": now})
        if not new and row.is_done:
            cls.objects.filter(pk=row.pk, wanted_at=row.wanted_at).update(wanted_at=now, looked=0)
            row.refresh_from_db()
        return row

    @classmethod
    def waiting(cls) -> QuerySet[Preflight]:
        """Those that are not done, the longest waiting first."""
        return cls.objects.filter(Q(done_at=None) | Q(done_at__lt=F("wanted_at"))).order_by("wanted_at", "pk")

    def take(self, now: datetime) -> bool:
        """Claim it for a while; False if another worker has it."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return bool(Preflight.objects.filter(free, pk=self.pk).update(lease_until=now + LEASE))

    def tell(self, now: datetime, **found: Any) -> None:
        """Keep what has been found so far, and the claim with it."""
        Preflight.objects.filter(pk=self.pk).update(lease_until=now + LEASE, **found)
        for name, value in found.items():
            setattr(self, name, value)

    def finish(self, now: datetime) -> None:
        """Nothing is left to look at; results of states long gone are dropped, but never of what was approved."""
        Preflight.objects.filter(pk=self.pk).update(done_at=now, lease_until=None)
        self.done_at, self.lease_until = now, None
        latest = Preflight.objects.filter(issue=self.issue_id, edition=None).order_by("-wanted_at", "-pk")
        old = list(latest.values_list("pk", flat=True)[KEPT:])
        Preflight.objects.filter(pk__in=old).exclude(pk=self.pk).delete()


class LinkCheck(models.Model):
    """What became of a link the last time somebody looked."""

    class Outcome(models.TextChoices):
        """The closed vocabulary of answers."""

        FINE = "fine"
        MOVED = "moved", "moved for good"
        BROKEN = "broken"
        REFUSED = "refused", "programs are not let in"
        DOUBTFUL = "doubtful", "no answer"
        TLS = "tls", "bad certificate"
        PRIVATE = "private", "ends at a private address"

    key = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the address.")
    url = models.TextField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    status = models.PositiveSmallIntegerField(default=0, help_text="Of HTTP; 0 where there was no answer.")
    leads_to = models.TextField(blank=True, help_text="Where redirects end, if there are any.")
    fault = models.TextField(blank=True, help_text="What went wrong, in words.")
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.url

    @classmethod
    def of(cls, url: str, outcome: str, at: datetime, **more: Any) -> LinkCheck:
        """An unsaved result."""
        return cls(key=digest_of(url), url=url, outcome=outcome, at=at, **more)

    @classmethod
    def tell(cls, found: Iterable[Self]) -> None:
        """Write these results in the place of earlier ones."""
        cls.objects.bulk_create(
            found, update_conflicts=True, unique_fields=["key"],
            update_fields=["outcome", "status", "leads_to", "fault", "at"],
        )  # fmt: skip

    @classmethod
    def known(cls, urls: Iterable[str], since: datetime) -> Mapping[str, LinkCheck]:
        """What is known of these addresses and not older than that."""
        keys = [digest_of(url) for url in urls]
        return {one.url: one for one in cls.objects.filter(key__in=keys, at__gte=since)}

    @classmethod
    def forget(cls, before: datetime) -> int:
        """Drop what is too old to be of use."""
        return cls.objects.filter(at__lt=before).delete()[0]


class Override(models.Model):
    """Somebody's word that an issue goes out as it is, in spite of certain blockers; good for that very content."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="overrides")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what it is about.")
    blockers = models.JSONField(default=dict, help_text="What is overridden: the key of each blocker, and its words.")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=150, help_text="Who it was, though they be staff no more.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")
        constraints = (
            # Two clicks are one word; a blocker that is found later needs another.
            models.UniqueConstraint(fields=("issue", "digest", "reason", "by_name"), name="one_override_per_word"),
        )

    def __str__(self) -> str:
        return f"{self.issue}: {self.reason}"

    @classmethod
    def covered(cls, issue: Issue, digest: str) -> set[str]:
        """The keys of the blockers of this content that somebody has overridden."""
        rows = cls.objects.filter(issue=issue, digest=digest).values_list("blockers", flat=True)
        return {key for blockers in rows for key in blockers}
