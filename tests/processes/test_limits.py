"""Limits, held by processes that know of each other only by the database."""

from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.processes

LANE = """
import os, time
from datetime import UTC, datetime
from pathlib import Path
from newsletter.config import load
from newsletter.send import limits

config, here = load(), Path(f"{{os.getpid()}}.sent")
with here.open("w") as file:
    while len(list(Path().glob("*.sent"))) < {processes}:
        time.sleep(0.01)
    until = time.time() + {seconds}
    while time.time() < until:
        grant = limits.allow(config, "main", 500, datetime.now(UTC))
        for index in range(grant.number):
            print(grant.moment(index).timestamp(), file=file)
        time.sleep(min(max(0, grant.at.timestamp() - time.time()), 0.5))
"""


def sent_by(publication, processes: int, seconds: float) -> list[float]:
    """The moments of all messages that so many processes were allowed, which begin once all of them are there."""
    lane = LANE.format(processes=processes, seconds=seconds)
    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(publication.python, [f"\n{lane}"] * processes))
    files = list(publication.folder.glob("*.sent"))
    moments = [float(line) for file in files for line in file.read_text().split()]
    for file in files:
        file.unlink()
    return sorted(moments)


def limited_to(publication, *rates: str) -> None:
    publication.configure(send={"transport": "main", "transports": {"main": {"kind": "outbox", "rate": list(rates)}}})


def test_several_processes_keep_one_limit_and_a_restart_forgets_nothing(publication):
    publication.readers(1)
    limited_to(publication, "100 per second", "1,000 per hour")
    assert publication.command("migrate").returncode == 0

    moments = sent_by(publication, 3, seconds=3)
    # A microsecond less: as decimals of a timestamp, moments a second apart may seem to be nearer.
    assert max(bisect_left(moments, moment + 1 - 1e-6) - at for at, moment in enumerate(moments)) <= 100
    assert len(moments) >= 0.9 * 100 * 3

    limited_to(publication, "100 per second", f"{len(moments) + 50} per hour")
    assert len(sent_by(publication, 2, seconds=2)) == 50
