"""How an issue's opens and clicks came in over its first two days, beside what is usual for its newsletter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Q

from newsletter.models import Event, Issue, Message, Rollup, Tally
from newsletter.models.counts import hour_of
from newsletter.track.report.figures import SENT

HOURS = 48
EARLIER = 12
"""So many issues before tell what is usual."""
WHAT = ("opened", "opened_adjusted", "clicked", "clicked_adjusted")
_COLUMNS = {Event.Kind.OPEN: WHAT[:2], Event.Kind.CLICK: WHAT[2:]}
_AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Curve:
    """A share of the messages sent, hour by hour: this issue's so far, and what is usual."""

    what: str
    shares: list[float]
    median: list[float]
    least: list[float]
    most: list[float]


@dataclass(frozen=True)
class Curves:
    """The four curves, and how many earlier issues tell what is usual."""

    curves: dict[str, Curve]
    earlier: int

    @property
    def hours(self) -> range:
        """The hours that are told, from 1; the first is what was left of the hour in which sending began."""
        return range(1, HOURS + 1)

    @property
    def empty(self) -> bool:
        """Whether nothing has come back in this time."""
        return not any(any(one.shares) for one in self.curves.values())


def curves(issue: Issue, sent: int, now: datetime) -> Curves | None:
    """The curves of an issue of which so many messages were sent; None before sending has begun."""
    if issue.started_at is None or not sent:
        return None
    earlier = _earlier(issue)
    found = _counted({issue: sent, **earlier}, now)
    own = found[issue.pk]
    usual = {what: _usual([found[one.pk][what] for one in earlier]) for what in WHAT}
    return Curves({what: Curve(what, own[what], *usual[what]) for what in WHAT}, len(earlier))


def _earlier(issue: Issue) -> dict[Issue, int]:
    """The last issues of its kind before it of which it is known how many messages were sent."""
    before = Issue.objects.filter(newsletter=issue.newsletter, kind=issue.kind, started_at__lt=issue.started_at)
    kept = Rollup.objects.filter(issue__in=before.values("pk"), of=Rollup.Of.MESSAGES).select_related("issue")
    found: dict[Issue, int] = {}
    for one in kept.order_by("-issue__started_at")[:EARLIER]:
        states = dict(one.rows)
        sent = sum(states.get(state, 0) for state in SENT)
        if sent and one.issue and _had_time(one.issue, states):
            found[one.issue] = sent
    return found


def _had_time(issue: Issue, states: Mapping[str, int]) -> bool:
    """Whether it went out as a whole; of one that was stopped halfway nothing is usual."""
    return issue.status == Issue.Status.SENT and not states.get(Message.State.PENDING)


def _counted(issues: Mapping[Issue, int], now: datetime) -> dict[int, dict[str, list[float]]]:
    """Of each issue, by what is told, the share reached by the end of each hour that has begun."""
    steps = {one.pk: {what: [0] * _until(one, now) for what in WHAT} for one in issues}
    begun = {one.pk: _begun(one) for one in issues}
    for number, kind, hour, messages, readers in _tallies(issues):
        at = min(max(int((hour - begun[number]) / _AN_HOUR), 0), HOURS)
        for what, count in zip(_COLUMNS[kind], (messages, readers), strict=True):
            if at < len(steps[number][what]):
                steps[number][what][at] += count
    sent = {one.pk: number for one, number in issues.items()}
    return {
        number: {what: _summed(counts, sent[number]) for what, counts in mine.items()} for number, mine in steps.items()
    }


def _tallies(issues: Iterable[Issue]) -> Iterable[tuple[int, Event.Kind, datetime, int, int]]:
    early = Q(pk__in=[])
    for one in issues:
        early |= Q(issue=one, hour__lt=_begun(one) + HOURS * _AN_HOUR)
    rows = Tally.objects.filter(early, kind__in=list(_COLUMNS), link=None).order_by()
    for issue, kind, hour, messages, readers in rows.values_list("issue", "kind", "hour", "messages", "readers"):
        yield issue, Event.Kind(kind), hour, messages, readers


def _begun(issue: Issue) -> datetime:
    return hour_of(issue.started_at or issue.due_at)


def _until(issue: Issue, now: datetime) -> int:
    """How many of its hours have begun."""
    return min(max(int((hour_of(now) - _begun(issue)) / _AN_HOUR) + 1, 0), HOURS)


def _summed(counts: Iterable[int], sent: int) -> list[float]:
    found, total = [], 0
    for count in counts:
        total += count
        found.append(round(total / sent, 4))
    return found


def _usual(curves: list[list[float]]) -> tuple[list[float], list[float], list[float]]:
    """Median, least and most by hour, of those that have come so far."""
    columns = [[curve[at] for curve in curves if at < len(curve)] for at in range(HOURS)]
    told = [column for column in columns if column]
    return [round(median(one), 4) for one in told], [min(one) for one in told], [max(one) for one in told]
