"""`newsletter bench`: how fast it is, measured on this machine and on a database made for that alone."""

from __future__ import annotations

import click

from newsletter.bench.audience import Figure, measure
from newsletter.bench.scratch import StepFailed
from newsletter.cli.console import Failure, command, err, show
from newsletter.cli.options import config_option, facts_option


@click.group()
@config_option
def bench() -> None:
    """Measure how fast it is on this machine."""


@command()
@click.option("--people", default=1_000_000, show_default=True, type=click.IntRange(10_000), help="How many.")
@click.option(
    "--database", default="", help="A PostgreSQL server to make a database of its own on; without one, SQLite."
)
@facts_option
def audience(people: int, database: str, as_json: bool) -> None:
    """Import, freeze, segments and search with a million invented people.

    Everything happens in a database of its own, which is dropped in the end.
    """
    try:
        figures = list(measure(database, people, lambda said: err.print(said, markup=False)))
    except StepFailed as failed:
        raise Failure(str(failed)) from None
    show([one.facts() if as_json else _row(one) for one in figures], as_json, "")


def _row(figure: Figure) -> dict[str, str]:
    verdict = "" if figure.met is None else "met" if figure.met else "MISSED"
    return {
        "what": figure.name, "median": f"{_short(figure.value)} {figure.unit}",
        "spread": f"{_short(figure.least)}–{_short(figure.most)}" if figure.least < figure.most else "one run",
        "target": figure.target, "": verdict,
    }  # fmt: skip


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


bench.add_command(audience)
