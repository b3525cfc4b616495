"""On PostgreSQL the clock and any number of workers are processes of their own."""

import signal

import pytest

from tests.processes.conftest import PATIENCE, Publication
from tests.processes.test_end_to_end import POST, is_sent, on_the_wire, see_a_later_post, smtp

pytestmark = pytest.mark.processes


@pytest.fixture
def spread(tmp_path, migrated_postgresql_url):
    made = Publication(tmp_path / "publication", migrated_postgresql_url)
    made.folder.mkdir()
    yield made
    made.stop_all()


@pytest.mark.alone
def test_a_clock_and_three_workers_one_of_them_killed_send_to_each_once(spread, mailbox):
    spread.configure(send=smtp(mailbox, lease="5s", batch=10))
    people = spread.readers(150)
    spread.post("2026-11-01-tea.md", POST)
    mailbox.delay = 0.02
    assert spread.command("migrate").returncode == 0
    workers = [spread.start("worker", "--concurrency", "2") for _ in range(3)]
    clock = spread.start("clock")
    spread.wait_for(lambda: len(mailbox.received) > 40, "some messages")
    workers[0].send_signal(signal.SIGKILL)
    spread.wait_for(lambda: is_sent(spread), "the end")

    counts = spread.facts("issues")[0]["messages"]
    assert max(mailbox.counts.values()) == 1
    assert counts.get("uncertain", 0) <= 2
    assert counts["submitted"] + counts.get("uncertain", 0) == len(people)
    assert len(people - set(mailbox.counts)) <= counts.get("uncertain", 0)
    for process in (clock, *workers[1:]):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(12) for process in (clock, *workers[1:])] == [0, 0, 0]


@pytest.mark.alone
def test_a_worker_whose_mail_server_hangs_stops_within_ten_seconds(spread, mailbox):
    spread.configure(send=smtp(mailbox, batch=5))
    spread.readers(20)
    spread.post("2026-11-01-tea.md", POST)
    mailbox.delay = 40
    assert spread.command("migrate").returncode == 0
    spread.start("clock")
    worker = spread.start("worker", "--concurrency", "2")
    spread.wait_for(lambda: on_the_wire(spread), "a message on the wire")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10.5) == 0


def test_more_sending_places_than_cores_keep_no_other_job_waiting(spread, mailbox, site):
    feed = {"kind": "feed", "location": f"{site.url}/feed.xml", "allow_private": True}
    several = smtp(mailbox, batch=1, workers=8)
    several["smtp"]["connections"] = 8
    spread.configure(send=several, sources={"wire": feed})
    spread.readers(40)
    spread.post("2026-11-01-tea.md", POST)
    mailbox.delay = 2 * PATIENCE
    assert spread.command("migrate").returncode == 0
    spread.start("run")
    spread.wait_for(lambda: on_the_wire(spread) == 8, "8 on the wire")
    see_a_later_post(spread, "Later")
    assert on_the_wire(spread) == 8, "a place for sending was free meanwhile"
