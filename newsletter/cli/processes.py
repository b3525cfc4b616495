"""`newsletter run`, `web`, `clock` and `worker`: what stays up."""

from __future__ import annotations

import time
from datetime import datetime

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, done, out, problem

from django.db.models import Q  # isort: skip

from newsletter import pipeline, publication, service  # isort: skip
from newsletter.cli.publication import seed
from newsletter.engine import on_postgresql
from newsletter.models import Issue, Message
from newsletter.pipeline import Context


@command()
def run() -> None:
    """Web, clock and workers, on this machine.

    Prepares the database and the first sign-in if need be. Ctrl-C, or SIGTERM, stops it in an orderly way.
    """
    service.end_on_signals()
    publication.migrate()
    ctx = context()
    seed()
    began = ctx.clock()
    _first_look(ctx)
    service.stop_on_signals(ctx.stop)
    service.run(ctx, lambda: _tell(ctx, began))
    out.print("stopped", markup=False)


@command()
def web() -> None:
    """The web server alone.

    For several machines; run `newsletter migrate` first.
    """
    ctx = context()
    service.stop_on_signals(ctx.stop)
    service.web(ctx)


@command()
def clock() -> None:
    """The clock alone.

    On PostgreSQL it hands the work to workers; on SQLite it does the work itself.
    """
    ctx = context()
    service.stop_on_signals(ctx.stop)
    service.clock(ctx)


@command()
@click.option("--concurrency", type=click.IntRange(1, 64), help="Batches sent side by side. [default: send.workers]")
def worker(concurrency: int | None) -> None:
    """A worker alone (PostgreSQL).

    As many, on as many machines, as you like: no message is sent twice.
    """
    if not on_postgresql():
        raise Failure("on SQLite `newsletter run` does the work itself; workers need database.url to be PostgreSQL")
    ctx = context()
    service.stop_on_signals(ctx.stop)
    service.worker(ctx, concurrency or ctx.config.send.workers)


def _first_look(ctx: Context) -> None:
    """Collect and compose before the clock starts, so that what they did can be told in order."""
    for visit in pipeline.collect_sources(ctx):
        (problem if visit.error else done)(f"collect  {visit.source}: {visit.error or f'{visit.added} new posts'}")
        if visit.warning:
            problem(f"collect  {visit.source}: {visit.warning}")
    pipeline.draw_up_issues(ctx)


def _tell(ctx: Context, began: datetime) -> None:
    """Say what this start has done, and where to look."""
    _wait_for_sending(ctx)
    issues = Issue.objects.select_related("edition").order_by("pk")
    for issue in issues.filter(created_at__gte=began):
        title = f" “{issue.edition.subject}”" if issue.edition else ""
        done(f"compose  {issue}: {issue.items.count()} posts{title}")
        if issue.reason:
            problem(f"         {issue.reason}")
    for issue in issues.filter(started_at__gte=began):
        counts = ", ".join(f"{count} {state}" for state, count in Message.counts(issue).items())
        done(f"send     {issue}: {counts}, {issue.get_status_display().lower()}")
    if not issues.filter(Q(created_at__gte=began) | Q(started_at__gte=began)).exists():
        done(f"nothing new to compose or send; {_standing()}")
    _where_to_look(ctx, publication.first_user())


def _standing() -> str:
    """Where the latest issue stands, in a few words."""
    latest = Issue.objects.order_by("pk").last()
    return (
        f"the latest issue, {latest}, is {latest.get_status_display().lower()}" if latest else "there are no issues yet"
    )


def _wait_for_sending(ctx: Context) -> None:
    """Give small lists the moment they need; a large one is followed on its report page."""
    until = time.monotonic() + 15
    busy = Issue.objects.filter(status=Issue.Status.SENDING)
    while (
        (busy.exists() or Issue.to_start(ctx.clock()).exists()) and time.monotonic() < until and not ctx.stop.wait(0.2)
    ):
        pass


def _where_to_look(ctx: Context, password: str | None) -> None:
    site = ctx.config.site.url
    out.print(f"\n{ctx.config.site.name} is running. Ctrl-C stops it.\n", markup=False)
    out.print(f"  the archive   {site}/", markup=False)
    out.print(f"  the desk      {site}/desk/", markup=False)
    out.print(f"  the outbox    {site}/desk/outbox/", markup=False)
    if password:
        out.print(f"\n  sign in as    {publication.FIRST_USER}", markup=False)
        out.print(
            f"  password      {password}   (shown this once; `newsletter staff NAME` makes a new one)", markup=False
        )
    out.print()
