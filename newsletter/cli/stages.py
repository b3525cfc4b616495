"""`newsletter collect`, `sources` and `compose`: the first stages by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, brief, command, done, in_short, problem, show
from newsletter.cli.options import facts_option

from newsletter import collect as collecting, compose as composing, pipeline  # isort: skip
from newsletter.cli.facts import show_issue
from newsletter.models import Issue, Source
from newsletter.pipeline import Context


@command()
@click.argument("sources", nargs=-1)
@facts_option
def collect(sources: tuple[str, ...], as_json: bool) -> None:
    """Bring in what the sources have published.

    All of them, or those named. Doing it again brings nothing in twice.
    """
    try:
        visits = pipeline.collect_sources(context(), sources)
    except collecting.UnknownSource as error:
        raise Failure(f"{error.reason} {error.hint}") from None
    if as_json:
        show([vars(visit) for visit in visits], True, "")
    else:
        for visit in visits:
            if visit.error:
                problem(f"{visit.source}: {visit.error}")
            else:
                done(f"{visit.source}: {visit.added} new, {visit.updated} updated, {visit.unchanged} as before")
            if visit.warning:
                problem(f"{visit.source}: {in_short(visit.warning)}")
    sys.exit(1 if any(visit.error for visit in visits) else 0)


@command()
@facts_option
def sources(as_json: bool) -> None:
    """Show the sources and how their last visits went."""
    cut: Callable[[str], str] = str if as_json else lambda text: brief(in_short(text))
    rows = [
        {
            "source": source.name, "kind": source.kind, "posts": source.posts_added,
            "last_success": source.succeeded_at, "failures": source.failures, "error": cut(source.error),
            "warning": cut(source.warning),
        }
        for source in Source.objects.all()
    ]  # fmt: skip
    show(rows, as_json, "No source has been visited yet; `newsletter collect` does it.")


@command()
@click.argument("newsletter")
@click.option("--on", "on", metavar="DATE", help="The due date, such as 2026-12-24 or '2026-12-24 18:00'.")
@click.option("--summary", "month", metavar="MONTH", help="The monthly summary instead, of a month such as 2026-10.")
@facts_option
def compose(newsletter: str, on: str | None, month: str | None, as_json: bool) -> None:
    """Draw up a newsletter's next issue.

    Its due date is the next of the schedule, or DATE. The newsletter's sources are visited first. An issue that exists
    already is shown as it is. With --summary it is made of the stories of a month's issues, and goes to those who asked
    for no more than that.
    """
    ctx = context()
    chosen = ctx.config.newsletters.get(newsletter)
    if chosen is None:
        known = ", ".join(ctx.config.newsletters) or "none"
        raise Failure(f"config.yaml has no newsletter '{newsletter}'; it has: {known}")
    issue = _summary(ctx, newsletter, month) if month else _regular(ctx, newsletter, on)
    pipeline.carry_on_drafts(ctx)
    issue.refresh_from_db()
    show_issue(issue, as_json)
    _tell_of_sources(() if month else chosen.sources)


def _summary(ctx: Context, newsletter: str, text: str) -> Issue:
    try:
        month = composing.month_named(ctx.config, newsletter, text, ctx.clock())
    except ValueError as error:
        raise Failure(str(error)) from None
    return pipeline.draw_up_summary(ctx, newsletter, month)


def _regular(ctx: Context, newsletter: str, on: str | None) -> Issue:
    known = composing.upcoming(ctx.config, newsletter, ctx.clock())
    due = composing.on_date(ctx.config, newsletter, on) if on else next(known, None)
    if due is None:
        raise Failure(f"{newsletter} has no schedule; say when the issue is due: --on '2026-12-24 18:00'")
    return pipeline.draw_up(ctx, newsletter, due)


def _tell_of_sources(names: Sequence[str]) -> None:
    """Say what was wrong with the sources: it may be why an issue holds less than somebody expects."""
    for source in Source.objects.filter(name__in=names):
        for words in filter(None, (source.error, source.warning)):
            problem(f"{source}: {in_short(words)}")
