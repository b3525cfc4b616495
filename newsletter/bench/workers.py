"""What a second worker adds: `newsletter worker` processes, timed by what the mail server writes down."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from newsletter.bench.judge import Log
from newsletter.bench.postgres import cpu_of_server
from newsletter.bench.publication import Publication
from newsletter.bench.servers import Server, cpu_of

FIRST, LAST = 0.1, 0.9
"""The part of an issue that is timed: the workers are all there, and none of them has run out of work."""


@dataclass(frozen=True)
class Timed:
    """Messages a second that arrived, the most memory that a worker had in MB, and milliseconds of processor time that
    everything on this machine used for each message: workers, clock, database and mail server."""

    rate: float
    peak_mb: float
    cpu: float


def timed(publication: Publication, log: Log, workers: int, lanes: int, sink: Server, database: str) -> Timed:
    """Let so many workers send an issue, and time what lies between a tenth and nine tenths of it."""
    people, before = publication.step("begin")["people"], log.count()
    started = [publication.start("worker", "--concurrency", str(lanes)) for _ in range(workers)]
    clock = publication.start("clock")
    processes = [clock.pid, sink.process.pid, *(process.pid for process in started)]
    first = _when(log, before + int(people * FIRST))
    used = cpu_of_server(database) + sum(map(cpu_of, processes))
    last = _when(log, before + int(people * LAST))
    used = cpu_of_server(database) + sum(map(cpu_of, processes)) - used
    peak = max(_peak(process.pid) for process in started)
    _when(log, before + people)
    while publication.rows("SELECT 1 FROM newsletter_issue WHERE status = 'sending'"):
        time.sleep(0.1)
    for process in (clock, *started):
        publication.stop(process)
    number = people * (LAST - FIRST)
    return Timed(number / (last - first), peak, 1000 * used / number)


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
