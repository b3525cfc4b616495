"""Rules by which issues come due: a cron line read in a zone, and of its weeks perhaps only every second or third.

Local time holds across daylight-saving changes, as in Debian's cron (the rules of the cronsim library): a time in the
hour that does not exist comes due right after it, and one in the hour that comes twice comes due once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from cronsim import CronSim

from newsletter.config import Newsletter

# Clock changes are never longer, and what comes after one is told right only by who begins before it.
_AHEAD = timedelta(hours=3)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Rule:
    """A cron line in a zone; of the dates that it means, those of every so many weeks, counted from one of them."""

    cron: str
    time_zone: str
    weeks: int = 1
    anchor: date | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone that it is read in."""
        return ZoneInfo(self.time_zone)

    @classmethod
    def of(cls, newsletter: Newsletter | None) -> Rule | None:
        """The rule of config.yaml; None for a newsletter without a schedule."""
        schedule = newsletter.schedule if newsletter else None
        return cls(schedule.cron, schedule.time_zone) if schedule else None

    @classmethod
    def from_date(cls, cron: str, time_zone: str, weeks: int, since: datetime) -> Rule:
        """A rule whose weeks are counted from its first date at or after a moment."""
        every_week = cls(cron, time_zone)
        first = next(every_week.after(since - _MINUTE), None) if weeks > 1 else None
        return cls(cron, time_zone, weeks, first.astimezone(every_week.zone).date() if first else None)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Its dates after a moment, in UTC, soonest first."""
        for due in CronSim(self.cron, (moment - _AHEAD).astimezone(self.zone)):
            at = due.astimezone(UTC)
            if at > moment and self._in_turn(due.date()):
                yield at

    def _in_turn(self, day: date) -> bool:
        if self.weeks == 1 or self.anchor is None:
            return True
        return (_monday(day) - _monday(self.anchor)).days // 7 % self.weeks == 0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def moment_in(zone: ZoneInfo, local: datetime) -> datetime:
    """The moment, in UTC, that a date and time of a zone mean, by the rules of a schedule.

    In the hour that does not exist it is the moment right after, in the one that comes twice the first of both.
    """
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    offset = moment.astimezone(zone).utcoffset()
    while (moment - _MINUTE).astimezone(zone).utcoffset() == offset:
        moment -= _MINUTE
    return moment
