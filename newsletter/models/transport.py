"""What all workers on all machines know of a transport: whether it rests, and what of its limits is used up.

A transport's row is locked while one of these changes, so however many workers there are, they take turns.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Max, Min, Q, Sum

SKEW = timedelta(minutes=2)
"""How far machines' clocks may differ. What lies further ahead was written before a clock was set back."""
_DAY = timedelta(days=1)


class TransportState(models.Model):
    """One transport by its name in config.yaml."""

    name = models.CharField(max_length=63, primary_key=True)
    resting_since = models.DateTimeField(null=True, blank=True)
    resting_until = models.DateTimeField(null=True, blank=True)
    stopped = models.BooleanField(default=False, help_text="It rests until a person lets it go on.")
    reason = models.TextField(blank=True, default="", help_text="Why it rests.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Rests since it last worked.")
    paced_until = models.DateTimeField(null=True, blank=True, help_text="Until then its time has been given away.")
    warm_up_day = models.PositiveSmallIntegerField(default=0, help_text="Days on which it has sent at all.")
    warm_up_on = models.DateField(null=True, blank=True, help_text="The last of these days.")
    warm_up_sent = models.PositiveIntegerField(default=0, help_text="Messages on that day.")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def locked(cls, name: str) -> Self:
        """A transport's row, for the transaction that asks for it alone; made where there is none."""
        rows = cls.objects.select_for_update()
        if row := rows.filter(pk=name).first():
            return row
        cls.objects.bulk_create([cls(name=name)], ignore_conflicts=True)
        return rows.get(pk=name)

    @classmethod
    def resting(cls, names: Iterable[str], now: datetime) -> dict[str, TransportState]:
        """Those of the transports that rest at this moment."""
        rows = cls.objects.filter(Q(stopped=True) | Q(resting_until__gt=now), pk__in=list(names))
        return {row.name: row for row in rows if row.rests(now)}

    def rests(self, now: datetime) -> bool:
        """Whether it rests; a rest that begins in the future is one from before the clock was set back."""
        if not self.resting_since or not self.resting_until:
            return self.stopped
        return self.stopped or self.resting_since - SKEW <= now < self.resting_until

    @classmethod
    def wake(cls, name: str) -> bool:
        """End a rest for good, whatever it was for; say whether there was one."""
        return bool(cls._failing(name).update(**_AWAKE))

    @classmethod
    def well(cls, name: str, now: datetime) -> bool:
        """Forget the failures of a transport that works again; a rest that is not over stays."""
        since_then = Q(resting_until__lte=now) | Q(resting_since__gt=now + SKEW)
        over = cls._failing(name).filter(since_then, stopped=False)
        # Asked first: almost always there is nothing to forget, and a question keeps nobody waiting.
        return over.exists() and bool(over.update(**_AWAKE))

    @classmethod
    def _failing(cls, name: str) -> models.QuerySet[TransportState]:
        return cls.objects.filter(Q(stopped=True) | Q(failures__gt=0), pk=name)

    def warm(self, today: date, latest: date) -> bool:
        """Begin a new day of sending if there is one; say whether it is another only because the clock was set back.

        `latest` is what the fastest clock may call today.
        """
        if self.warm_up_on is None or today > self.warm_up_on:
            # A day on which nothing was sent is none.
            self.warm_up_day += 1 if self.warm_up_sent or not self.warm_up_day else 0
            self.warm_up_on, self.warm_up_sent = today, 0
        elif latest < self.warm_up_on:
            self.warm_up_on = today
            return True
        return False


_AWAKE: dict[str, Any] = {"stopped": False, "failures": 0, "reason": "", "resting_since": None, "resting_until": None}


class Slot(models.Model):
    """One of the connections that a transport may have open; held by a worker, until it gives it back or is silent."""

    transport = models.CharField(max_length=63)
    number = models.PositiveSmallIntegerField()
    holder = models.UUIDField(db_index=True)
    lease_until = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("transport", "number"), name="one_holder_per_connection"),)

    def __str__(self) -> str:
        return f"{self.transport} {self.number}"

    @classmethod
    def take(cls, transport: str, most: int, holder: uuid.UUID, now: datetime, lease: timedelta) -> bool:
        """Take one of a transport's connections, or keep the one that this holder has; say whether it has one."""
        mine = cls.objects.filter(transport=transport, holder=holder, number__lt=most)
        # Kept fresh at half its time: not every look need write.
        if mine.filter(lease_until__gt=now + lease / 2, lease_until__lte=now + lease + SKEW).exists():
            return True
        if not mine.exists() and not cls._free(transport, most, now, lease):
            return False  # seen without a lock, which whoever sends would have to wait for
        with transaction.atomic():
            TransportState.locked(transport)
            if mine.update(lease_until=now + lease):
                return True
            free = cls._free(transport, most, now, lease)
            if free:
                cls.objects.update_or_create(
                    transport=transport, number=free[0], defaults={"holder": holder, "lease_until": now + lease}
                )
        return bool(free)

    @classmethod
    def _free(cls, transport: str, most: int, now: datetime, lease: timedelta) -> list[int]:
        return sorted(set(range(most)) - set(cls.held(transport, now, lease)))

    @classmethod
    def held(cls, transport: str, now: datetime, lease: timedelta) -> Collection[int]:
        """The connections that are in somebody's hands. A lease longer than any is from before a clock was set back."""
        rows = cls.objects.filter(transport=transport, lease_until__gte=now, lease_until__lte=now + lease + SKEW)
        return list(rows.values_list("number", flat=True))

    @classmethod
    def give_up(cls, holder: uuid.UUID) -> int:
        """Give back what a holder has."""
        return cls.objects.filter(holder=holder).delete()[0]


class Sent(models.Model):
    """How many messages a transport was allowed within one minute. Written and read with the transport's row locked."""

    transport = models.CharField(max_length=63)
    minute = models.DateTimeField()
    number = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("transport", "minute"), name="one_count_per_minute"),)

    def __str__(self) -> str:
        return f"{self.transport} {self.minute:%Y-%m-%d %H:%M}: {self.number}"

    @classmethod
    def since(cls, transport: str, moments: Collection[datetime], now: datetime) -> list[int]:
        """How many were sent since each of these moments.

        What is counted for a minute to come was sent before the clock was set back, and so at the latest now.
        """
        rows = cls.objects.filter(transport=transport)
        sums = {f"since_{at}": Sum("number", filter=Q(minute__gte=one), default=0) for at, one in enumerate(moments)}
        found: dict[str, Any] = rows.aggregate(last=Max("minute"), **sums)
        if (last := found.pop("last")) and last > now + SKEW:
            cls._bring_back(transport, now)
            return cls.since(transport, moments, now)
        return list(found.values())

    @classmethod
    def first(cls, transport: str, since: datetime) -> datetime | None:
        """The first minute since a moment in which any were sent."""
        rows = cls.objects.filter(transport=transport, minute__gte=since, number__gt=0)
        found: datetime | None = rows.aggregate(first=Min("minute"))["first"]
        return found

    @classmethod
    def add(cls, transport: str, number: int, at: datetime) -> None:
        """Count messages for the minute of a moment; with its first ones, forget what no limit asks for any more."""
        minute = at.replace(second=0, microsecond=0)
        if not cls.objects.filter(transport=transport, minute=minute).update(number=F("number") + number):
            cls.objects.create(transport=transport, minute=minute, number=number)
            cls.objects.filter(transport=transport, minute__lt=at - _DAY - 5 * SKEW).delete()

    @classmethod
    def take_back(cls, transport: str, number: int, now: datetime) -> None:
        """Count so many fewer, from the latest minutes on."""
        for row in cls.objects.filter(transport=transport, minute__gte=now - _DAY).order_by("-minute"):
            fewer = min(number, row.number)
            cls.objects.filter(pk=row.pk).update(number=F("number") - fewer)
            number -= fewer
            if not number:
                return

    @classmethod
    def _bring_back(cls, transport: str, now: datetime) -> None:
        ahead = cls.objects.filter(transport=transport, minute__gt=now + SKEW)
        number: int = ahead.aggregate(number=Sum("number", default=0))["number"]
        ahead.delete()
        cls.add(transport, number, now)
