"""The engine makes jobs run when they are due, and a fault in one is not the end of the others."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import engine
from newsletter.pipeline import JOBS, Context, Job


@pytest.mark.django_db
def test_the_trigger_fires_at_each_cut_off_across_a_clock_change(make_config):
    config = make_config(newsletters={"weekly": {"cut_off": "24h"}})
    trigger = engine.CutOffTrigger(config, "weekly")
    first = trigger.get_next_fire_time(None, datetime(2026, 10, 20, tzinfo=UTC))
    second = trigger.get_next_fire_time(first, first)
    # Friday 08:00 in Berlin is 06:00 UTC in summer and 07:00 UTC in winter.
    assert first == datetime(2026, 10, 22, 6, tzinfo=UTC)
    assert second == datetime(2026, 10, 29, 7, tzinfo=UTC)


@pytest.mark.django_db
def test_a_newsletter_without_a_schedule_never_fires(make_config):
    config = make_config(newsletters={"weekly": {"schedule": None}})
    assert engine.CutOffTrigger(config, "weekly").get_next_fire_time(None, datetime(2026, 10, 20, tzinfo=UTC)) is None


@pytest.mark.django_db
def test_the_clock_looks_for_every_job_at_once_and_sends_side_by_side(make_config):
    ctx = Context(make_config(send={"workers": 3}), "key")
    ran, lock = [], threading.Lock()

    def run(context, job, lane):
        with lock:
            ran.append((job.name, lane))

    scheduler = engine.clock(ctx, run)
    scheduler.start()
    try:
        wanted = {
            (job.name, lane) for job in JOBS for lane in range({"send": 3, "ingest": 2, "chores": 2}.get(job.name, 1))
        }
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


@pytest.mark.django_db
def test_a_job_that_may_not_run_side_by_side_waits_its_turn(make_config):
    running, most, lock = 0, 0, threading.Lock()

    def count(ctx):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1

    ctx = Context(make_config(), "key")
    alone = Job("alone", count, lambda config: timedelta(seconds=1))
    threads = [threading.Thread(target=engine.run_here, args=(ctx, alone)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 1


@pytest.mark.django_db
def test_a_clock_that_is_set_back_holds_up_no_job(make_config):
    ran = threading.Event()
    scheduler = engine.clock(Context(make_config(), "key"), lambda context, job, lane: ran.set())
    scheduler.start(paused=True)
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime(2100, 1, 1, tzinfo=UTC))
    scheduler.resume()
    try:
        assert not ran.wait(0.5)
        engine.look_at_once(scheduler)
        assert ran.wait(5)
    finally:
        scheduler.shutdown()
