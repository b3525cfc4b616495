"""`newsletter bench torture`: real processes are killed, stopped and starved while they send; then everyone is counted.

What counts is the mail server's own log, held against the ledger: who got nothing, who got two, and of whom the ledger
does not know.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from newsletter.bench import small_disk, waves
from newsletter.bench.judge import Log, Verdict
from newsletter.bench.postgres import Postgres, installed, own_server
from newsletter.bench.publication import Publication
from newsletter.bench.sink import Trouble
from newsletter.bench.stage import LANES, Stage, Stuck, start_sink

Tell = Callable[[str], None]
ALL_OF_TWO = 2 * 2 * LANES
"""What may be uncertain where all connections of two workers break at once."""
EXIT = 10
"""Seconds within which a process ends that is asked to."""


@dataclass(frozen=True)
class Result:
    """What one torture came to."""

    name: str
    what: str
    times: int
    seconds: float
    verdict: Verdict
    allowed: int
    slowest_exit: float = 0.0
    fault: str = ""

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept, in words."""
        found = [self.fault] if self.fault else []
        found += [f"lost: {one}" for one in self.verdict.lost]
        found += [f"twice: {one}" for one in self.verdict.twice]
        found += [f"wrong in the ledger: {one}" for one in self.verdict.belied]
        if len(self.verdict.uncertain) > self.allowed:
            found.append(f"{len(self.verdict.uncertain)} are uncertain, more than {self.allowed}")
        if self.slowest_exit > EXIT:
            found.append(f"a process took {self.slowest_exit:.1f} s to end")
        return found

    def facts(self) -> dict[str, Any]:
        """The result as plain values."""
        return {**asdict(self), "broken": self.broken}


@dataclass(frozen=True)
class Torture:
    """One way to disturb an issue that is being sent."""

    name: str
    what: str
    do: Callable[[Stage, Postgres | None, int], None]
    workers: int = 0
    allowed: int = 2 * LANES
    """Messages that may be uncertain, for each time: two for each connection of one process, or of all of them."""
    full_speed: bool = False
    disk: bool = False
    trouble: Trouble = field(default_factory=Trouble)
    before: waves.Before | None = None
    """Settles who is held; what it knows of them afterwards is looked over by `after`, which says what is wrong."""
    after: waves.After | None = None


def _kill(stage: Stage, server: Postgres | None, times: int) -> None:
    for _ in stage.moments(times):
        stage.kill_one()


def _stop(stage: Stage, server: Postgres | None, times: int) -> None:
    for _ in stage.moments(times):
        stage.stop_one()


def _restart(mode: str) -> Callable[[Stage, Postgres | None, int], None]:
    def do(stage: Stage, server: Postgres | None, times: int) -> None:
        for _ in stage.moments(times):
            if server:
                server.restart("fast" if mode == "fast" else "immediate")

    return do


def _kill_sink(stage: Stage, server: Postgres | None, times: int) -> None:
    for _ in stage.moments(times):
        stage.restart_sink()
        stage.go_on()


def _fill(stage: Stage, server: Postgres | None, times: int) -> None:
    for _ in stage.moments(times):
        small_disk.fill(stage.publication.var)
        _insist_on_rest(stage)
        small_disk.free(stage.publication.var)
        stage.go_on()


def _insist_on_rest(stage: Stage) -> None:
    """What cannot be written down must not be sent: with a full disk the sending comes to a stop."""
    until, last, since = time.monotonic() + 60, stage.log.count(), time.monotonic()
    while time.monotonic() - since < 3:
        time.sleep(0.1)
        if stage.log.count() > last:
            last, since = stage.log.count(), time.monotonic()
        if time.monotonic() > until:
            raise Stuck("it went on sending for a minute with a full disk")


TORTURES = (
    Torture("kill", "kill −9 of `newsletter run`", _kill),
    Torture("kill-at-full-speed", "kill −9 of `newsletter run` at full speed", _kill, full_speed=True),
    Torture(
        "kill-refusals",
        "kill −9 of `newsletter run`, 2 % of the addresses refused, 5 % put off",
        _kill,
        trouble=Trouble(refuse=0.02, defer=0.05),
    ),
    Torture("kill-1", "kill −9 of the one worker", _kill, workers=1),
    Torture("kill-2", "kill −9 of one of 2 workers", _kill, workers=2),
    Torture("kill-4", "kill −9 of one of 4 workers", _kill, workers=4),
    Torture(
        "kill-hours",
        "kill −9 of `newsletter run`, readers at hours of their own",
        _kill,
        before=waves.at_hours,
        after=waves.none_early,
    ),
    Torture(
        "kill-hours-2",
        "kill −9 of one of 2 workers, readers at hours of their own",
        _kill,
        workers=2,
        before=waves.at_hours,
        after=waves.none_early,
    ),
    Torture(
        "kill-variants",
        "kill −9 of `newsletter run`, two variants, and a winner on the way",
        waves.kill_and_decide,
        before=waves.with_variants,
        after=waves.none_mixed_up,
    ),
    Torture("term", "SIGTERM to `newsletter run`", _stop, allowed=0),
    Torture("term-2", "SIGTERM to one of 2 workers", _stop, workers=2, allowed=0),
    Torture("database-fast", "PostgreSQL restarted in order, 2 workers", _restart("fast"), 2, ALL_OF_TWO),
    Torture("database-crash", "PostgreSQL restarted as after a crash, 2 workers", _restart("immediate"), 2, ALL_OF_TWO),
    Torture("server", "the mail server killed and restarted", _kill_sink),
    Torture("server-2", "the mail server killed and restarted, 2 workers", _kill_sink, 2, ALL_OF_TWO),
    Torture("disk", "the disk filled up, and freed again", _fill, disk=True),
)


@dataclass(frozen=True)
class Plan:
    """How hard: so many people, so many blows, so many messages a second, and the chance that says when."""

    people: int = 20_000
    times: int = 20
    rate: int = 500
    """What the mail server takes a second, so that there is something left to disturb; 0 for all it can."""
    seed: int = 1
    only: tuple[str, ...] = ()


def torture(plan: Plan, tell: Tell) -> Iterator[Result]:
    """Do them one after another, each with a publication of its own."""
    for one in TORTURES:
        if plan.only and one.name not in plan.only:
            continue
        if one.workers and not installed():
            tell(f"{one.name}: skipped, for there is no PostgreSQL to set up")
        elif one.disk and not small_disk.possible():
            tell(f"{one.name}: skipped, for no small file system can be mounted here")
        else:
            tell(f"{one.name}: {one.what}, {plan.times} times, {plan.people:,} people")
            with own_server() if one.workers else nullcontext() as server:
                yield _one(one, plan, server)


def _one(one: Torture, plan: Plan, server: Postgres | None) -> Result:
    folder = Path(tempfile.mkdtemp(prefix="newsletter-torture-"))
    connections = LANES * (one.workers or 1)
    delay = 1000 * connections / plan.rate if plan.rate and not one.full_speed else 0
    with ExitStack() as stack:
        var = stack.enter_context(small_disk.mounted(folder / "var")) if one.disk else folder / "var"
        log = Log(folder / "arrived")
        sink = start_sink(log, delay, one.trouble)
        database = server.database("torture") if server else ""
        publication = Publication(folder, database, _sending(sink.port, connections, plan.people), var)
        chance = random.Random(plan.seed)  # noqa: S311 - nobody must not guess it
        stage = Stage(publication, sink, log, delay, plan.people, one.workers, chance, one.trouble)
        stack.callback(lambda: stage.sink.stop())
        stack.callback(publication.kill_all)
        publication.readers(plan.people)
        result = _disturbed(one, plan, stage, server)
    if not result.broken:
        shutil.rmtree(folder, ignore_errors=True)
        return result
    return replace(result, fault=f"{result.fault or 'a promise is broken'}; see {folder}")


def _sending(port: int, connections: int, people: int) -> dict[str, Any]:
    """The part `send` of the configuration. The lease is short, but nothing that is promised may depend on it."""
    batch = min(max(people // 100, 5), 200)
    smtp = {"host": "127.0.0.1", "port": port, "connections": connections}
    return {
        "transport": "smtp",
        "workers": LANES,
        "batch": batch,
        "lease": "10s",
        "retry": {"first": "2s"},
        "smtp": smtp,
    }


def _disturbed(one: Torture, plan: Plan, stage: Stage, server: Postgres | None) -> Result:
    known = one.before(stage, plan) if one.before else {}
    began, fault = time.monotonic(), ""
    stage.up()
    try:
        one.do(stage, server, plan.times)
        stage.wait_for()
    except (Stuck, RuntimeError) as error:
        fault = str(error)
    if one.after and not fault:
        fault = one.after(stage, known)
    seconds, verdict = time.monotonic() - began, stage.verdict()
    return Result(
        one.name, one.what, plan.times, seconds, verdict, one.allowed * plan.times, stage.slowest_exit, fault
    )  # fmt: skip


def heading() -> str:
    """The head of a table of results in Markdown."""
    columns = "what was done, while sending", "people", "times", "lost", "twice", "uncertain", "of them arrived"
    return f"| {' | '.join((*columns, 'slowest exit', 'time'))} |\n|{'---|' * (len(columns) + 2)}"


def row(one: Result) -> str:
    """A result as a row of that table."""
    verdict = one.verdict
    wronged = len(verdict.lost) + len(verdict.belied)
    slowest = f"{one.slowest_exit:.1f} s" if one.slowest_exit else "–"
    return (
        f"| {one.what} | {verdict.people:,} | {one.times} | {wronged} | {len(verdict.twice)}"
        f" | {len(verdict.uncertain)} (allowed: {one.allowed}) | {verdict.arrived_of_uncertain}"
        f" | {slowest} | {one.seconds:.0f} s |"
    )
