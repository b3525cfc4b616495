"""`newsletter track`: looking after what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from newsletter.cli.boot import issue_named
from newsletter.cli.console import Failure, command, counted, done, err, show
from newsletter.cli.options import config_option, facts_option

from django.db.models import Sum  # isort: skip

from newsletter.models import Issue, Tally  # isort: skip
from newsletter.models.verifying import drifts


@click.group()
@config_option
def track() -> None:
    """Look after what came back."""


@command()
@click.argument("issues", nargs=-1, metavar="[ISSUE]…")
@facts_option
def verify(issues: tuple[str, ...], as_json: bool) -> None:
    """Count anew from the events, and name what differs from the kept counts.

    Of these issues, or of all. Exits 1 if anything differs. While an issue's events come in, a count may just be on its
    way; then verify it again.
    """
    chosen = [issue_named(name) for name in issues] or list(Issue.objects.filter(started_at__isnull=False))
    found = []
    with _bar(chosen) as advance:
        for issue in chosen:
            for drift in drifts(issue, advance):
                found.append({"issue": str(issue), "what": drift.what, "kept": drift.counted, "events": drift.rows})
    if as_json or found:
        show(found, as_json, "")
    if found:
        raise Failure(f"{counted(len(found), 'count')} {'is' if len(found) == 1 else 'are'} not what the events say")
    if not as_json:
        done(f"{counted(len(chosen), 'issue')}: every count is what the events say")


@contextmanager
def _bar(issues: list[Issue]) -> Iterator[Callable[[int], object]]:
    """A bar of the events that have been counted, on a terminal."""
    rows = Tally.objects.filter(issue__in=issues, link=None).aggregate(all=Sum("events"), gone=Sum("folded"))
    kept = (rows["all"] or 0) - (rows["gone"] or 0)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task("events", total=kept)
        yield lambda rows: progress.advance(task, rows)


track.add_command(verify)
