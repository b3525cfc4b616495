"""`newsletter run`, `web`, `clock` and `worker`: what stays up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import click

from newsletter.acting import ITSELF
from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, counted, done, in_short, out, problem

from newsletter import pipeline, publication, service  # isort: skip
from newsletter.cli.address import insist_on_address
from newsletter.cli.publication import insist_on_database, insist_on_tables, seed, unreachable, wait_for_database
from newsletter.cli.welcome import tell
from newsletter.engine import on_postgresql
from newsletter.heart import Heart
from newsletter.models.recipients import unfollowable
from newsletter.pipeline import Context


@command(ITSELF)
def run() -> None:
    """Web, clock and workers, on this machine.

    Prepares the database and the first sign-in if need be. Ctrl-C, or SIGTERM, stops it in an orderly way. While a
    database that is a server does not answer, links in mails lead on, and all else waits for it.
    """
    service.end_on_signals()
    ctx = _told()
    _insist_on_addresses(ctx)
    with ExitStack() as stack:
        if is_early := unreachable():
            insist_on_tables()
            stack.enter_context(service.web_up(ctx))
            wait_for_database()
        publication.migrate()
        seed()
        for one in unfollowable(ctx.config):
            problem(str(one))
        began = ctx.clock()
        _first_look(ctx)
        service.stop_on_signals(ctx.stop)
        service.run(ctx, lambda: tell(ctx, began), has_web=is_early)
    out.print("stopped", markup=False)


@command(ITSELF)
def web() -> None:
    """The web server alone.

    For several machines; run `newsletter migrate` first. Links in mails lead on though the database is away.
    """
    ctx = context()
    insist_on_tables()
    _insist_on_addresses(ctx)
    service.stop_on_signals(ctx.stop)
    done(f"the web server listens on {ctx.config.site.listen}; readers reach it at {ctx.config.site.url}/")
    service.web(ctx)


@command(ITSELF)
def clock() -> None:
    """The clock alone.

    On PostgreSQL it hands the work to workers; on SQLite it does the work itself.
    """
    ctx = _told()
    insist_on_database()
    service.stop_on_signals(ctx.stop)
    done(f"the clock looks for work, and {'leaves it to workers' if on_postgresql() else 'does it'}")
    service.clock(ctx)


@command(ITSELF)
@click.option("--concurrency", type=click.IntRange(1, 64), help="Batches sent side by side. [default: send.workers]")
def worker(concurrency: int | None) -> None:
    """A worker alone (PostgreSQL).

    As many, on as many machines, as you like: no message is sent twice.
    """
    if not on_postgresql():
        raise Failure("on SQLite `newsletter run` does the work itself; workers need database.url to be PostgreSQL")
    ctx = _told()
    insist_on_database()
    service.stop_on_signals(ctx.stop)
    batches = concurrency or ctx.config.send.workers
    done(f"a worker waits for work, {counted(batches, 'batch', 'batches')} side by side")
    service.worker(ctx, batches)


def _insist_on_addresses(ctx: Context) -> None:
    insist_on_address(ctx.config.site.listen)
    if ctx.config.track.smtp.listen:
        insist_on_address(ctx.config.track.smtp.listen, "track.smtp.listen")


def _told() -> Context:
    """The context of jobs whose runs are written down, so that others see that the clock is alive."""
    return replace(context(), beat=Heart().beat)


def _first_look(ctx: Context) -> None:
    """Collect and compose before the clock starts, so that what they did can be told in order."""
    with told_elsewhere():
        for visit in pipeline.collect_sources(ctx):
            new = counted(visit.added, "new post")
            (problem if visit.error else done)(f"collect  {visit.source}: {visit.error or new}")
            if visit.warning:
                problem(f"collect  {visit.source}: {in_short(visit.warning)}")
        pipeline.draw_up_issues(ctx)


@contextmanager
def told_elsewhere() -> Iterator[None]:
    """Hold back what the pipeline logs of its success: `run` says the same in its own lines a moment later."""
    logger = logging.getLogger("newsletter.pipeline")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
