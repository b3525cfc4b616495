"""What a second worker adds: `newsletter worker` processes, timed by what the mail server writes down."""

from __future__ import annotations

import time
from pathlib import Path

from newsletter.bench.judge import Log
from newsletter.bench.publication import Publication

FIRST, LAST = 0.1, 0.9
"""The part of an issue that is timed: the workers are all there, and none of them has run out of work."""


def timed(publication: Publication, log: Log, workers: int, lanes: int) -> tuple[float, float]:
    """Let so many workers send an issue; the messages a second that arrived, and the most memory one of them had."""
    people, before = publication.step("begin")["people"], log.count()
    started = [publication.start("worker", "--concurrency", str(lanes)) for _ in range(workers)]
    clock = publication.start("clock")
    first = _when(log, before + int(people * FIRST))
    last = _when(log, before + int(people * LAST))
    peak = max(_peak(process.pid) for process in started)
    _when(log, before + people)
    while publication.rows("SELECT 1 FROM newsletter_issue WHERE status = 'sending'"):
        time.sleep(0.1)
    for process in (clock, *started):
        publication.stop(process)
    return people * (LAST - FIRST) / (last - first), peak


def _when(log: Log, messages: int) -> float:
    while log.count() < messages:
        time.sleep(0.005)
    return time.monotonic()


def _peak(pid: int) -> float:
    """The most memory that a process has had so far, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
