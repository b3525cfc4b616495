"""Who stays: those who joined a newsletter's lists in a month, and how many of them are still there months later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth

from newsletter.config import Config
from subscribers.models import Subscription

MONTHS = 12
"""So many months after joining are told."""


@dataclass
class Cohort:
    """Those who joined in one month, and how many of them left in the month of joining, the next, and so on."""

    month: date
    joined: int = 0
    left: Counter[int] = field(default_factory=Counter)
    age: int = 0

    def stayed(self, months: int) -> float | None:
        """The share still there at the end of the month so many after the one of joining; None if it is not over."""
        if months > self.age or not self.joined:
            return None
        gone = sum(number for after, number in self.left.items() if after <= months)
        return (self.joined - gone) / self.joined

    @property
    def shares(self) -> list[float | None]:
        """All of them."""
        return [self.stayed(months) for months in range(MONTHS + 1)]


def are_few(config: Config, newsletter: str, number: int) -> bool:
    """Whether a newsletter's lists have no more subscriptions than that."""
    return len(_rows(config, newsletter).values_list("pk")[: number + 1]) <= number


def count(config: Config, newsletter: str, now: datetime) -> list[Cohort]:
    """The cohorts of a newsletter's lists in its own zone, the latest first.

    Told by the subscriptions: who came back counts from then, and who was erased has never been there.
    """
    zone = ZoneInfo(config.time_zone_of(newsletter))
    today = now.astimezone(zone).date()
    found: dict[date, Cohort] = {}
    rows = _rows(config, newsletter).exclude(status=Subscription.Status.PENDING).exclude(joined_at=None)
    grouped = rows.annotate(
        came=TruncMonth("joined_at", tzinfo=zone), went=TruncMonth("changed_at", tzinfo=zone)
    ).values_list("came", "went", "status")
    for came, went, status, number in grouped.annotate(number=Count("pk")).order_by():
        month = came.date()
        one = found.setdefault(month, Cohort(month, age=_between(month, today)))
        one.joined += number
        if status == Subscription.Status.UNSUBSCRIBED:
            one.left[max(_between(month, went.date()), 0)] += number
    return sorted(found.values(), key=lambda one: one.month, reverse=True)


def rows(found: Iterable[Cohort]) -> list[Any]:
    """As they are kept."""
    return [[one.month.isoformat(), one.joined, sorted(one.left.items()), one.age] for one in found]


def read(kept: Iterable[Any]) -> list[Cohort]:
    """As they were kept."""
    return [Cohort(date.fromisoformat(month), joined, Counter(dict(left)), age) for month, joined, left, age in kept]


def _rows(config: Config, newsletter: str) -> QuerySet[Subscription]:
    names = [ref.name for ref in config.newsletters[newsletter].lists]
    return Subscription.objects.filter(list__name__in=names)


def _between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month
