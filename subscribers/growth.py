"""How lists grow: who joined and who left, by day, week or month, told by the consents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from subscribers.models import Tallied
from subscribers.tallying import counted, kept, since_then

_LOOKS = 5


@dataclass
class Step:
    """One day, week or month."""

    day: date
    joined: int = 0
    left: int = 0
    by_source: Counter[str] = field(default_factory=Counter)

    @property
    def net(self) -> int:
        """By how many the list grew."""
        return self.joined - self.left


def growth(lists: list[int], since: date, until: date, step: str, zone: tzinfo) -> list[Step]:
    """A step for each day, week or month of the range, those without any change too."""
    begin = _STEPS[step]
    steps = {day: Step(day) for day in _days(begin(since), until, begin)}
    for day, source, joined, number in _told(lists, since, until, zone):
        one = steps[begin(day)]
        if joined:
            one.joined += number
            one.by_source[source] += number
        else:
            one.left += number
    return [*steps.values()]


def _told(lists: list[int], since: date, until: date, zone: tzinfo) -> list[tuple[date, str, bool, int]]:
    """What the tally has, and the few consents that it does not have yet; if it moved on meanwhile, once more."""
    low, high = (datetime.combine(day, time.min, zone) for day in (since, until + timedelta(days=1)))
    for _ in range(_LOOKS):
        upto = _upto(zone)
        rows = list(kept(lists, since, until)) if upto else []
        fresh = counted(since_then(lists, low, high, upto), zone)
        if _upto(zone) == upto:
            break
    return [*rows, *((day, source, joined, number) for (_, day, source, joined), number in fresh.items())]


def _upto(zone: tzinfo) -> int:
    """How far the tally has come in the days of this zone."""
    return Tallied.objects.filter(zone=str(zone)).values_list("upto", flat=True).first() or 0


def _days(day: date, until: date, begin: Callable[[date], date]) -> Iterator[date]:
    last = None
    while day <= until:
        if (first := begin(day)) != last:
            yield first
            last = first
        day += timedelta(days=1)


_STEPS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
