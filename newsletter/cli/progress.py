"""Send from this process, and show how far it is."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db.models import Count, Max
from django.utils import timezone

from newsletter import engine, pipeline
from newsletter.cli.console import counted, err
from newsletter.cli.watching import watch
from newsletter.config import Config
from newsletter.models import Issue, Message
from newsletter.pipeline import Context
from newsletter.service import settle_down, stop_on_signals

log = logging.getLogger(__name__)

_OPEN = (Message.State.PENDING, Message.State.SUBMITTING)


def send_and_wait(ctx: Context, issue: Issue) -> None:
    """Send an issue until all is answered, it is paused, or Ctrl-C; a bar on a terminal, plain lines elsewhere.

    It takes as many lanes side by side as a process has. What one of them has on the wire when it is to stop, and has
    no answer to within GRACE seconds, is left: it is uncertain.
    """
    stop_on_signals(ctx.stop)
    settle_down()
    pipeline.start_due_issues(ctx)
    lanes = engine.Lanes(ctx, pipeline.job("send"), _number(ctx.config, issue), lambda: _unfinished(issue))
    watcher = threading.Thread(target=watch, args=(issue, done := threading.Event()), daemon=True)
    watcher.start()
    lanes.start()
    try:
        _see_to_the_end(ctx, issue, lanes)
    finally:
        done.set()
        watcher.join(1)


def _see_to_the_end(ctx: Context, issue: Issue, lanes: engine.Lanes) -> None:
    told = False
    while not ctx.stop.is_set() and not lanes.wait(0):
        told = told or _tell_of_others(issue, lanes, ctx.clock())
        ctx.stop.wait(0.5)
    if not lanes.wait(engine.GRACE):
        log.warning("%s: some work did not end within %d s; what it had on the wire is uncertain", issue, engine.GRACE)


def _number(config: Config, issue: Issue) -> int:
    """As many lanes as a process has; those for which there is no connection would only wait."""
    found = (config.transports.get(name) for name in config.transports_of(issue.newsletter))
    return max(1, min(config.send.workers, sum(one.connections for one in found if one)))


def held_elsewhere(issue: Issue, now: datetime) -> tuple[int, datetime] | None:
    """How many messages another process has taken, and until when at most; None unless they are all that is left."""
    left = issue.messages.filter(state__in=_OPEN)
    if left.exclude(lease_until__gt=now).exists():
        return None
    found = left.aggregate(number=Count("pk"), until=Max("lease_until"))
    return (found["number"], found["until"]) if found["number"] else None


def _tell_of_others(issue: Issue, lanes: engine.Lanes, now: datetime) -> bool:
    """Say, if so, that only another process can go on; return whether it was said."""
    # Asked before and after: what our own lanes have in hand is not in others'.
    held = held_elsewhere(issue, now) if lanes.idle else None
    if held is None or not lanes.idle:
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
    is_sending = Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING).exists()
    return is_sending and issue.messages.filter(state__in=_OPEN).exists()
