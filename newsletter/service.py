"""Long-running processes: web, clock and workers, together or one each, and how they stop."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from newsletter import engine
from newsletter.beside import Beside
from newsletter.pipeline import Context

log = logging.getLogger(__name__)


def settle_down() -> None:
    """What has been loaded by now stays: looking through it for garbage would cost a fifth of sending's time."""
    gc.collect()
    gc.freeze()


def run(ctx: Context, when_up: Callable[[], None], has_web: bool = False) -> None:
    """Web, clock and workers in this process, until it is asked to stop; `when_up` is called once they run.

    `has_web` says that the web server is up already, as it is if the database was not.
    """
    settle_down()
    with ExitStack() as stack:
        if not has_web:
            stack.enter_context(web_up(ctx))
        stack.enter_context(_mail(ctx))
        if engine.on_postgresql():
            stack.enter_context(_worker(ctx, ctx.config.send.workers))
            stack.enter_context(_clock(ctx, engine.defer))
        else:
            stack.enter_context(_clock(ctx, engine.run_here))
        when_up()
        ctx.stop.wait()


def web(ctx: Context) -> None:
    """The web server alone, and the mail server beside it if config.yaml wants one."""
    with web_up(ctx), _mail(ctx):
        ctx.stop.wait()


def clock(ctx: Context) -> None:
    """The clock alone: it hands the work to workers on PostgreSQL, and does it itself on SQLite."""
    settle_down()
    with _clock(ctx, engine.defer if engine.on_postgresql() else engine.run_here):
        ctx.stop.wait()


def worker(ctx: Context, concurrency: int) -> None:
    """A worker alone; PostgreSQL only."""
    settle_down()
    with _worker(ctx, concurrency):
        ctx.stop.wait()


def stop_on_signals(stop: threading.Event) -> None:
    """From here on SIGTERM and SIGINT ask for an orderly end; a second one ends at once."""

    def asked(number: int, frame: object) -> None:
        if stop.is_set():
            logging.shutdown()
            os._exit(1)
        log.info("stopping: what is on the wire is finished first")
        stop.set()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)


def end_on_signals() -> None:
    """Until anything is on the wire SIGTERM and SIGINT just end the process; in a container they would be ignored."""

    def asked(number: int, frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)


@contextmanager
def web_up(ctx: Context) -> Iterator[None]:
    """The web server, answering for as long as this lasts; what was asked by then is answered."""
    from newsletter.serving import Web
    from newsletter.track import gate
    from newsletter.wsgi import pages

    here = gate.here(ingests=False)
    server = Web(ctx.config.site.listen, here, pages, ctx.stop)
    server.start()
    beside = Beside("newsletter.ingest")

    def finish() -> None:
        server.finish()
        here.stop()
        beside.stop()

    try:
        yield
    finally:
        _within(max(engine.GRACE - server.ending_for, 1.0), finish)


@contextmanager
def _mail(ctx: Context) -> Iterator[None]:
    """The mail server of our own, if there is to be one."""
    from newsletter.track.mail.listener import listening

    with ExitStack() as stack:
        stack.enter_context(listening(ctx.config, ctx.clock))
        try:
            yield
        finally:
            # A mail that the database does not take must not keep us; it was not answered, and comes again.
            _within(engine.GRACE, stack.close)


@contextmanager
def _clock(ctx: Context, run: Callable[..., None]) -> Iterator[None]:
    scheduler = engine.clock(ctx, run)
    scheduler.start()
    threading.Thread(target=engine.watch_the_time, args=(scheduler, ctx.stop), name="watch", daemon=True).start()
    try:
        yield
    finally:
        _within(engine.GRACE, lambda: scheduler.shutdown(wait=True))


@contextmanager
def _worker(ctx: Context, concurrency: int) -> Iterator[None]:
    thread = threading.Thread(target=engine.work, args=(ctx, concurrency), name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        _within(engine.GRACE + 1, thread.join)


def _within(seconds: float, finish: Callable[[], None]) -> None:
    """Wait for an orderly end, but not for ever: a server that hangs must not keep the process from stopping."""
    thread = threading.Thread(target=finish, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        log.warning("some work did not end within %d s; what it had on the wire becomes uncertain", seconds)
        logging.shutdown()
        # Python would wait for the pool's threads before it ends; they are waiting for the server.
        os._exit(0)
