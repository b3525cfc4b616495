"""Which messages went by another transport than the one that they were meant for."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F

from newsletter.models.counting import LARGE, SHARE, Counts
from newsletter.models.issue import Issue
from newsletter.models.message import Message

State = Message.State
WENT = (State.SUBMITTED, State.DELIVERED, State.FAILED, State.BOUNCED, State.COMPLAINED, State.UNCERTAIN)
"""The states in which a transport has done its part; of all others it matters by which one they are to go."""
Moved = dict[tuple[str, str, str], int]
"""Messages by the route that they have, the transport by which they went, and their state."""


@dataclass(frozen=True)
class _Seen:
    """What was counted last, when, and how long it took."""

    moved: Moved
    at: float
    took: float


_seen: dict[int, _Seen] = {}


def moved(issue: Issue, default: str, found: Counts, possible: Collection[str] = ()) -> Moved:
    """What went by another transport than its own; `default` is the own one of what has no route.

    No index has this, so a large issue is looked through only if there are several `possible` transports, and then not
    at every question.
    """
    large = sum(found.values()) >= LARGE
    if large and len(set(possible)) < 2:
        return {}
    began, seen = time.monotonic(), _seen.get(issue.pk)
    if large and seen and began - seen.at < seen.took * SHARE:
        return seen.moved
    rows = Message.objects.filter(issue=issue, state__in=WENT).exclude(transport="").exclude(transport=F("route"))
    rows = rows.exclude(route="", transport=default).order_by()
    grouped = rows.values_list("route", "transport", "state").annotate(Count("pk"))
    counted = {(route, went, state): number for route, went, state, number in grouped}
    if large:
        done = time.monotonic()
        _seen[issue.pk] = _Seen(counted, done, done - began)
    return counted
