"""How lists grow: who joined and who left, by day, week or month, told by the consents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db import connection
from django.db.models import CharField, Count, DateTimeField, F, Func

from subscribers.models import Consent

_A = Consent.Action
JOINED = (_A.CONFIRMED, _A.JOINED, _A.IMPORTED, _A.ADDED, _A.RETURNED, _A.RESTORED)
LEFT = (_A.LEFT, _A.REMOVED, _A.STOPPED)


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
    low, high = (datetime.combine(day, time.min, zone) for day in (since, until + timedelta(days=1)))
    for hour, action, source, number in _hours(lists, low, high):
        one = steps[begin(hour.astimezone(zone).date())]
        if action in LEFT:
            one.left += number
        else:
            one.joined += number
            one.by_source[source] += number
    return [*steps.values()]


def _hours(lists: list[int], low: datetime, high: datetime) -> Iterator[tuple[datetime, str, str, int]]:
    """Counted by hour, which every zone's days are made of, and which the database cuts out without a calendar."""
    rows = Consent.objects.filter(list__in=lists, at__gte=low, at__lt=high, action__in=(*JOINED, *LEFT)).order_by()
    grouped = rows.annotate(hour=_hour()).values("hour", "action", "source").annotate(number=Count("*"))
    for hour, action, source, number in grouped.values_list("hour", "action", "source", "number"):
        at = datetime.fromisoformat(f"{hour}:00") if isinstance(hour, str) else hour
        yield at if at.tzinfo else at.replace(tzinfo=UTC), action, source, number


def _hour() -> Func:
    if connection.vendor == "sqlite":  # where moments are texts, in UTC
        return Func(F("at"), template="substr(%(expressions)s, 1, 13)", output_field=CharField())
    return Func(F("at"), template="date_trunc('hour', %(expressions)s)", output_field=DateTimeField())


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
