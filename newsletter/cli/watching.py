"""How sending goes, as the terminal shows it: a bar with what is behind it; elsewhere plain lines."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from django.db import connections
from django.utils import timezone
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from newsletter.cli.console import brief, err
from newsletter.models import Issue
from newsletter.models.progress import Progress, Way, progress
from newsletter.pace import held_words, left_words, rate_words
from newsletter.settings import current

REASONS = 3
"""Reasons that stand under the bar; the report has all."""
_WIDTH = 60


def watch(issue: Issue, done: threading.Event) -> None:
    """Show how far an issue is until `done` is set, and once more then."""
    try:
        (_bar if err.is_terminal else _lines)(issue, done)
    finally:
        connections.close_all()


class Lines:
    """What stands in for the bar where there is no terminal: a line whenever something has changed."""

    def __init__(self, issue: Issue) -> None:
        self._issue, self._last = issue, ""

    def update(self, now: Progress) -> None:
        """Say how many are answered, how fast, and what went wrong, unless that was said last."""
        counted = f"{now.answered:,} of {now.total:,}"
        told = "; ".join(
            [
                counted,
                *filter(None, [_pace(now) if now.going else "", *_wrong(now), _by_way(now), held_of(self._issue, now)]),
            ]
        )
        said = f"{counted} {now.states}"
        if said != self._last:
            err.print(f"{self._issue}: {told}", markup=False, soft_wrap=True)
        self._last = said


def drawn(issue: Issue, now: Progress) -> RenderableType:
    """The bar with what is behind it."""
    line = Text(f"{issue}  {now.answered:,} of {now.total:,}  ").append(_pace(now), style="dim")
    grid = Table.grid()  # a bar alone ends no line
    grid.add_row(ProgressBar(total=max(now.total, 1), completed=now.answered, width=_WIDTH))
    rows: list[RenderableType] = [line, grid]
    if len(now.ways) > 1:
        rows.append(_table(now.ways))
    rows += [Text(line, style="yellow") for line in _wrong(now)]
    rows += [Text(line) for line in (held_of(issue, now),) if line]
    rows += [Text(f"  {one.count:,} {one.state}: {brief(one.reason)}") for one in now.failures[:REASONS]]
    return Group(*rows)


def _bar(issue: Issue, done: threading.Event) -> None:
    with Live(drawn(issue, progress_of(issue)), console=err, auto_refresh=False) as live:
        while not done.wait(0.5):
            live.update(drawn(issue, progress_of(issue)), refresh=True)
        live.update(drawn(issue, progress_of(issue)), refresh=True)


def _lines(issue: Issue, done: threading.Event) -> None:
    lines = Lines(issue)
    while not done.wait(5):
        lines.update(progress_of(issue))
    lines.update(progress_of(issue))


def progress_of(issue: Issue) -> Progress:
    """How far an issue is at this moment."""
    default, possible = current().transport_of(issue.newsletter), current().transports_of(issue.newsletter)
    return progress(issue, default, timezone.now(), possible=possible)


def held_of(issue: Issue, now: Progress) -> str:
    """What of an issue waits for its hour, or for a decision, and until when."""
    return held_words(now.held, now.until, current().time_zone_of(issue.newsletter))


def _pace(now: Progress) -> str:
    return ", ".join(filter(None, [rate_words(now.rate), left_words(now.left) if now.rate else ""]))


def _wrong(now: Progress) -> Iterator[str]:
    """What a person may have to see to, or to wait for."""
    deferred = sum(way.deferred for way in now.ways)
    words = [(deferred, "deferred"), (now.lost, "failed"), (now.uncertain, "uncertain")]
    if told := ", ".join(f"{number:,} {word}" for number, word in words if number):
        retry = now.next_retry
        yield told + (f"; the next attempt at {timezone.localtime(retry):%H:%M:%S}" if retry else "")


def _by_way(now: Progress) -> str:
    return ", ".join(f"{way.name} {way.submitted:,}" for way in now.ways) if len(now.ways) > 1 else ""


def _table(ways: tuple[Way, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1))
    for column in ("transport", "sent", "waiting", "held", "deferred", "failed", "pace"):
        table.add_column(column, justify="left" if column == "transport" else "right")
    for way in ways:
        counts = (f"{number:,}" for number in (way.submitted, way.waiting, way.held, way.deferred, way.lost))
        table.add_row(way.name, *counts, rate_words(way.rate))
    return table
