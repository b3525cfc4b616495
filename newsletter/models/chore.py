"""Chore: what staff ask for at the desk that takes its time: sending a test, visiting a source, looking at a domain.

The page writes one row and shows how it goes; a job does it. What sends mail is begun once and never again: whoever
loses it half way says so.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

LEASE = timedelta(minutes=5)
"""After so long without a word of progress it is lost."""
LOST = "the process that did it was stopped before it was done"


class Chore(models.Model):
    """One thing to do, how far it is, and what came of it."""

    class Kind(models.TextChoices):
        """What there is to do."""

        TEST = "test", "test mail"
        VISIT = "visit", "visit to a source"
        LOOK = "look", "look at a sender"
        PAGE = "page", "page fetched"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    subject = models.CharField(max_length=100, help_text="What it is about: an issue's number, or a name.")
    facts = models.JSONField(default=dict, help_text="What is needed for it.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    found = models.JSONField(default=dict, help_text="What came of it.")
    fault = models.TextField(blank=True, help_text="Why it could not be done.")

    class Meta:
        ordering = ("-asked_at",)
        indexes = (
            models.Index(fields=("asked_at",), name="chore_waiting", condition=Q(done_at=None)),
            models.Index(fields=("kind", "subject", "-asked_at"), name="chore_of"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come of it."""
        return self.done_at is not None

    @property
    def is_lost(self) -> bool:
        """Whether nobody knows how far it came."""
        return self.fault == LOST

    @classmethod
    def ask(cls, kind: str, subject: object, now: datetime, by: Any = None, **facts: Any) -> Chore:
        """Have it done."""
        return cls.objects.create(kind=kind, subject=str(subject), asked_at=now, by=by, facts=facts)

    @classmethod
    def ask_once(cls, kind: str, subject: object, now: datetime, by: Any = None, **facts: Any) -> Chore:
        """The same, unless it is being done or waits already: two who press at once want one thing."""
        open_one = cls.objects.filter(kind=kind, subject=str(subject), done_at=None).first()
        return open_one or cls.ask(kind, subject, now, by, **facts)

    @classmethod
    def latest(cls, kind: str, subject: object) -> Chore | None:
        """The last time it was asked for."""
        return cls.objects.filter(kind=kind, subject=str(subject)).order_by("-asked_at").first()

    @classmethod
    def waiting(cls, most: int = 20) -> list[Chore]:
        """What nobody has begun, the oldest first."""
        return list(cls.objects.filter(done_at=None, begun_at=None).order_by("asked_at")[:most])

    @classmethod
    def lapse(cls, now: datetime) -> int:
        """Give up what whoever had begun it is silent about."""
        silent = cls.objects.filter(done_at=None, lease_until__lt=now)
        # Asked first: almost always there is none, and a question keeps nobody waiting.
        return silent.update(done_at=now, lease_until=None, fault=LOST) if silent.exists() else 0

    def take(self, now: datetime) -> bool:
        """Begin it; False if another worker has."""
        return bool(
            Chore.objects.filter(pk=self.pk, begun_at=None, done_at=None).update(begun_at=now, lease_until=now + LEASE)
        )

    def tell(self, found: dict[str, Any], now: datetime) -> None:
        """Keep what has come of it so far."""
        self.found = found
        Chore.objects.filter(pk=self.pk, done_at=None).update(found=found, lease_until=now + LEASE)

    def finish(self, now: datetime, found: dict[str, Any] | None = None, fault: str = "") -> None:
        """It is done, or cannot be; what an earlier look at the same has found is of no use any more."""
        kept = self.found if found is None else found
        Chore.objects.filter(pk=self.pk, done_at=None).update(found=kept, fault=fault, done_at=now, lease_until=None)
        if self.kind == self.Kind.LOOK:
            earlier = Chore.objects.filter(kind=self.kind, subject=self.subject, done_at__isnull=False)
            earlier.filter(asked_at__lt=self.asked_at).delete()

    @classmethod
    def forget(cls, now: datetime) -> int:
        """Drop what is of a day ago; how a sender's domain stood is kept for longer."""
        old = Q(asked_at__lt=now - timedelta(days=1)) & ~Q(kind=cls.Kind.LOOK)
        return cls.objects.filter(old | Q(asked_at__lt=now - timedelta(days=90))).delete()[0]
