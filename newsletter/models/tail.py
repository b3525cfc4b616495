"""The tail of an issue that goes out at its readers' local time: from when until when, and how many at each hour."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, QuerySet

from newsletter.config import Config
from newsletter.models.hours import Hours
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.recipients import audience_of
from subscribers.finding import drawn
from subscribers.limits import TooLong, within
from subscribers.models import Subscriber

PATIENCE = 0.12
"""Seconds for an exact count; of a million people there is an estimate."""
ESTIMATING = 0.3
HELD = Message.State.HELD


@dataclass(frozen=True)
class Wave:
    """The people whose hour comes at one moment, with the zone that most of them have; empty for the newsletter's."""

    at: datetime
    people: int
    zone: str = ""


@dataclass(frozen=True)
class Tail:
    """The waves of an issue, the first before the next; `exact` is false where a sample of people was counted."""

    waves: tuple[Wave, ...]
    now: datetime
    exact: bool = True

    @property
    def first(self) -> datetime | None:
        """When the first of its people have their hour."""
        return self.waves[0].at if self.waves else None

    @property
    def last(self) -> datetime | None:
        """When the last have it."""
        return self.waves[-1].at if self.waves else None

    @property
    def people(self) -> int:
        """How many they are."""
        return sum(one.people for one in self.waves)

    @property
    def late(self) -> int:
        """Of how many the hour has passed: they get it as soon as it is sent at all."""
        return sum(one.people for one in self.waves if one.at < self.now)


def hours_of(config: Config, issue: Issue, at: datetime | None = None) -> Hours:
    """The hours of an issue, as it is scheduled, or as if it were to be sent at this moment."""
    return Hours(at or issue.send_at or issue.due_at, config.time_zone_of(issue.newsletter))


def tail(config: Config, issue: Issue, now: datetime, at: datetime | None = None) -> Tail:
    """The tail of an issue that would be sent at the readers' local time, as its audience stands now.

    `at` is the moment that somebody thinks of; without it, the one that is set, or its due date. Once sending has
    started, `held` knows better. Raises AudienceUnknown.
    """
    hours = hours_of(config, issue, at)
    people = audience_of(issue, config.newsletters[issue.newsletter]).reachable(now).order_by()
    try:
        with within(PATIENCE):
            return Tail(_waves(people, hours), now)
    except TooLong:
        pass
    some, each = drawn()
    try:
        with within(ESTIMATING):
            return Tail(_waves(people.filter(pk__in=some), hours, each), now, exact=False)
    except TooLong:
        return Tail((), now, exact=False)


def _waves(people: QuerySet[Subscriber], hours: Hours, each: float = 1) -> tuple[Wave, ...]:
    by_moment: dict[datetime, dict[str, int]] = defaultdict(dict)
    for zone, number in people.values_list("time_zone").annotate(Count("pk")):
        by_moment[hours.moment(zone)][zone] = number
    return tuple(
        Wave(at, round(sum(zones.values()) * each), max(sorted(zones), key=lambda zone: zones[zone]))
        for at, zones in sorted(by_moment.items())
    )


@dataclass(frozen=True)
class Held:
    """What of an issue is held until an hour: the next and the last, and a zone in which the next one comes."""

    until: datetime
    last: datetime
    zone: str


def held(issue: Issue) -> Held | None:
    """Until when messages of an issue are held for their hour; None if none is. Found by steps along the index."""
    if not issue.local_time:
        return None
    mine = Message.objects.filter(issue=issue, state=HELD)
    ends = [
        mine.filter(route=route).aggregate(first=Min("retry_at"), last=Max("retry_at"))
        for route in Message.routes_of(issue, HELD)
    ]  # fmt: skip
    if not (known := [one for one in ends if one["first"]]):
        return None
    until = min(one["first"] for one in known)
    first = mine.filter(route__in=Message.routes_of(issue, HELD), retry_at=until).order_by("route", "pk")
    zone = first.values_list("subscriber__time_zone", flat=True).first()
    return Held(until, max(one["last"] for one in known), zone or "")
