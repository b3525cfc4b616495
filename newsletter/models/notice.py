"""Notice: a mail to one person that belongs to no issue. A web request only writes the row; a job sends it.

The same care as in the ledger: every change names the state it starts from. What was on the wire when a process died is
uncertain, and never sent again by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q

from newsletter.models import claims
from newsletter.models.message import Message
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import Subscriber, Suppression

State = Message.State


class Notice(models.Model):
    """One service mail: which kind, to whom, with which facts, and what became of it."""

    class Kind(models.TextChoices):
        """The mails there are; each has its templates."""

        CONFIRM = "confirm"
        WELCOME = "welcome"
        GOODBYE = "goodbye"
        PREFERENCES = "preferences"
        SIGN_IN = "sign_in", "sign-in"
        ANSWER = "answer"
        DATA = "data", "data to download"
        ERASE = "erase", "erasure to confirm"
        WIN_BACK = "win_back", "win-back"
        DRAFT_READY = "draft_ready", "draft ready"
        REPORT = "report"
        ALARM = "alarm", "sending stopped"
        WARNING = "warning", "something to look at"
        NEWS = "news", "news of an issue"
        ACCOUNT = "account", "about a sign-in of staff"

    class State(models.TextChoices):
        """Where it stands; the words are those of a message."""

        PENDING = "pending"
        SUBMITTING = "submitting"
        SUBMITTED = "submitted"
        FAILED = "failed"
        UNCERTAIN = "uncertain"

    kind = models.CharField(max_length=12, choices=Kind)
    newsletter = models.SlugField(max_length=63)
    to = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, null=True, blank=True, related_name="notices")
    facts = models.JSONField(default=dict, help_text="What the mail says; cleared once it is sent.")
    answers_to = models.CharField(
        max_length=64, blank=True, help_text="The token in Reply-To, where an answer to this mail is taken as a reply."
    )
    dedupe = models.CharField(max_length=64, null=True, unique=True, help_text="Two with one of these are one mail.")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    reason = models.TextField(blank=True, help_text="The answer, or why it was not sent.")
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True, help_text="After this it is worth nothing, and is not sent.")
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "service mail"
        ordering = ("-pk",)
        indexes = (
            models.Index(
                fields=("newsletter", "id"), name="notice_due", condition=Q(state__in=("pending", "submitting"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.to}"

    @classmethod
    def queue(
        cls,
        kind: str,
        newsletter: str,
        to: str,
        facts: Mapping[str, Any],
        now: datetime,
        dedupe: str | None = None,
        **fields: Any,
    ) -> Notice:
        """Have a mail sent; with a `dedupe` that was used before, that first mail is all there is."""
        values = {"kind": kind, "newsletter": newsletter, "to": to, "facts": dict(facts), "created_at": now, **fields}
        if dedupe is None:
            return cls.objects.create(**values)
        return cls.objects.get_or_create(dedupe=dedupe, defaults=values)[0]  # fmt: skip

    @classmethod
    def waiting(cls, now: datetime) -> list[str]:
        """The newsletters in whose name something is due."""
        return sorted(set(cls._due(now).order_by().values_list("newsletter", flat=True)))

    @classmethod
    def hurry(cls, newsletter: str, kind: str) -> int:
        """Let those of a kind that wait for their transport be claimed at once; return how many there are."""
        waiting = cls.objects.filter(newsletter=newsletter, kind=kind, state=cls.State.PENDING, claim=None)
        return waiting.exclude(retry_at=None).update(retry_at=None)

    @classmethod
    def claim_batch(cls, newsletter: str, size: int, now: datetime, lease: timedelta, kind: str = "") -> list[Notice]:
        """Take up to `size` that are due, of one kind if it is named, for this caller alone until the lease ends."""
        due = cls._due(now).filter(newsletter=newsletter)
        return claims.take(due.filter(kind=kind) if kind else due, size, now, lease)

    def begin(self, now: datetime, lease: timedelta) -> bool:
        """Mark it as about to go on the wire, if the claim is still ours; only then may it be sent."""
        mine = Notice.objects.filter(pk=self.pk, claim=self.claim, lease_until__gte=now, state=self.State.PENDING)
        return bool(mine.update(state=self.State.SUBMITTING, attempts=F("attempts") + 1, lease_until=now + lease))

    def hindrance(self, now: datetime) -> str:
        """Why it must not be sent any more, or the empty string."""
        if self.until and now > self.until:
            return "what it says had ended before it could be sent"
        try:
            key = self.subscriber.key if self.subscriber else normalize(self.to)[1]
        except InvalidAddress as error:
            return str(error)
        return "the address is suppressed" if Suppression.objects.filter(key=key).exists() else ""

    def settle(self, state: str, reason: str, now: datetime, **changes: Any) -> bool:
        """Record what became of it; a late answer is still taken for one that was called uncertain."""
        if state == self.State.SUBMITTED:
            changes |= {"submitted_at": now, "facts": {}}
        mine = Notice.objects.filter(pk=self.pk, claim=self.claim).exclude(state=self.State.SUBMITTED)
        return bool(mine.update(state=state, reason=reason, claim=None, lease_until=None, **changes))

    @classmethod
    def release(cls, claim: uuid.UUID | None, **changes: Any) -> int:
        """Give back what was claimed and not begun."""
        rows = cls.objects.filter(claim=claim, state=cls.State.PENDING)
        return rows.update(claim=None, lease_until=None, **changes)

    @classmethod
    def lapse(cls, now: datetime) -> int:
        """Call uncertain what a worker had on the wire when it fell silent; the claim stays for its late answer."""
        return cls.objects.filter(state=cls.State.SUBMITTING, lease_until__lt=now).update(
            state=cls.State.UNCERTAIN, lease_until=None, reason=claims.SILENT
        )

    @classmethod
    def send_again(cls, notices: models.QuerySet[Notice], until: datetime) -> int:
        """Put back what failed or is uncertain, because a person says so; what it says must hold until then."""
        lost = (cls.State.FAILED, cls.State.UNCERTAIN)
        rows = cls.objects.filter(Q(until=None) | Q(until__gte=until), pk__in=notices.values("pk"), state__in=lost)
        return rows.update(state=cls.State.PENDING, claim=None, lease_until=None, retry_at=None, attempts=0)

    @classmethod
    def forget(cls, before: datetime, *kinds: str) -> int:
        """Drop what was settled long ago; of these kinds alone, if any are named."""
        open_ = (cls.State.PENDING, cls.State.SUBMITTING)
        old = cls.objects.filter(created_at__lt=before).exclude(state__in=open_)
        return (old.filter(kind__in=kinds) if kinds else old).delete()[0]

    @classmethod
    def _due(cls, now: datetime) -> models.QuerySet[Notice]:
        return cls.objects.filter(claims.free(now), Q(retry_at=None) | Q(retry_at__lte=now), state=cls.State.PENDING)
