"""`newsletter report`: what came back of an issue, drawn on a terminal, as JSON, or one of its tables as CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import brief, command, counted, out, show, show_one
from newsletter.cli.options import facts_option

from django.db.models import Count  # isort: skip
from django.utils import timezone  # isort: skip

from newsletter import track  # isort: skip
from newsletter.cli.watching import progress_of
from newsletter.models import Issue, Message
from newsletter.track.report import FAILED, Curves, Report, Share, curves, shares_of, story_clicks, tables
from newsletter.track.report.variants import standings_of
from subscribers.exporting import harmless

TOP = 10
"""Reasons and links that a report names, the most frequent first."""
WIDTH = 30
"""Characters of the longest bar of the funnel."""
BLOCKS = "▁▂▃▄▅▆▇█"


@command()
@click.argument("issue")
@click.option("--csv", "wanted", type=click.Choice(tables.NAMES), help="Print one of its tables as CSV.")
@facts_option
def report(issue: str, wanted: str | None, as_json: bool) -> None:
    """Show what came back of an issue.

    The funnel from the audience to the answer, raw (every fetch, also by machines) and adjusted (what seems to be
    people); the first 48 hours beside what is usual; what went by each transport, and what waits for it; why messages
    failed; clicks by link; what is odd about it. --json has more of it.
    """
    if wanted and as_json:
        raise click.UsageError("give --csv or --json, not both.")
    chosen, now = issue_named(issue), timezone.now()
    told = track.report(chosen)
    curved = curves(chosen, told.sent, now)
    shares, _ = shares_of(context().config, chosen, told.audience)
    if wanted:
        _print_csv(tables.table(wanted, chosen, lambda: told, lambda: curved, lambda: shares))
    elif as_json:
        show_one(_facts(chosen, told, curved, shares), True)
    else:
        _draw(chosen, told, curved)


def _facts(issue: Issue, told: Report, curved: Curves | None, shares: Sequence[Share] | None) -> dict[str, Any]:
    return {
        **told.as_dict(), "failures": _failures(issue), "transports": _ways(issue),
        "curves": tables.curves(curved).as_dicts(),
        "stories": [asdict(one) for one in story_clicks(issue, told.links)],
        "providers": None if shares is None else [asdict(one) for one in shares],
        "variants": tables.table("variants", issue, lambda: told, lambda: curved, lambda: shares).as_dicts(),
        "alarms": _alarms(issue),
    }  # fmt: skip


def _alarms(issue: Issue) -> list[dict[str, Any]]:
    """What is odd about it."""
    return [{"alarm": one.cause, "at": one.at, "words": one.words} for one in issue.alarms.all()]


def _print_csv(table: tables.Table) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.header)
    for row in table.rows:
        writer.writerow(
            [harmless(cell if isinstance(cell, int | float) else "" if cell is None else str(cell)) for cell in row]
        )


def _draw(issue: Issue, told: Report, curved: Curves | None) -> None:
    facts = {"issue": str(issue), "status": issue.status, "reason": issue.reason, "excluded": told.excluded}
    show_one({name: value for name, value in facts.items() if value}, False)
    out.print()
    out.print(_funnel(told))
    if curved and not curved.empty:
        out.print()
        out.print(_drawn(curved))
    failures = _failures(issue)
    links = [
        {"clicks": f"{one.clicks_adjusted:,}", "raw": f"{one.clicks:,}", "link": brief(one.url)}
        for one in told.links[:TOP]
    ]
    for rows in (
        _tried(issue, told),
        _ways(issue),
        [{**row, "reason": brief(row["reason"], 200)} for row in failures[:TOP]],
        tables.polls(told).as_dicts(),
        links,
        _alarms(issue),
    ):
        if rows:
            out.print()
            show(rows, False, "")
    for more, what in ((len(failures) - TOP, "reason"), (len(told.links) - TOP, "link")):
        if more > 0:
            out.print(f"… and {counted(more, f'more {what}')} (--json has all)", markup=False)


def _funnel(told: Report) -> Table:
    """A line for each step, and a bar as long as its part of the audience."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in ("", "adjusted", "", "raw", "", ""):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    for step, raw, adjusted, raw_share, share in tables.funnel(told).rows:
        if raw is None:
            unknown = "–" if step == "delivered" else "not counted by reader"
            table.add_row(step, unknown, "", "", "", "")
        elif step in ("opened", "clicked"):
            bar = _bar(adjusted, told.audience, "cyan").append(
                _bar(raw - adjusted, told.audience, "dim").plain, style="dim"
            )
            table.add_row(step, f"{adjusted:,}", _percent(share), f"{raw:,}", _percent(raw_share), bar)
        else:
            table.add_row(step, f"{raw:,}", _percent(share), "", "", _bar(raw, told.audience, "cyan"))
    return table


def _bar(number: int, whole: int, style: str) -> Text:
    return Text("█" * round(WIDTH * number / whole) if whole else "", style=style)


def _drawn(told: Curves) -> Table:
    """Each curve as a line of blocks, an hour each, all of one kind to the same scale."""
    usual = f", beside the median of {counted(told.earlier, 'earlier issue')}" if told.earlier else ""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1), title=f"the first 48 hours{usual}")
    table.title_justify, table.title_style = "left", "dim"
    for _ in range(4):
        table.add_column(no_wrap=True)
    for what in ("opened", "clicked"):
        raw, adjusted = told.curves[what], told.curves[f"{what}_adjusted"]
        most = max([*raw.shares, *adjusted.median], default=0)
        lines = [("adjusted", adjusted.shares, "cyan"), ("raw", raw.shares, "dim")]
        if told.earlier:
            lines.append(("usual", adjusted.median, "yellow"))
        for place, (name, shares, style) in enumerate(lines):
            last = _percent(shares[-1]) if shares else ""
            table.add_row("" if place else what, name, Text(_spark(shares, most), style=style), last)
    return table


def _spark(shares: Sequence[float], most: float) -> str:
    if not most:
        return ""
    return "".join(BLOCKS[min(int(share / most * len(BLOCKS)), len(BLOCKS) - 1)] for share in shares)


def _tried(issue: Issue, told: Report) -> list[dict[str, Any]]:
    """A line for each variant of its A/B test."""
    found = standings_of(issue, told.audience)
    return [
        {"variant": one["variant"].upper() + (" (won)" if one["winner"] else ""), "sent": f"{one['sent']:,}",
         "opened": _between(one, "open"), "clicked": _between(one, "click"), "likely the best": _percent(one["chance"])}
        for one in (found.facts if found else ())
    ]  # fmt: skip


def _between(one: dict[str, Any], what: str) -> str:
    """A rate, adjusted, with the interval that it lies in 95 times in a hundred."""
    if one[f"{what}_rate"] is None:
        return "–"
    return f"{_percent(one[f'{what}_rate'])} ({_percent(one[f'{what}_low'])} to {_percent(one[f'{what}_high'])})"


def _ways(issue: Issue) -> list[dict[str, Any]]:
    """What went by each transport, and what waits for it."""
    ways = progress_of(issue).ways
    counted = {way.name: (way.submitted, way.waiting, way.held, way.deferred, way.lost) for way in ways}
    names = ("sent", "waiting", "held", "deferred", "failed")
    return [{"transport": name, **dict(zip(names, by, strict=True))} for name, by in counted.items() if any(by)]


def _failures(issue: Issue) -> list[dict[str, Any]]:
    """Why messages failed or were withheld, the most frequent reason first."""
    lost = issue.messages.filter(state__in=(*FAILED, Message.State.WITHHELD))
    counts = lost.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [{"reason": reason, "count": count} for reason, count in counts]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f} %"
