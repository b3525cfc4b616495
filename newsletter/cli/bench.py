"""`newsletter bench`: how fast it is, measured on this machine and on a database made for that alone."""

from __future__ import annotations

import signal
from contextlib import nullcontext

import click

from newsletter.bench import torture as tortures
from newsletter.bench import truth
from newsletter.bench.audience import measure
from newsletter.bench.desk import measure as measure_desk
from newsletter.bench.figures import Figure
from newsletter.bench.postgres import own_server
from newsletter.bench.report import measure as measure_report
from newsletter.bench.scratch import StepFailed
from newsletter.bench.send import PARTS, Plan
from newsletter.bench.send import measure as measure_sending
from newsletter.bench.send import profile as profile_of
from newsletter.bench.servers import NotHere
from newsletter.bench.track import Plan as TrackPlan
from newsletter.bench.track import measure as measure_tracking
from newsletter.bench.webhooks import Load
from newsletter.bench.webhooks import measure as measure_webhooks
from newsletter.bench.webhooks import profile as profile_of_webhooks
from newsletter.cli.console import Failure, command, err, out, problem, show
from newsletter.cli.options import config_option, facts_option


@click.group()
@config_option
def bench() -> None:
    """Measure how fast it is on this machine."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: object) -> None:
    """End as by an error, so that databases are dropped, servers stopped and folders removed."""
    raise SystemExit(128 + number)


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


@command()
@click.option("--people", default=1_000_000, show_default=True, type=click.IntRange(100), help="Of the issue.")
@click.option("--events", default=3_000_000, show_default=True, type=click.IntRange(100), help="That came back.")
@click.option(
    "--database", default="", help="A PostgreSQL server to make a database of its own on; without one, SQLite."
)
@click.option("--markdown", is_flag=True, help="The table as docs/performance.md has it.")
@facts_option
def report(people: int, events: int, database: str, markdown: bool, as_json: bool) -> None:
    """Open the report of an issue to a million people with three million events.

    Everything happens in a database of its own, which is dropped in the end.
    """
    try:
        figures = list(measure_report(database, people, events, _say))
    except StepFailed as failed:
        raise Failure(str(failed)) from None
    _tell(figures, markdown, as_json)


def _tell(figures: list[Figure], markdown: bool, as_json: bool) -> None:
    if markdown:
        for line in ("| what | target | median (least–most) |", "|---|---|---|", *map(_line, figures)):
            out.print(line, markup=False, soft_wrap=True)
    else:
        show([one.facts() if as_json else _row(one) for one in figures], as_json, "")


def _row(figure: Figure) -> dict[str, str]:
    verdict = "" if figure.met is None else "met" if figure.met else "MISSED"
    return {
        "what": figure.name, "median": f"{_short(figure.value)} {figure.unit}",
        "spread": f"{_short(figure.least)}–{_short(figure.most)}" if figure.least < figure.most else "one run",
        "target": figure.target, "": verdict,
    }  # fmt: skip


def _line(figure: Figure) -> str:
    spread = f" ({_short(figure.least)}–{_short(figure.most)})" if figure.least < figure.most else ""
    missed = ", missed" if figure.met is False else ""
    return f"| {figure.name} | {figure.target} | {_short(figure.value)} {figure.unit}{spread}{missed} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


@command()
@click.option("--people", default=1_000_000, show_default=True, type=click.IntRange(100), help="Of the latest issue.")
@click.option("--issues", default=500, show_default=True, type=click.IntRange(3), help="How many.")
@click.option("--only", default="", help="Pages alone whose address holds this.")
@click.option(
    "--database", default="", help="A PostgreSQL server to make a database of its own on; without one, SQLite."
)
@click.option("--markdown", is_flag=True, help="The table as docs/performance.md has it.")
@facts_option
def desk(people: int, issues: int, only: str, database: str, markdown: bool, as_json: bool) -> None:
    """Open every page of the desk, with a million people and 500 issues.

    Everything happens in a database of its own, which is dropped in the end.
    """
    try:
        figures = list(measure_desk(database, people, issues, _say, only))
    except StepFailed as failed:
        raise Failure(str(failed)) from None
    _tell(figures, markdown, as_json)


@command()
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(20), help="Of an issue.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="Issues for each figure.")
@click.option(
    "--many", default=1_000_000, show_default=True, type=click.IntRange(100), help="For the figures of memory."
)
@click.option("--seconds", default=60, show_default=True, help="How long those many are sent to; 0: all of them.")
@click.option("--database", default="", help="A PostgreSQL server, or `own` for one set up for this; else SQLite.")
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="A part alone; may be repeated.")
@click.option("--markdown", is_flag=True, help="The table as docs/performance.md has it.")
@click.option("--profile", is_flag=True, help="Show instead by function where a sending process spends its time.")
@facts_option
def send(
    people: int, runs: int, many: int, seconds: int, database: str, only: tuple[str, ...], markdown: bool,
    profile: bool, as_json: bool,
) -> None:  # fmt: skip
    """Send issues end to end, beside the obvious way and Postfix's smtp-source.

    To servers on this machine, from a database of its own, which is dropped in the end. Uses Postfix's smtp-sink where
    it is installed (Debian's package `postfix`).
    """
    with own_server() if database == "own" else nullcontext() as server:
        plan = Plan(people, runs, many, seconds, server.address if server else database, only)
        try:
            if profile:
                out.print(profile_of(plan, _say), markup=False)
                return
            figures = list(measure_sending(plan, _say))
        except (StepFailed, NotHere) as failed:
            raise Failure(str(failed)) from None
    _tell(figures, markdown, as_json)


@command()
@click.option("--messages", default=1_000_000, show_default=True, type=click.IntRange(1000), help="In the tables.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="For each figure.")
@click.option("--seconds", default=10, show_default=True, type=click.IntRange(1), help="For each load.")
@click.option("--database", default="", help="A PostgreSQL server, or `own` for one set up for this; else SQLite.")
@click.option("--markdown", is_flag=True, help="The table as docs/performance.md has it.")
@facts_option
def track(messages: int, runs: int, seconds: int, database: str, markdown: bool, as_json: bool) -> None:
    """Follow links end to end, beside a plain view of Django's that writes a row for each.

    On one core, from a database of its own, which is dropped in the end; then every click that was answered is looked
    for. Uses wrk where it is installed (Debian's package of that name).
    """
    with own_server() if database == "own" else nullcontext() as server:
        plan = TrackPlan(messages, runs, seconds, server.address if server else database)
        try:
            figures = list(measure_tracking(plan, _say))
        except (StepFailed, NotHere) as failed:
            raise Failure(str(failed)) from None
    _tell(figures, markdown, as_json)


@command()
@click.option("--messages", default=1_000_000, show_default=True, type=click.IntRange(1000), help="In the tables.")
@click.option("--posts", default=100, show_default=True, type=click.IntRange(1), help="Of 1,000 events, in a run.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="Of so many posts each.")
@click.option("--database", default="", help="A PostgreSQL server, or `own` for one set up for this; else SQLite.")
@click.option("--markdown", is_flag=True, help="The table as docs/performance.md has it.")
@click.option("--profile", is_flag=True, help="Show instead by function where the time goes once a batch is kept.")
@facts_option
def webhooks(
    messages: int, posts: int, runs: int, database: str, markdown: bool, profile: bool, as_json: bool
) -> None:  # fmt: skip
    """Take SendGrid's events end to end: signed posts over HTTP, until the last of them is counted.

    A third of them are told twice. Everything happens in a publication of its own, which is dropped in the end.
    """
    with own_server() if database == "own" else nullcontext() as server:
        load = Load(messages, posts, runs, server.address if server else database)
        try:
            if profile:
                out.print(profile_of_webhooks(load, _say), markup=False)
                return
            figures = list(measure_webhooks(load, _say))
        except StepFailed as failed:
            raise Failure(str(failed)) from None
    _tell(figures, markdown, as_json)


@command()
@click.option("--people", default=20_000, show_default=True, type=click.IntRange(100), help="How many.")
@click.option("--times", default=20, show_default=True, type=click.IntRange(1), help="Blows for each issue.")
@click.option("--rate", default=500, show_default=True, type=click.IntRange(0), help="Messages a second; 0: no limit.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same moments.")
@click.option(
    "--only", multiple=True, type=click.Choice([one.name for one in tortures.TORTURES]), help="May be repeated."
)
@facts_option
def torture(people: int, times: int, rate: int, seed: int, only: tuple[str, ...], as_json: bool) -> None:
    """Kill, stop and starve real processes while they send, and count who got nothing or two.

    Prints a table in Markdown, and who is uncertain; fails if a promise of docs/guarantees.md is broken. PostgreSQL,
    where it is installed, is set up anew for this alone.
    """
    plan = tortures.Plan(people, times, rate, seed, only)
    results = []
    if not as_json:
        out.print(tortures.heading(), markup=False, soft_wrap=True)
    for result in tortures.torture(plan, _say):
        results.append(result)
        for one in result.verdict.uncertain:
            _say(f"  uncertain: {one.email} ({'had arrived' if one.arrived else 'had not arrived'}; {one.reason})")
        for fault in result.broken[:20]:
            problem(f"{result.name}: {fault}")
        if not as_json:
            out.print(tortures.row(result), markup=False, soft_wrap=True)
    if as_json:
        show([one.facts() for one in results], as_json, "")
    if any(result.broken for result in results):
        raise Failure("a promise is broken")


@command(name="tracking-truth")
@click.option("--people", default=100_000, show_default=True, type=click.IntRange(100), help="Readers of each issue.")
@click.option("--seed", default=1, show_default=True, help="The same seed, the same readers.")
@click.option(
    "--database", default="", help="A PostgreSQL server to make a database of its own on; without one, SQLite."
)
@click.option("--only", multiple=True, help="One mix of readers; may be repeated.")
@facts_option
def tracking_truth(people: int, seed: int, database: str, only: tuple[str, ...], as_json: bool) -> None:
    """Let invented readers, proxies and link checkers come for issues, and compare what is counted with the truth.

    Prints a table in Markdown: what is true, a plain count, and what is left of it once it is judged. Fails if that is
    more than 5 % off for clicks, for opens as far as anything shows them, or for clicks by link.
    """
    found = []
    if not as_json:
        out.print(truth.HEADING, markup=False, soft_wrap=True)
    try:
        for one in truth.compare(database, people, seed, only, _say):
            found.append(one)
            if not as_json:
                out.print(truth.row(one), markup=False, soft_wrap=True)
    except StepFailed as failed:
        raise Failure(str(failed)) from None
    if as_json:
        show([one.facts() for one in found], as_json, "")
    if off := [one.mix for one in found if not one.close]:
        raise Failure(f"more than {truth.CLOSE:g} % off: {', '.join(off)}")


def _say(said: str) -> None:
    err.print(said, markup=False, soft_wrap=True)


bench.add_command(audience)
bench.add_command(report)
bench.add_command(desk)
bench.add_command(send)
bench.add_command(torture)
bench.add_command(tracking_truth)
bench.add_command(track)
bench.add_command(webhooks)
