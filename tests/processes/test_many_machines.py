"""On PostgreSQL the clock and any number of workers are processes of their own."""

import signal

import pytest

from tests.processes.conftest import Publication, wait_for
from tests.processes.test_end_to_end import POST, smtp

pytestmark = pytest.mark.processes


@pytest.fixture
def spread(tmp_path, postgresql_url):
    made = Publication(tmp_path / "publication", postgresql_url)
    made.folder.mkdir()
    yield made
    made.stop_all()


def test_a_clock_and_three_workers_one_of_them_killed_send_to_each_once(spread, mailbox):
    spread.configure(send=smtp(mailbox, lease="2s", batch=10))
    people = spread.readers(150)
    spread.post("2026-11-01-tea.md", POST)
    mailbox.delay = 0.02
    assert spread.command("migrate").returncode == 0
    workers = [spread.start("worker", "--concurrency", "2") for _ in range(3)]
    clock = spread.start("clock")
    wait_for(lambda: len(mailbox.received) > 40, 60, f"some messages\n{spread.log()}")
    workers[0].send_signal(signal.SIGKILL)
    wait_for(lambda: spread.facts("issues")[0]["status"] == "sent", 90, f"the end\n{spread.log()}")

    counts = spread.facts("issues")[0]["messages"]
    assert max(mailbox.counts.values()) == 1
    assert counts.get("uncertain", 0) <= 2
    assert counts["submitted"] + counts.get("uncertain", 0) == len(people)
    assert len(people - set(mailbox.counts)) <= counts.get("uncertain", 0)
    for process in (clock, *workers[1:]):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(12) for process in (clock, *workers[1:])] == [0, 0, 0]
