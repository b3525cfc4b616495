"""Moments as people write them: a wall clock in a zone, with the hour that does not exist and the one that comes twice.

Moments themselves are in UTC: within one zone, Python does not tell the two apart that one wall clock shows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
WRITTEN = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S")
"""How a date with its time may be written."""


class NoSuchHour(ValueError):
    """The clocks of the zone skip that time; `before` and `after` are the nearest that there are."""

    def __init__(self, local: datetime, zone: ZoneInfo, before: datetime, after: datetime) -> None:
        self.before, self.after = before.astimezone(zone), after.astimezone(zone)
        nearest = " and ".join(
            f"{one:%H:%M}" if one.date() == local.date() else f"{one:%H:%M} on {day(one)}"
            for one in (self.before, self.after)
        )
        super().__init__(
            f"{local:%H:%M} does not exist on {day(local)} in {zone}: the clocks are put forward then. "
            f"The nearest times are {nearest}"
        )


class TwiceThatHour(ValueError):
    """The clocks of the zone show that time twice, at these two moments, and nobody has said which is meant."""

    def __init__(self, local: datetime, zone: ZoneInfo, both: list[datetime]) -> None:
        self.both = [one.astimezone(zone) for one in both]
        first, second = map(offset, self.both)
        super().__init__(
            f"{local:%H:%M} comes twice on {day(local)} in {zone}, as the clocks are put back then: "
            f"say which is meant, the first ({first}) or the second ({second})"
        )


def read(text: str) -> datetime:
    """A date with its time as `2026-12-24 18:00` says it, without a zone. Raises ValueError."""
    for form in WRITTEN:
        try:
            return datetime.strptime(text.strip(), form).replace(second=0)  # noqa: DTZ007 - the zone is said apart
        except ValueError:
            continue
    raise ValueError(f"'{text}' is not a date with a time")


def settle(local: datetime, zone: ZoneInfo, which: int | None = None) -> datetime:
    """The moment at which the clocks of a zone show that time; of two, the one that `which` (0 or 1) says.

    Raises NoSuchHour where there is none, and TwiceThatHour where there are two and nobody has said which.
    """
    guesses = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    found = sorted(one for one in guesses if one.astimezone(zone).replace(tzinfo=None, fold=0) == local)
    if not found:
        raise NoSuchHour(local, zone, *_around(min(guesses), max(guesses), zone))
    if len(found) == 1:
        return found[0]
    if which not in (0, 1):
        raise TwiceThatHour(local, zone, found)
    return found[which]


def day(at: datetime) -> str:
    """`Thursday 3 December 2026`."""
    return f"{at:%A} {at.day} {at:%B %Y}"


def offset(at: datetime) -> str:
    """The zone's name at a moment and how far it is from UTC: `CET, UTC+01:00`."""
    shift = f"{at:%z}"
    utc = f"UTC{shift[:3]}:{shift[3:5]}"
    name = f"{at:%Z}"
    return utc if name[:1] in "+-" else f"{name}, {utc}"


def _around(low: datetime, high: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The last minute before a change of the clocks that lies between two moments, and the first after it."""
    begin = low.astimezone(zone).utcoffset()
    while high - low > MINUTE:
        middle = low + ((high - low) / 2 // MINUTE) * MINUTE
        if middle.astimezone(zone).utcoffset() == begin:
            low = middle
        else:
            high = middle
    return low, high
