"""Counting an issue's messages often: of a large issue, only what can have changed, and seldom enough to cost little.

The audience is frozen, so how many messages a route has is known once it was counted. From then on the state that has
most of them need not be counted: it has the rest. Once a minute everything is counted anew all the same.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.rollup import Rollup

Counts = dict[tuple[str, str], int]
"""How many messages there are, by route and state."""
LARGE = 100_000
"""From so many messages on, what was counted is kept for a while."""
ANEW = 60.0
"""Seconds after which all is counted anew."""
SHARE = 10
"""A count is told to whoever asks for so many times as long as it took."""


@dataclass(frozen=True)
class _Seen:
    """What was counted last, when, and how long it took; and when all of it was."""

    counts: Counts
    at: float
    took: float
    whole_at: float


_seen: dict[int, _Seen] = {}


def counts(issue: Issue) -> Counts:
    """How many messages of an issue there are by route and state; of a large issue, as of a moment ago."""
    began, seen = time.monotonic(), _seen.get(issue.pk)
    if seen and began - seen.at < seen.took * SHARE:
        return seen.counts
    if seen and began - seen.whole_at < ANEW:
        found, whole_at = count_rest(issue, seen.counts), seen.whole_at
    else:
        found, whole_at = count_all(issue), began
    if sum(found.values()) >= LARGE:
        done = time.monotonic()
        _seen[issue.pk] = _Seen(found, done, done - began, whole_at)
    return found


def by_state(issue: Issue) -> dict[str, int]:
    """How many messages of an issue are in each state now; states without any are left out.

    The audience is frozen: of a large issue that the background has counted, the state that had most has the rest.
    """
    kept = issue.rollups.filter(of=Rollup.Of.MESSAGES).values_list("rows", flat=True).first()
    before = dict(kept or ())
    if (total := sum(before.values())) < LARGE:
        return Message.counts(issue)
    most = max(before, key=lambda state: before[state])
    others = Message.objects.filter(issue=issue, state__in=[one for one in Message.State.values if one != most])
    found = dict(others.order_by().values_list("state").annotate(Count("pk")))
    rest = total - sum(found.values())
    return dict(sorted({**found, **({most: rest} if rest else {})}.items()))


def count_all(issue: Issue) -> Counts:
    """Count every message."""
    return _grouped(Message.objects.filter(issue=issue))


def count_rest(issue: Issue, before: Counts) -> Counts:
    """Count all but the state that had most of them before; that has what is left of each route."""
    states: Counter[str] = Counter()
    routes: Counter[str] = Counter()
    for (route, state), number in before.items():
        states[state] += number
        routes[route] += number
    most = states.most_common(1)[0][0]
    others = [state for state in Message.State.values if state != most]
    found = _grouped(Message.objects.filter(issue=issue, state__in=others))
    for (route, _), number in found.items():
        routes[route] -= number
    return found | {(route, most): number for route, number in routes.items() if number > 0}


def _grouped(rows: QuerySet[Message]) -> Counts:
    found = rows.order_by().values_list("route", "state").annotate(Count("pk"))
    return {(route, state): number for route, state, number in found}
