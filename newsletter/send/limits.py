"""What a transport may do now: connections, rates, warm-up, and rest. It holds across all workers and restarts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.db import transaction

from newsletter.config import Config, Rate, Transport
from newsletter.models import Sent, Slot, TransportState
from newsletter.models.transport import SKEW

AHEAD = timedelta(seconds=1)
"""How far ahead time is given away."""
WORTH = timedelta(milliseconds=250)
"""How much of a paced transport's time is given away at once, if that is enough for a message."""
LATE = timedelta(minutes=2)
"""How much longer than its hour or day a message counts: its whole minute, and a minute to get it sent."""
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=30)
_MINUTE = 60


@dataclass(frozen=True)
class Grant:
    """How many messages may go, from `at` until `until`; for none, why not, and that `at` is when to ask again."""

    number: int
    at: datetime
    reason: str = ""
    until: datetime | None = None

    def moment(self, index: int) -> datetime:
        """When the message of this index may go at the earliest, if they are to go evenly."""
        return self.at + (self.until - self.at) * index / self.number if self.until else self.at


@dataclass(frozen=True)
class Room:
    """What one limit leaves: so many messages from `at` on; or none, and why."""

    number: int
    at: datetime
    reason: str = ""


# ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def connect(config: Config, name: str, holder: uuid.UUID, now: datetime) -> bool:
    """Take one of the transport's connections, or keep the one that this holder has; say whether it has one.

    It is held until it is given back, or for `send.lease` after the last call.
    """
    return Slot.take(name, config.transports[name].connections, holder, now, config.send.lease)


def disconnect(holder: uuid.UUID) -> None:
    """Give back what this holder has, whether it is still there or has died."""
    Slot.give_up(holder)


# ── rates and warm-up ────────────────────────────────────────────────────────────────────────────────────────────────


def allow(config: Config, name: str, wanted: int, now: datetime) -> Grant:
    """How many of so many messages may go now. What is granted counts as sent, unless it is given back."""
    settings = config.transports[name]
    if wanted <= 0 or not (settings.rate or settings.warm_up):
        return Grant(wanted, now)
    with transaction.atomic():
        row = TransportState.locked(name)
        rooms = list(_rooms(row, settings, _zone(config), now))
        if full := [room for room in rooms if room.number <= 0]:
            latest = max(full, key=lambda room: room.at)
            return Grant(0, latest.at, latest.reason)
        number = min(wanted, *(room.number for room in rooms))
        at = max(room.at for room in rooms)
        return _taken(row, settings, number, at)


def give_back(config: Config, name: str, number: int, now: datetime, grant: Grant | None = None) -> None:
    """Return what was allowed and not used; with the grant, also its time, if nobody has been given later time."""
    settings = config.transports[name]
    if number <= 0 or not (settings.rate or settings.warm_up):
        return
    with transaction.atomic():
        row = TransportState.locked(name)
        if grant and grant.until and row.paced_until == grant.until:
            row.paced_until = grant.moment(grant.number - number)
        row.warm_up_sent = max(0, row.warm_up_sent - number)
        row.save(update_fields=["paced_until", "warm_up_sent"])
        if _windows(settings):
            Sent.take_back(name, number, now)


def count(config: Config, name: str, number: int, now: datetime) -> None:
    """Count mails that go without asking, because somebody waits for them; issues have so much less."""
    settings = config.transports.get(name)
    if settings is None or not (settings.rate or settings.warm_up):
        return
    with transaction.atomic():
        row = TransportState.locked(name)
        if settings.warm_up:
            _warm_up(row, settings, _zone(config), now)
        _taken(row, settings, number, max(row.paced_until or now, now))


def _taken(row: TransportState, settings: Transport, number: int, at: datetime) -> Grant:
    """Count messages against every limit."""
    until = None
    if pace := _pace(settings):
        row.paced_until = until = at + timedelta(microseconds=ceil(number * pace * 1_000_000))
    if settings.warm_up:
        row.warm_up_sent += number
    if pace or settings.warm_up:
        row.save()
    if _windows(settings):
        Sent.add(row.name, number, at)
    return Grant(number, at, until=until)


def _rooms(row: TransportState, settings: Transport, zone: ZoneInfo, now: datetime) -> Iterator[Room]:
    if settings.warm_up:
        yield _warm_up(row, settings, zone, now)
    if windows := _windows(settings):
        starts = [now - timedelta(seconds=rate.seconds) - LATE for rate in windows]
        for rate, start, sent in zip(windows, starts, Sent.since(row.name, starts, now), strict=True):
            yield _window(row.name, rate, start, sent, now)
    if pace := _pace(settings):
        yield _paced(row, settings, timedelta(seconds=pace), now)


def _warm_up(row: TransportState, settings: Transport, zone: ZoneInfo, now: datetime) -> Room:
    """Days count in the site's time zone, and only those on which this transport sends at all."""
    today = now.astimezone(zone).date()
    if row.warm(today, (now + SKEW).astimezone(zone).date()):
        row.save(update_fields=["warm_up_on"])
    days = len(settings.warm_up)
    if row.warm_up_day > days:
        return Room(_UNLIMITED, now)
    most = settings.warm_up[row.warm_up_day - 1]
    tomorrow = datetime.combine((row.warm_up_on or today) + timedelta(days=1), time.min, zone).astimezone(now.tzinfo)
    reason = f"{most:,} messages were sent, as many as on day {row.warm_up_day} of {days} of the warm-up"
    return Room(most - row.warm_up_sent, now if most > row.warm_up_sent else tomorrow, reason)


def _window(name: str, rate: Rate, start: datetime, sent: int, now: datetime) -> Room:
    if sent < rate.number:
        return Room(rate.number - sent, now)
    first = Sent.first(name, start) or now
    # The minute after: then the first minute of those that count does so no longer.
    return Room(0, first + (now - start) + timedelta(milliseconds=1), f"{rate} were sent")


def _paced(row: TransportState, settings: Transport, gap: timedelta, now: datetime) -> Room:
    """Time is given away in slices, one after the other."""
    start = max(row.paced_until or now, now)
    if start > now + AHEAD + max(WORTH, gap) + SKEW:
        # So much is never given away: the clock was set back.
        row.paced_until = start = now + max(WORTH, gap)
        row.save(update_fields=["paced_until"])
    if start > now + AHEAD:
        tightest = min(_per_moment(settings), key=lambda rate: rate.number / rate.seconds)
        return Room(0, start - AHEAD, f"no more than {tightest}")
    return Room(max(1, int(WORTH / gap)) if gap else _UNLIMITED, start)


_UNLIMITED = 1_000_000_000


def _pace(settings: Transport) -> float:
    """Seconds from one message to the next, by the tightest of what is said per second and per minute; 0 for none."""
    return max((rate.seconds / rate.number for rate in _per_moment(settings)), default=0.0)


def _per_moment(settings: Transport) -> list[Rate]:
    return [rate for rate in settings.rate if rate.seconds <= _MINUTE]


def _windows(settings: Transport) -> list[Rate]:
    return [rate for rate in settings.rate if rate.seconds > _MINUTE]


def _zone(config: Config) -> ZoneInfo:
    return ZoneInfo(config.site.time_zone)


# ── rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def rest(name: str, reason: str, until: datetime | None, now: datetime, patience: timedelta = timedelta.max) -> None:
    """Let a transport rest: until a moment, or with None until a person lets it go on; that too if it has failed
    again and again, over longer than `patience`.

    Each failure after a rest makes the next one longer, whatever moment is given; several workers' failures before it
    are one.
    """
    with transaction.atomic():
        row = TransportState.locked(name)
        rested = row.rests(now)
        if not rested:
            row.failures = min(row.failures + 1, 1000)
            row.resting_since = now
            row.resting_until = now + min(FIRST_REST * 2 ** min(row.failures - 1, 10), LONGEST_REST)
        if not row.stopped:
            row.reason = reason
        tried = FIRST_REST * (2 ** min(row.failures - 1, 10) - 1)
        row.stopped = row.stopped or until is None or tried > patience
        row.resting_until = max(row.resting_until or now, until or now)
        row.save()


def well(name: str, now: datetime) -> None:
    """Take note that a transport works; what it failed in before is forgotten."""
    TransportState.well(name, now)


def resume(name: str) -> bool:
    """Let a transport go on, as a person has decided; say whether it rested or had failed."""
    return TransportState.wake(name)


def resting(names: Iterable[str], now: datetime) -> dict[str, tuple[datetime | None, str]]:
    """Those of the transports that rest: until when, which is None if until a person lets them go on, and why."""
    rows = TransportState.resting(names, now)
    return {name: (None if row.stopped else row.resting_until, row.reason) for name, row in rows.items()}


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def in_words(config: Config, name: str, now: datetime) -> str:
    """A transport's limits as a person would say them, with the day of its warm-up."""
    settings = config.transports[name]
    parts = [", ".join(map(str, settings.rate)) or "no limit in time"]
    if settings.warm_up:
        parts.append(_warm_up_in_words(config, name, now))
    parts.append(f"{settings.connections} connection{'' if settings.connections == 1 else 's'}")
    return "; ".join(parts)


def _warm_up_in_words(config: Config, name: str, now: datetime) -> str:
    settings, zone = config.transports[name], _zone(config)
    row = TransportState.objects.filter(pk=name).first() or TransportState(name=name)
    row.warm(now.astimezone(zone).date(), (now + SKEW).astimezone(zone).date())
    days = len(settings.warm_up)
    if row.warm_up_day > days:
        return f"warm-up of {days} days done"
    sent = f", {row.warm_up_sent:,} of them sent" if row.warm_up_sent else ""
    return f"warm-up day {row.warm_up_day} of {days}: {settings.warm_up[row.warm_up_day - 1]:,} today{sent}"
