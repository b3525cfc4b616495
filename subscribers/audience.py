"""Who is written to, and why somebody is not: one query over the rows, asked when an issue starts and once more at the
last moment before each message."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from subscribers.models import Subscriber, Subscription, Suppression

Condition = Callable[[datetime], Q]
"""A description of people as the database understands it at a moment; see `subscribers.segments`."""

_MONTHLY = "asked for the monthly summary alone"
_PAUSED = "paused by the reader"
_DORMANT = "no sign of life for long"


@dataclass(frozen=True)
class Part:
    """Some people, by a condition, and what they are called in the reason why somebody is not written to."""

    title: str
    condition: Condition


@dataclass(frozen=True)
class Audience:
    """Everyone with an active subscription to one of the lists, once each.

    `summary` says that it is for those who want no more than a summary, and for them alone; `only` and `without`
    narrow it down to those who are in each of some parts, or leave some parts out.
    """

    lists: tuple[str, ...]
    summary: bool = False
    only: tuple[Part, ...] = ()
    without: tuple[Part, ...] = ()

    def people(self, now: datetime) -> QuerySet[Subscriber]:
        """The candidates, each annotated with `exclusion`: why they must not be written to, or the empty string."""
        candidates = self._monthly() if self.summary else Subscriber.objects.filter(self._subscribed())
        exclusion = Case(*self._exclusions(now), default=Value(""), output_field=CharField())
        return candidates.annotate(exclusion=exclusion)

    def statement(self, now: datetime, **also: Combinable) -> tuple[str, tuple[Any, ...]]:
        """A SELECT of each candidate's number, exclusion and what else is asked for, with its parameters."""
        rows: QuerySet[Any, Any] = self.people(now).annotate(**also)
        return rows.values_list("pk", "exclusion", *also).query.sql_with_params()

    def reachable(self, now: datetime) -> QuerySet[Subscriber]:
        """Those who would be written to at this moment."""
        return self.people(now).filter(Q(exclusion=""))

    def _monthly(self) -> QuerySet[Subscriber]:
        """Those of whose subscriptions every one asks for the summary; found by these, as they are few."""
        asked = Subscription.objects.filter(
            frequency=Subscription.Frequency.MONTHLY, status=Subscription.Status.ACTIVE, list__name__in=self.lists
        )
        wants_all = self._subscribed(frequency=Subscription.Frequency.EVERY)
        return Subscriber.objects.filter(~wants_all, pk__in=asked.values("subscriber"))

    def _subscribed(self, **also: object) -> Exists:
        mine = Subscription.objects.filter(subscriber=OuterRef("pk"), status=Subscription.Status.ACTIVE, **also)
        return Exists(mine.filter(list__name__in=self.lists))

    def _exclusions(self, now: datetime) -> Iterable[When]:
        """The first that holds is the reason."""
        held = Suppression.objects.filter(key=OuterRef("key"))
        yield When(Exists(held), then=Value("suppressed"))
        yield When(status=Subscriber.Status.DORMANT, then=Value(_DORMANT))
        yield When(paused_until__gt=now, then=Value(_PAUSED))
        if not self.summary:
            # The first question finds few, so that the second need not be asked of everybody.
            monthly = Q(self._subscribed(frequency=Subscription.Frequency.MONTHLY))
            yield When(monthly & ~self._subscribed(frequency=Subscription.Frequency.EVERY), then=Value(_MONTHLY))
        for part in self.only:
            yield When(~part.condition(now), then=Value(f"not in the segment “{part.title}”, for which it is meant"))
        for part in self.without:
            yield When(part.condition(now), then=Value(f"in the segment “{part.title}”, which is left out"))
