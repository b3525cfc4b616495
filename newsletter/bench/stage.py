"""Where a torture is done: a publication that is sending, its processes, and the mail server with its log."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.bench.judge import LEDGER, Log, Verdict, judge
from newsletter.bench.publication import Publication
from newsletter.bench.scratch import StepFailed
from newsletter.bench.servers import Server, start
from newsletter.bench.sink import Trouble

PATIENCE = 180
"""Seconds without any progress after which an issue counts as stuck."""
LANES = 4
"""Connections that a sending process may have open."""
ISSUE = "SELECT status, reason, retry_at, newsletter, slug FROM newsletter_issue"


class Stuck(RuntimeError):
    """The issue did not go on; the message says how it stood."""


@dataclass
class Stage:
    """An issue on its way to so many people, and the means to disturb it."""

    publication: Publication
    sink: Server
    log: Log
    delay: float
    people: int
    workers: int
    """0: the one process of `newsletter run`; else so many `newsletter worker` beside a clock."""
    chance: random.Random
    trouble: Trouble
    senders: list[subprocess.Popen[str]] = field(default_factory=list)
    slowest_exit: float = 0.0

    def up(self) -> None:
        """Start everything as an operator would."""
        if self.workers:
            self.publication.command("migrate")
            self.publication.start("clock")
        self.senders = [self._sender() for _ in range(self.workers or 1)]

    def moments(self, times: int, until: float = 0.95, since: float = 0.02) -> Iterator[None]:
        """So many random moments while the issue is being sent, each when so many messages have arrived.

        Every fifth comes soon after the one before, whether anything is being sent again or not.
        """
        first, last = int(self.people * since), int(self.people * until)
        part = (last - first) / times
        for number in range(times):
            if number % 5 == 4:
                time.sleep(self.chance.uniform(0, 3))
            elif not self.wait_for(first + int(part * (number + self.chance.random()))):
                raise Stuck(f"the issue was sent before there was a moment number {number + 1}: more people are needed")
            yield

    def wait_for(self, messages: int | None = None) -> bool:
        """Wait until so many have arrived; say whether they have. Without a number, wait until the issue is sent."""
        last, looked = (0, time.monotonic()), 0.0
        while messages is None or self.log.count() < messages:
            now = time.monotonic()
            if self.log.count() > last[0]:
                last = (self.log.count(), now)
            if now - looked > 0.3:
                looked = now
                if self._sent():
                    return messages is None
            if now - last[1] > PATIENCE:
                raise Stuck(f"nothing has arrived for {PATIENCE} s: {self.status()}")
            time.sleep(0.002 if messages else 0.1)
        return True

    def kill_one(self) -> None:
        """Kill one of the sending processes, and start another in its place."""
        at = self.chance.randrange(len(self.senders))
        self.publication.kill(self.senders[at])
        self.senders[at] = self._sender()

    def stop_one(self) -> None:
        """Ask one of the sending processes to end, and start another in its place."""
        at = self.chance.randrange(len(self.senders))
        self.slowest_exit = max(self.slowest_exit, self.publication.stop(self.senders[at]))
        self.senders[at] = self._sender()

    def restart_sink(self) -> None:
        """Kill the mail server, and start another on the same port a moment later."""
        self.sink.kill()
        time.sleep(self.chance.uniform(0, 1))
        self.sink = start_sink(self.log, self.delay, self.trouble, self.sink.port)

    def go_on(self) -> None:
        """What an operator does whose mail server is back: let the issue go on now, not after its rest."""
        status, resting, name = self._stands()
        try:
            if status == "sending" and resting:
                self.publication.command("pause", name)
                status = "paused"
            if status == "paused":
                self.publication.command("resume", name)
        except StepFailed:
            # Its rest may have been over, and the last message sent, before the command came.
            status, resting, _ = self._stands()
            if status == "paused" or resting:
                raise

    def _stands(self) -> tuple[str, bool, str]:
        """The issue's status, whether it rests until later, and its name for a command."""
        rows = self.publication.rows(ISSUE)
        status, _, retry_at, newsletter, slug = rows[0] if rows else ("", "", None, "", "")
        return status, status == "sending" and bool(retry_at), f"{newsletter}/{slug}"

    def status(self) -> str:
        """How the issue stands, in a line."""
        rows = self.publication.rows(ISSUE)
        counts = self.publication.rows("SELECT state, COUNT(*) FROM newsletter_message GROUP BY state ORDER BY state")
        states = ", ".join(f"{number} {state}" for state, number in counts)
        return f"{rows[0][0]}, {rows[0][1] or 'no reason given'}; {states}" if rows else "there is no issue"

    def verdict(self) -> Verdict:
        """Hold the ledger against what arrived."""
        return judge(self.publication.rows(LEDGER), self.log.arrived(), self.trouble.refuses)

    def _sent(self) -> bool:
        rows = self.publication.rows(ISSUE)
        return bool(rows) and rows[0][0] == "sent"

    def _sender(self) -> subprocess.Popen[str]:
        if self.workers:
            return self.publication.start("worker", "--concurrency", str(LANES))
        return self.publication.start("run")


def start_sink(log: Log, delay: float, trouble: Trouble, port: int = 0) -> Server:
    """A mail server that writes what it takes into this log, and answers after so many milliseconds."""
    shares = "--refuse", trouble.refuse, "--defer", trouble.defer
    return start("sink", "--port", port, "--log", log.file, "--delay", delay, *shares)
