"""Send from this process, and show how far it is."""

from __future__ import annotations

import threading
from datetime import datetime

from django.db.models import Count, Max
from django.utils import timezone

from newsletter import pipeline
from newsletter.cli.console import counted, err
from newsletter.cli.watching import watch
from newsletter.models import Issue, Message
from newsletter.pipeline import Context
from newsletter.service import stop_on_signals

_OPEN = (Message.State.PENDING, Message.State.SUBMITTING)


def send_and_wait(ctx: Context, issue: Issue) -> None:
    """Send an issue until all is answered, it is paused, or Ctrl-C; a bar on a terminal, plain lines elsewhere."""
    stop_on_signals(ctx.stop)
    pipeline.start_due_issues(ctx)
    watcher = threading.Thread(target=watch, args=(issue, done := threading.Event()), daemon=True)
    watcher.start()
    told = False
    try:
        while not ctx.stop.is_set() and _unfinished(issue):
            pipeline.send_messages(ctx)
            if _unfinished(issue):
                told = told or _tell_of_others(issue, ctx.clock())
                ctx.stop.wait(1)
    finally:
        done.set()
        watcher.join(5)


def held_elsewhere(issue: Issue, now: datetime) -> tuple[int, datetime] | None:
    """How many messages another process has taken, and until when at most; None unless they are all that is left."""
    left = issue.messages.filter(state__in=_OPEN)
    if left.exclude(lease_until__gt=now).exists():
        return None
    found = left.aggregate(number=Count("pk"), until=Max("lease_until"))
    return (found["number"], found["until"]) if found["number"] else None


def _tell_of_others(issue: Issue, now: datetime) -> bool:
    """Say, if so, that only another process can go on; return whether it was said."""
    held = held_elsewhere(issue, now)
    if held is None:
        return False
    number, until = held
    err.print(
        f"{issue}: {counted(number, 'message')} left, in the hands of another process; if it has fallen silent, this "
        f"goes on when its lease ends, at {timezone.localtime(until):%H:%M:%S %Z}",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    return True


def _unfinished(issue: Issue) -> bool:
    """Whether something can still be sent without waiting for a later attempt."""
    issue.refresh_from_db()
    return issue.status == Issue.Status.SENDING and issue.messages.filter(state__in=_OPEN).exists()
