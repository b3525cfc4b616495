"""What the issues of a newsletter have come to: issue by issue, by hour of the week, by story and by section."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Sum

from newsletter.models import Event, Issue, Message, Rollup, Tally
from newsletter.track.report.figures import SENT, Seen, seen_of
from newsletter.track.report.rolling import SMALL

ISSUES = 26
"""Issues that are told of: half a year of a weekly."""
NEWEST = 3
"""Of so many, if they are small, the messages are counted when somebody looks: what was counted last may be too old."""
YEAR = timedelta(days=365)
Kind = Event.Kind


@dataclass(frozen=True)
class Past:
    """One issue of the past, as far as it has been counted: messages sent, and what came back."""

    issue: Issue
    sent: int | None
    seen: dict[str, Seen]

    def of(self, kind: str) -> Seen:
        """What came back of one kind."""
        return self.seen.get(kind, Seen())

    def share(self, kind: str, name: str) -> float | None:
        """A share of the messages sent: `messages` is raw, `readers` adjusted. None where nobody can say."""
        seen = self.of(kind)
        return None if not self.sent or seen.unnamed else getattr(seen, name) / self.sent


@dataclass
class Week:
    """The opens and clicks of people, adjusted, by weekday (Monday is 0) and hour in the newsletter's zone."""

    opens: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    clicks: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])

    def best(self, what: str) -> tuple[int, int] | None:
        """Weekday and hour with the most; None where there is nothing."""
        table: list[list[int]] = getattr(self, what)
        most, day, hour = max((number, -day, -hour) for day, row in enumerate(table) for hour, number in enumerate(row))
        return (-day, -hour) if most else None


def past(newsletter: str, number: int = ISSUES) -> list[Past]:
    """The last so many issues that have begun to be sent, the latest first."""
    begun = Issue.objects.filter(newsletter=newsletter, started_at__isnull=False).order_by("-started_at")
    return figures_of(list(begun[:number]))


def figures_of(issues: Sequence[Issue]) -> list[Past]:
    """What each of these issues, which have begun to be sent, has come to so far."""
    kept = dict(Rollup.objects.filter(issue__in=issues, of=Rollup.Of.MESSAGES).values_list("issue", "rows"))
    for one in issues[:NEWEST]:
        if sum(dict(kept.get(one.pk, ())).values()) <= SMALL and (counted := Message.counts(one)):
            kept[one.pk] = [*counted.items()]
    seen = seen_of([one.pk for one in issues])
    return [Past(one, _sent(kept.get(one.pk)), seen.get(one.pk, {})) for one in issues]


def week(newsletter: str, zone: str, now: datetime) -> Week:
    """When people opened and clicked within the last year."""
    rows = Tally.objects.filter(issue__newsletter=newsletter, link=None, hour__gte=now - YEAR, human__gt=0).order_by()
    by_hour: dict[tuple[str, datetime], int] = defaultdict(int)
    grouped = rows.filter(kind__in=(Kind.OPEN, Kind.CLICK)).values_list("kind", "hour").annotate(Sum("human"))
    for kind, hour, human in grouped:
        by_hour[kind, hour] += human
    found, here = Week(), ZoneInfo(zone)
    for (kind, hour), human in by_hour.items():
        local = hour.astimezone(here)
        table = found.opens if kind == Kind.OPEN else found.clicks
        table[local.weekday()][local.hour] += human
    return found


def _sent(rows: Sequence[tuple[str, int]] | None) -> int | None:
    states = dict(rows or ())
    return sum(states.get(state, 0) for state in SENT) if rows else None
