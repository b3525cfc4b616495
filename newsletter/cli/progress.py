"""Send from this process, and show how far it is."""

from __future__ import annotations

import threading

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from newsletter import pipeline
from newsletter.cli.console import err
from newsletter.models import Issue, Message
from newsletter.pipeline import Context
from newsletter.service import stop_on_signals

_OPEN = (Message.State.PENDING, Message.State.SUBMITTING)


def send_and_wait(ctx: Context, issue: Issue) -> None:
    """Send an issue until all is answered, it is paused, or Ctrl-C; a bar on a terminal, plain lines elsewhere."""
    stop_on_signals(ctx.stop)
    pipeline.start_due_issues(ctx)
    watcher = threading.Thread(target=_watch, args=(issue, done := threading.Event()), daemon=True)
    watcher.start()
    try:
        while not ctx.stop.is_set() and _unfinished(issue):
            pipeline.send_messages(ctx)
            if _unfinished(issue):
                ctx.stop.wait(1)
    finally:
        done.set()
        watcher.join(5)


def _unfinished(issue: Issue) -> bool:
    """Whether something can still be sent without waiting for a later attempt."""
    issue.refresh_from_db()
    return issue.status == Issue.Status.SENDING and issue.messages.filter(state__in=_OPEN).exists()


def _watch(issue: Issue, done: threading.Event) -> None:
    from django.db import connections

    total = issue.messages.exclude(state=Message.State.EXCLUDED).count()
    columns = TextColumn(str(issue)), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task("", total=total)
        while not done.wait(0.5 if err.is_terminal else 5):
            answered = total - issue.messages.filter(state__in=_OPEN).count()
            progress.update(task, completed=answered)
            if not err.is_terminal:
                err.print(f"{issue}: {answered} of {total}", markup=False)
        progress.update(task, completed=total - issue.messages.filter(state__in=_OPEN).count())
    connections.close_all()
