"""The engine makes jobs run when they are due, and a fault in one is not the end of the others."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import engine
from newsletter.pipeline import JOBS, Context, Job


def test_the_trigger_fires_at_each_cut_off_across_a_clock_change(make_config):
    config = make_config(newsletters={"weekly": {"cut_off": "24h"}})
    trigger = engine.CutOffTrigger(config, "weekly")
    first = trigger.get_next_fire_time(None, datetime(2026, 10, 20, tzinfo=UTC))
    second = trigger.get_next_fire_time(first, first)
    # Friday 08:00 in Berlin is 06:00 UTC in summer and 07:00 UTC in winter.
    assert first == datetime(2026, 10, 22, 6, tzinfo=UTC)
    assert second == datetime(2026, 10, 29, 7, tzinfo=UTC)


def test_a_newsletter_without_a_schedule_never_fires(make_config):
    config = make_config(newsletters={"weekly": {"schedule": None}})
    assert engine.CutOffTrigger(config, "weekly").get_next_fire_time(None, datetime(2026, 10, 20, tzinfo=UTC)) is None


def test_the_clock_looks_for_every_job_at_once_and_sends_side_by_side(make_config):
    ctx = Context(make_config(send={"workers": 3}), "key")
    ran, lock = [], threading.Lock()

    def run(context, job, lane):
        with lock:
            ran.append((job.name, lane))

    scheduler = engine.clock(ctx, run)
    scheduler.start()
    try:
        wanted = {(job.name, lane) for job in JOBS for lane in range(3 if job.name == "send" else 1)}
        until = time.monotonic() + 10
        while not wanted <= set(ran) and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        scheduler.shutdown()
    assert set(ran) == wanted


@pytest.mark.django_db
def test_a_job_that_fails_is_logged_with_its_trace_and_ends_nothing(make_config, caplog):
    def fail(ctx):
        raise RuntimeError("on purpose")

    engine.run_here(Context(make_config(), "key"), Job("broken", fail, lambda config: timedelta(seconds=1)))
    assert "the job 'broken' failed" in caplog.text
    assert "on purpose" in caplog.text
