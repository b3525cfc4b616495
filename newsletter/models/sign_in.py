"""Signing in: a link that was mailed, the browser it let in, and how often anybody may ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction

from newsletter.models.reply import Reply, digest
from subscribers.models import Subscriber

LINK = timedelta(hours=1)
STAY = timedelta(days=30)


class SignIn(models.Model):
    """A link mailed to a reader; once used, the browser that it signed in. Its number is in the link and the cookie."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="sign_ins")
    reply = models.ForeignKey(
        Reply, models.SET_NULL, null=True, related_name="+", help_text="What waits for this sign-in to be taken."
    )
    back = models.CharField(max_length=300, blank=True, help_text="The path that the reader came from.")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in of {self.subscriber}"

    def use(self, now: datetime) -> bool:
        """Let one browser in; a link works once. Say whether this call was the one."""
        return bool(SignIn.objects.filter(pk=self.pk, used_at=None).update(used_at=now))

    @classmethod
    def current(cls, number: int, now: datetime) -> SignIn | None:
        """The sign-in of this number, while it lasts."""
        lasting = cls.objects.filter(pk=number, ended_at=None, used_at__gt=now - STAY)
        return lasting.select_related("subscriber").first()

    @classmethod
    def end(cls, number: int, now: datetime) -> None:
        """Sign a browser out; its cookie is worth nothing from then on."""
        cls.objects.filter(pk=number, ended_at=None).update(ended_at=now)

    @classmethod
    def forget(cls, now: datetime) -> int:
        """Drop links that were never used and sign-ins that are over."""
        unused = models.Q(used_at=None, created_at__lt=now - timedelta(days=1))
        over = models.Q(used_at__lt=now - STAY) | models.Q(ended_at__lt=now - timedelta(days=1))
        return cls.objects.filter(unused | over).delete()[0]


class Turn(models.Model):
    """One of the few turns that somebody has within a span of time; a row each, so that all processes count alike."""

    key = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key", "number"), name="one_turn_per_number"),)
        indexes = (models.Index(fields=("at",), name="turn_at"),)

    def __str__(self) -> str:
        return f"{self.key[:12]} {self.number}"

    @classmethod
    def take(cls, whose: str, limit: int, span: timedelta, now: datetime) -> datetime | None:
        """Take one of `limit` turns within the span; where none is free, return when the next one is."""
        key = digest(whose)
        for _ in range(limit + 1):
            turns: list[tuple[int, datetime, int]] = list(
                cls.objects.filter(key=key).order_by("at").values_list("pk", "at", "number")
            )
            if turns and turns[0][1] <= now - span:
                # Somebody else may just take the same one: only the update that finds it unchanged has it.
                if cls.objects.filter(pk=turns[0][0], at=turns[0][1]).update(at=now):
                    return None
            elif len(turns) < limit:
                free = min(set(range(limit)) - {number for _, _, number in turns})
                try:
                    with transaction.atomic():
                        cls.objects.create(key=key, number=free, at=now)
                    return None
                except IntegrityError:  # the number was taken meanwhile: look again
                    continue
            else:
                return turns[0][1] + span
        return now + span

    @classmethod
    def forget(cls, before: datetime) -> int:
        """Drop the turns of long ago."""
        return cls.objects.filter(at__lt=before).delete()[0]
