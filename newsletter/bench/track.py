"""`newsletter bench track`: how fast links lead on, with a million messages, beside the obvious way in the same run.

The web server and whoever brings its hits into the database have one core to themselves; who clicks, and the database
where it is a server, have the others. Each address is asked for once, so that the rows tell afterwards whether any
click that was answered is missing, or is there twice.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

from newsletter.bench.figures import Figure, at_least, at_most, plain, ratio
from newsletter.bench.publication import Publication
from newsletter.bench.scratch import StepFailed, scratch
from newsletter.bench.servers import cpu_of, wait_for_port

Tell = Callable[[str], None]
TARGET = 5000
"""Redirects a second that one core should do; the time they take is measured at half of it."""
CONNECTIONS = 64
_PATIENCE = 600
"""Seconds that the last of the hits may take into the database."""
_LUA = """
local lines
function init(arguments)
  lines = io.lines(arguments[1])
  for _ = 1, tonumber(arguments[2]) do lines() end
end
function request()
  local path = lines and lines()
  if not path then
    lines = nil
    wrk.thread:stop()
  end
  return wrk.format("GET", path or "/")
end
"""


@dataclass(frozen=True)
class Plan:
    """What is measured, and how hard."""

    messages: int = 1_000_000
    runs: int = 3
    seconds: float = 10
    server: str = ""


@dataclass
class Clicker:
    """Who clicks: goes through the addresses, each once, and counts what was answered."""

    publication: Publication
    paths: Path
    addresses: int
    skip: int = 0
    led: int = 0
    """Clicks that were answered."""
    open_ended: int = 0
    """Connections that were cut off with a click on them, which may count though nobody saw its answer."""
    found: dict[str, list[float]] = field(default_factory=dict)

    def full(self, seconds: float) -> float:
        """As many a second as are answered, by wrk where it is installed."""
        done = self._wrk(seconds) if _wrk() else self._own(seconds)
        return float(done["led"] / done["seconds"])

    def steady(self, rate: float, seconds: float) -> dict[str, Any]:
        """So many a second, by our own client: when they were answered counts from when they were to be asked."""
        return self._own(seconds, rate)

    def keep(self, **values: float) -> None:
        """Put figures down."""
        for name, value in values.items():
            self.found.setdefault(name, []).append(value)

    def _own(self, seconds: float, rate: float = 0) -> dict[str, Any]:
        line = [sys.executable, "-m", "newsletter.bench.clicks", "--port", str(self.publication.port)]
        how = ["--connections", str(CONNECTIONS), "--rate", str(rate), "--seconds", str(seconds)]
        return self._went(json.loads(_run([*line, "--paths", str(self.paths), "--skip", str(self.skip), *how])))

    def _wrk(self, seconds: float) -> dict[str, Any]:
        script = self.paths.with_name("clicks.lua")
        script.write_text(_LUA)
        address = f"http://127.0.0.1:{self.publication.port}"
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(script), address]
        said = _run([_wrk(), *options, "--", str(self.paths), str(self.skip)])
        asked, took = re.findall(r"(\d+) requests in ([\d.]+)s", said)[0]
        failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", said)))
        broken = sum(map(int, re.findall(r"\d+", "".join(re.findall(r"Socket errors: (.*)", said)))))
        self.open_ended += CONNECTIONS + broken
        # It counts what was answered; up to so many more were asked, and it takes one to look at before it begins.
        done = {"asked": int(asked) + CONNECTIONS + broken + 1, "led": int(asked) - failed, "seconds": float(took)}
        return self._went(done)

    def _went(self, done: dict[str, Any]) -> dict[str, Any]:
        self.skip, self.led = self.skip + done["asked"], self.led + done["led"]
        if self.skip > self.addresses:
            raise StepFailed("there are fewer messages than clicks: more --messages, or fewer --seconds")
        return done


def measure(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Measure on one database."""
    with scratch(plan.server) as place:
        publication = Publication(place.folder, place.url if plan.server else "", {"transport": "outbox"})
        try:
            yield from _measured(plan, publication, tell)
        finally:
            publication.kill_all()


def _measured(plan: Plan, publication: Publication, tell: Tell) -> Iterator[Figure]:
    paths = publication.folder / "paths"
    tell(f"writing {plan.messages:,} messages")
    made = publication.step("prepare", plan.messages, paths, module="track_steps")
    clicker = Clicker(publication, paths, made["addresses"])
    for _ in range(plan.runs):
        _run_ours(plan, clicker, tell)
        _run_plain(plan, clicker, paths)
        tell(f"  {clicker.found['rate'][-1]:,.0f} a second, the obvious way {clicker.found['plain'][-1]:,.0f}")
    found, half = clicker.found, TARGET // 2
    yield at_least(f"redirects on one core, {made['messages']:,} messages", "/s", found["rate"], TARGET)
    yield plain("the obvious way: a view that writes a row", "/s", found["plain"])
    yield ratio("against the obvious way", found["rate"], found["plain"])
    yield plain("processor time for each redirect", "µs", found["cpu"])
    yield plain(f"at {half:,} a second: half are answered within", "ms", found["p50"])
    yield at_most(f"at {half:,} a second: 99 in a hundred are answered within", "ms", found["p99"], 20)
    yield plain("hits brought into the database, once nobody clicks", "/s", found["ingested"])
    yield plain("processor time for each hit that is brought in: ours", "µs", found["beside"])
    yield from _counted(clicker, publication)


def _run_ours(plan: Plan, clicker: Clicker, tell: Tell) -> None:
    publication = clicker.publication
    with _up(publication, "newsletter", "web") as process:
        before, led, beside = cpu_of(process.pid), clicker.led, _cpu_beside(process.pid)
        rate = clicker.full(plan.seconds)
        cpu = 1e6 * (cpu_of(process.pid) - before) / (clicker.led - led)
        # What has just been clicked is still on its way into the database.
        steady = clicker.steady(TARGET / 2, plan.seconds)
        clicker.keep(rate=rate, cpu=cpu, p50=steady["p50"], p99=steady["p99"], ingested=_settled(clicker))
        clicker.keep(beside=1e6 * (_cpu_beside(process.pid) - beside) / (clicker.led - led))
        tell(f"  99 in a hundred within {steady['p99']:.1f} ms, all within {steady['most']:.0f} ms")


def _run_plain(plan: Plan, clicker: Clicker, paths: Path) -> None:
    other = paths.with_name("plain")
    if not other.exists():
        other.write_text(paths.read_text().replace("/c/", "/plain/"))
    plainly = Clicker(clicker.publication, other, clicker.addresses, skip=clicker.skip)
    with _up(clicker.publication, "newsletter.bench.plain"):
        clicker.keep(plain=plainly.full(plan.seconds))
    clicker.publication.change("DELETE FROM newsletter_event WHERE source = '' AND judged = ''")


@contextmanager
def _up(publication: Publication, module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A web server on the first core, for as long as it is needed."""
    process = publication.start(*arguments, module=module, core=min(_cores()))
    wait_for_port(publication.port, module)
    # Not measured: what it does once.
    time.sleep(2)
    yield process
    publication.stop(process)


def _settled(clicker: Clicker) -> float:
    """Wait until every click is in the database; return how many a second that were."""
    count = "SELECT COUNT(*) FROM newsletter_event WHERE kind = 'click'"
    began, first = time.perf_counter(), clicker.publication.rows(count)[0][0]
    while (there := clicker.publication.rows(count)[0][0]) < clicker.led:
        if time.perf_counter() - began > _PATIENCE:
            raise StepFailed(f"{clicker.led - there:,} clicks are not in the database after {_PATIENCE} s")
        time.sleep(0.2)
    return float((there - first) / (time.perf_counter() - began))


def _counted(clicker: Clicker, publication: Publication) -> Iterator[Figure]:
    """Every click that was answered is there, and none twice: each was for another message."""
    there = publication.step("count", module="track_steps")
    missing, twice = max(clicker.led - there["messages"], 0), there["clicks"] - there["messages"]
    yield at_most(f"of {clicker.led:,} clicks that were answered, not in the database", "", [missing], 0)
    yield at_most("clicks that are there twice", "", [twice], 0)
    unseen = max(there["messages"] - clicker.led, 0)
    yield at_most("clicks that are there, and wrk had gone before the answer", "", [unseen], clicker.open_ended)


def _cpu_beside(pid: int) -> float:
    """Seconds of processor time of the process beside a web server, which brings its hits in."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return sum(cpu_of(int(child)) for child in children.read_text().split()) if children.exists() else 0.0


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}


def _wrk() -> str:
    return which("wrk") or ""


def _run(line: list[str]) -> str:
    """Run a client on the other cores, if there are any, and return what it says."""
    cores = _cores()
    others = cores - {min(cores)} or cores

    def apart() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, others)

    done = subprocess.run(line, capture_output=True, text=True, check=False, preexec_fn=apart)  # noqa: S603
    if done.returncode:
        raise StepFailed(f"{line[0]}: {done.stderr.strip().rpartition(chr(10))[2]}")
    return done.stdout
