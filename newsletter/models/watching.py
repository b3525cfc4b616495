"""What somebody has to be told of who only watches: a clock that stands still, an issue of which nothing leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from newsletter.models.beat import Beat
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.progress import TAKEN
from newsletter.models.tail import held
from newsletter.models.transport import TransportState

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


def stuck(issue: Issue, transports: Collection[str], now: datetime, patience: timedelta = STUCK) -> bool:
    """Whether nothing of an issue has left for long, though something is due, nobody has it in hand, and not all of its
    transports rest."""
    long_ago = now - patience
    if not issue.started_at or issue.started_at > long_ago or (issue.retry_at and issue.retry_at > long_ago):
        return False
    mine = Message.objects.filter(issue=issue).order_by()
    until = held(issue)
    if not (_due(mine, long_ago) or (until and until.until < long_ago)) or _in_hand(mine, now):
        return False
    if len(TransportState.resting(transports, now)) == len({*transports}):
        return False
    return not any(at and at >= long_ago for at in _latest(mine, ("", *transports)))


def oldest_due(issue: Issue, now: datetime) -> datetime | None:
    """Since when the message that has waited longest could have gone; None if none can go now."""
    mine = Message.objects.filter(issue=issue)
    first = mine.filter(state=State.DEFERRED, retry_at__lte=now).order_by("retry_at")
    deferred = first.values_list("retry_at", flat=True).first()
    until = held(issue)
    waiting = [deferred, until.until if until and until.until <= now else None]
    if mine.filter(state=State.PENDING).exists():
        waiting.append(issue.started_at)
    return min(filter(None, waiting), default=None)


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
