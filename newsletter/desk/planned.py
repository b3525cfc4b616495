"""What is planned: issues with their moments, and the dates of schedules for which there is no issue yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from django.db.models import Q

from newsletter import compose
from newsletter.config import Config
from newsletter.desk.zones import brief
from newsletter.models import Issue

FORTNIGHT = timedelta(days=14)
MOST = 60
"""Dates of one newsletter, and issues of all: more in two weeks is a schedule that nobody reads day by day."""
Status = Issue.Status


@dataclass(frozen=True)
class Planned:
    """A moment at which something of a newsletter goes out, or is due; `issue` is None as long as there is none."""

    at: datetime
    newsletter: str
    title: str
    zone: ZoneInfo
    issue: Issue | None = None
    drawn_up_at: datetime | None = None

    @property
    def local(self) -> datetime:
        """The moment on the clocks of the newsletter."""
        return self.at.astimezone(self.zone)

    @property
    def time(self) -> str:
        """The time of the day there, with the zone."""
        return f"{self.local:%H:%M %Z}"

    @property
    def drawn_up(self) -> str:
        """When the issue is made, in short."""
        return brief(self.drawn_up_at, self.zone) if self.drawn_up_at else ""

    @property
    def day(self) -> date:
        """The day on its calendar."""
        return self.local.date()


def planned(config: Config, newsletters: Collection[str], now: datetime, span: timedelta = FORTNIGHT) -> list[Planned]:
    """What these newsletters plan from now on, soonest first."""
    until = now + span
    issues = _issues(newsletters, now, until)
    known = {(one.newsletter, one.due_at) for one in issues}
    found = [_of_issue(config, one) for one in issues if one.status not in (Status.SENT, Status.SENDING)]
    for name in newsletters:
        if name in config.newsletters:
            found += (one for one in _dates(config, name, now, until) if (name, one.at) not in known)
    return sorted((one for one in found if now <= one.at <= until), key=lambda one: (one.at, one.newsletter))


def _issues(newsletters: Collection[str], now: datetime, until: datetime) -> list[Issue]:
    moment = Q(due_at__range=(now, until)) | Q(status=Status.SCHEDULED, send_at__range=(now, until))
    return [*Issue.objects.filter(moment, newsletter__in=newsletters).order_by("due_at")[:MOST]]


def _of_issue(config: Config, issue: Issue) -> Planned:
    scheduled = issue.status == Status.SCHEDULED and issue.send_at
    at = issue.send_at if scheduled and issue.send_at else issue.due_at
    return Planned(at, issue.newsletter, _title(config, issue.newsletter), _zone(config, issue.newsletter), issue)


def _dates(config: Config, name: str, now: datetime, until: datetime) -> Iterator[Planned]:
    letter = config.newsletters[name]
    dues = takewhile(lambda due: due <= until, compose.upcoming(config, name, now))
    for due in islice(dues, MOST):
        cut_off = due - letter.cut_off
        yield Planned(due, name, letter.title, _zone(config, name), drawn_up_at=cut_off if cut_off > now else None)


def _title(config: Config, name: str) -> str:
    letter = config.newsletters.get(name)
    return letter.title if letter else name


def _zone(config: Config, name: str) -> ZoneInfo:
    return ZoneInfo(config.time_zone_of(name))
