"""What somebody has to be told of who only watches: a clock that stands still, an issue of which nothing leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from newsletter.models.beat import Beat
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.progress import TAKEN

State = Message.State

SILENT = timedelta(minutes=3)
"""So long after the last job the clock counts as standing still; jobs are looked for every few seconds."""
STUCK = timedelta(minutes=10)
"""So long after the last message an issue counts as stuck, if there is something to send."""
NEVER = "no job has run yet"


def clock_fault(now: datetime) -> str:
    """What is wrong with the clock, or nothing; one that has never run yet is not at fault."""
    last = Beat.last()
    if last is None or now - last <= SILENT:
        return ""
    return f"no job has run for {round((now - last).total_seconds())} seconds"


def stuck(routes: Collection[str], now: datetime) -> Iterator[Issue]:
    """Issues being sent of which nothing has left for long, though something is due and nobody has it in hand."""
    long_ago = now - STUCK
    rested = Q(retry_at=None) | Q(retry_at__lt=long_ago)
    for issue in Issue.objects.filter(rested, status=Issue.Status.SENDING, started_at__lt=long_ago):
        mine = Message.objects.filter(issue=issue).order_by()
        if not (_due(mine, long_ago) and not _in_hand(mine, now)):
            continue
        if not any(at and at >= long_ago for at in _latest(mine, routes)):
            yield issue


def oldest_due(issue: Issue, now: datetime) -> datetime | None:
    """Since when the message that has waited longest could have gone; None if none can go now."""
    mine = Message.objects.filter(issue=issue)
    first = mine.filter(state=State.DEFERRED, retry_at__lte=now).order_by("retry_at")
    deferred = first.values_list("retry_at", flat=True).first()
    if mine.filter(state=State.PENDING).exists():
        return min(filter(None, (issue.started_at, deferred)), default=None)
    return deferred


def _due(mine: QuerySet[Message], before: datetime) -> bool:
    return mine.filter(state=State.PENDING).exists() or mine.filter(
        state=State.DEFERRED, retry_at__lt=before
    ).exists()  # fmt: skip


def _in_hand(mine: QuerySet[Message], now: datetime) -> bool:
    return mine.filter(state=State.SUBMITTING, lease_until__gte=now).exists()


def _latest(mine: QuerySet[Message], routes: Collection[str]) -> Iterator[datetime | None]:
    """About when each route's last message was submitted; they leave in the order of their numbers."""
    for route in routes:
        for state in TAKEN:
            rows = mine.filter(route=route, state=state, retry_at=None).order_by("-retry_at", "-pk")
            yield from rows.values_list("submitted_at", flat=True)[:1]
