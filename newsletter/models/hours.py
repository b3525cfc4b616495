"""Hours: when it is a certain time of day on a certain date, in each time zone of the world."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection
from django.db.models import Case, DateTimeField, Value, When
from django.db.models.expressions import Combinable


@dataclass(frozen=True)
class Hours:
    """When an issue's hour comes where: at the time of day that it is at `send_at` in its newsletter's zone.

    Who has no zone, or one that nobody knows, has the newsletter's. Where that time of day does not exist on that date,
    since clocks are set forward, the hour comes as much later as they are; where it comes twice, it is the first, as
    calendars have it (RFC 5545, 3.3.5), or the second if `send_at` is the second in the newsletter's own zone.
    """

    send_at: datetime
    zone: str

    def moment(self, zone: str) -> datetime:
        """When it is in a zone, in UTC."""
        here = _zones().get(zone)
        if here is None or zone == self.zone:
            return self.send_at.astimezone(UTC)
        there = self._local.replace(tzinfo=here)
        if there.astimezone(UTC).astimezone(here).replace(tzinfo=None) != there.replace(tzinfo=None):
            there = there.replace(fold=0)  # it does not exist
        return there.astimezone(UTC)

    @cached_property
    def by_moment(self) -> dict[datetime, list[str]]:
        """The zones of the world by their moments, the first before the next."""
        found: dict[datetime, list[str]] = defaultdict(list)
        for name in sorted(_zones()):
            found[self.moment(name)].append(name)
        return dict(sorted(found.items()))

    @property
    def first(self) -> datetime:
        """When it is first anywhere."""
        return self._moments[0]

    @property
    def last(self) -> datetime:
        """When it is last anywhere."""
        return self._moments[-1]

    def after(self, now: datetime) -> datetime:
        """When it is next anywhere; the last moment once there is none."""
        return self._moments[min(bisect_right(self._moments, now), len(self._moments) - 1)]

    def come(self, now: datetime) -> list[str]:
        """The zones in which it is or has been by now."""
        return [zone for moment, zones in self.by_moment.items() if moment <= now for zone in zones]

    def still_to_come(self, now: datetime) -> Combinable:
        """Each person's moment as an expression over people; NULL where it has come."""
        own = self._kept(self.send_at, now)
        # Most people have no zone: that is asked first.
        cases = [When(time_zone="", then=own)]
        cases += [When(time_zone__in=zones, then=self._kept(at, now)) for at, zones in self.by_moment.items()]
        return Case(*cases, default=own, output_field=DateTimeField())

    def _kept(self, at: datetime, now: datetime) -> Value:
        return Value(at if at > now else None, output_field=DateTimeField())

    @cached_property
    def _local(self) -> datetime:
        """The time of day and the date that are meant."""
        return self.send_at.astimezone(_zones().get(self.zone, UTC))

    @cached_property
    def _moments(self) -> list[datetime]:
        return list(self.by_moment)


@cache
def _zones() -> dict[str, ZoneInfo]:
    return {name: ZoneInfo(name) for name in available_timezones()}


def ahead(clock: datetime) -> timedelta:
    """How far a machine's clock is ahead of the database's, which all machines share; nothing if it is not.

    A machine whose clock is wrong must not let go what the others hold. With SQLite there are no others.
    """
    if connection.vendor != "postgresql":
        return timedelta(0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return max(clock - at, timedelta(0))
