"""What makes the jobs run: APScheduler says when; threads here (SQLite) or Procrastinate's workers (PostgreSQL) do it.

No state of the publication lives here. If the engine forgets everything, the next look at the rows finds what is due.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor as Threads
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection, connections
from procrastinate import App
from procrastinate.jobs import Status

from newsletter import compose
from newsletter.config import Config
from newsletter.pipeline import JOBS, Context, Job

log = logging.getLogger(__name__)

TASK = "newsletter.run_job"
_turns: dict[str, threading.Lock] = {}
GRACE = 8
"""Seconds that work on the wire may take to end once a process is asked to stop."""


class CutOffTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at the cut-off before each due date of a newsletter, whatever daylight saving does."""

    def __init__(self, config: Config, newsletter: str) -> None:
        self._config, self._newsletter = config, newsletter

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first cut-off after the last one fired, or after now; if the database is away, it looks again soon.

        A date that is moved after this was asked is found by the job's look at every half minute.
        """
        lead = self._config.newsletters[self._newsletter].cut_off
        try:
            due = next(compose.upcoming(self._config, self._newsletter, (previous or now) + lead), None)
        except OperationalError as error:
            log.warning("the next cut-off of %s is not known: %s", self._newsletter, _first_line(error))
            return now + timedelta(minutes=1)
        finally:
            # The clock's thread asks once a week; whoever is amid a transaction goes on to use the connection.
            if not connection.in_atomic_block:
                connection.close()
        return due - lead if due else None


def on_postgresql() -> bool:
    """Whether the work can be spread over many processes and machines."""
    return connection.vendor == "postgresql"


def run_here(ctx: Context, job: Job, lane: int = 0) -> None:
    """Do a job in this thread; a fault in it is logged with its trace, and the next look tries again."""
    with _turn(job):
        close_old_connections()
        began, fault = time.monotonic(), ""
        try:
            job.run(ctx)
        except OperationalError as error:
            fault = _first_line(error)
            log.warning("the job '%s' waits for the database: %s", job.name, fault)
        except Exception as error:
            fault = type(error).__name__
            log.exception("the job '%s' failed; it is tried again at its next turn", job.name)
        finally:
            ctx.beat(job.name, ctx.clock(), time.monotonic() - began, fault)
            connections.close_all()


def _turn(job: Job) -> AbstractContextManager[object]:
    """What keeps a job that is not done side by side from being so: cut-offs at one moment would all fetch the same."""
    return nullcontext() if job.lanes else _turns.setdefault(job.name, threading.Lock())


class Lanes:
    """A job done again and again, in so many threads side by side, as long as `unfinished` says that there is need.

    `around` holds something to be entered by each thread, such as a profile. The threads keep no process from ending.
    """

    def __init__(
        self, ctx: Context, job: Job, number: int, unfinished: Callable[[], bool], pause: float = 1.0,
        around: Sequence[AbstractContextManager[object]] = (),
    ) -> None:  # fmt: skip
        self._ctx, self._job, self._unfinished, self._pause, self._around = ctx, job, unfinished, pause, around
        self._at_work: set[int] = set()
        self._threads = [
            threading.Thread(target=self._go, args=(lane,), name=f"{job.name} {lane}", daemon=True)
            for lane in range(number)
        ]

    def start(self) -> None:
        """Let them begin."""
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of all of them, but not for longer than that; say whether it has come."""
        until = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if until is None else max(0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def idle(self) -> bool:
        """Whether none of them has anything in hand."""
        return not self._at_work

    def _go(self, lane: int) -> None:
        with self._around[lane] if self._around else nullcontext():
            while not self._ctx.stop.is_set() and self._needed():
                self._at_work.add(lane)
                try:
                    run_here(self._ctx, self._job, lane)
                finally:
                    self._at_work.discard(lane)
                self._ctx.stop.wait(self._pause)

    def _needed(self) -> bool:
        try:
            return self._unfinished()
        except OperationalError as error:
            log.warning("the job '%s' waits for the database: %s", self._job.name, _first_line(error))
            return True
        finally:
            connections.close_all()


def defer(ctx: Context, job: Job, lane: int = 0) -> None:
    """Leave a job to whichever worker is free; one waiting copy of it for each lane is enough."""
    from procrastinate.contrib.django import app
    from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

    close_old_connections()
    try:
        app.configure_task(TASK, queue=_queue(job), queueing_lock=f"{job.name} {lane}").defer(job=job.name)
    except AlreadyEnqueued:
        log.debug("the job '%s' is waiting already", job.name)
    except (ConnectorException, OperationalError) as error:
        log.warning("the job '%s' waits for the database: %s", job.name, _first_line(error))
    finally:
        connections.close_all()


def clock(ctx: Context, run: Callable[[Context, Job, int], None]) -> BackgroundScheduler:
    """A scheduler that looks for each job's work at its times; start it, and shut it down when done."""
    lanes = [(job, lane) for job in JOBS for lane in range(job.lanes(ctx.config) if job.lanes else 1)]
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(lanes) + len(ctx.config.newsletters))},
        # A look that comes late is still worth it, once; two at the same time never are.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=settings.TIME_ZONE,
    )
    for job, lane in lanes:
        scheduler.add_job(
            partial(run, ctx, job, lane),
            IntervalTrigger(seconds=job.every(ctx.config).total_seconds()),
            id=f"{job.name} {lane}",
            next_run_time=datetime.now(scheduler.timezone),
        )
    for job in (job for job in JOBS if job.at_cut_offs):
        for name in ctx.config.newsletters:
            scheduler.add_job(partial(run, ctx, job, 0), CutOffTrigger(ctx.config, name), id=f"{job.name} for {name}")
    return scheduler


def watch_the_time(scheduler: BackgroundScheduler, stop: threading.Event) -> None:
    """Look again at once whenever the machine's clock is set back, until `stop` is set.

    The scheduler waits for moments on the clock; set back by an hour, it would do nothing for an hour.
    """
    ahead = time.time() - time.monotonic()
    while not stop.wait(2):
        now = time.time() - time.monotonic()
        if now < ahead - 5:
            log.warning("the clock was set back by %d s: looking for work at once", ahead - now)
            look_at_once(scheduler)
        ahead = now


def look_at_once(scheduler: BackgroundScheduler) -> None:
    """Make every job that is looked for at intervals due now."""
    for job in scheduler.get_jobs():
        if isinstance(job.trigger, IntervalTrigger):
            job.modify(next_run_time=datetime.now(scheduler.timezone))


def work(ctx: Context, concurrency: int) -> None:
    """Carry out deferred jobs in this thread until `ctx.stop` is set; then finish what is on the wire.

    A database that is away ends nothing: the workers begin again until it is back.
    """
    while not ctx.stop.is_set():
        try:
            asyncio.run(_work(ctx, concurrency))
        except Exception:
            log.exception("the workers broke off; they begin again in 5 s")
        ctx.stop.wait(5)


async def _work(ctx: Context, concurrency: int) -> None:
    # A thread for each place; asyncio's own pool has as many as there are cores and four.
    asyncio.get_running_loop().set_default_executor(Threads(concurrency + 4))
    async with _carrier(ctx).open_async() as app:
        for job in await app.job_manager.get_stalled_jobs():
            # Left by a worker that was killed. The rows know what is due; these would only pile up.
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        # Sending may fill its own places for hours, imports and events theirs; collecting must not wait behind them.
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue], concurrency=places, delete_jobs="always", install_signal_handlers=False,
                    shutdown_graceful_timeout=GRACE, fetch_job_polling_interval=2,
                )
            )
            for queue, places in (("send", concurrency), ("audience", 2), ("events", 2), ("jobs", 2))
        ]  # fmt: skip
        while not ctx.stop.is_set() and not any(worker.done() for worker in workers):
            await asyncio.sleep(0.2)
        for worker in workers:
            worker.cancel()
        for outcome in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _carrier(ctx: Context) -> App:
    """A Procrastinate app of the workers' own: Django's stays as it is, for the clock in the same process."""
    from procrastinate.contrib.django import app as django_app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    connector = cast(DjangoConnector, django_app.connector)
    app = App(connector=connector.get_worker_connector())
    jobs = {job.name: job for job in JOBS}

    @app.task(name=TASK)
    def run_job(job: str) -> None:
        run_here(ctx, jobs[job])

    return app


def _first_line(error: Exception) -> str:
    """What the database, or whatever stands between, says is wrong; its cause says more than its wrapping."""
    return str(error.__cause__ or error).strip().partition("\n")[0]


def _queue(job: Job) -> str:
    return {"send": "send", "imports": "audience", "bulk": "audience", "ingest": "events"}.get(job.name, "jobs")
