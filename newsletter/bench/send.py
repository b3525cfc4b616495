"""`newsletter bench send`: how fast messages leave, end to end, beside the obvious way and Postfix's own sender.

A run is an issue whose audience is frozen; what is timed is everything from the first claim until the ledger calls the
issue sent. The server that takes the messages, the long wire before it and the database are processes beside ours.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from newsletter.bench.figures import Figure, at_least, at_most, plain, ratio
from newsletter.bench.judge import Log
from newsletter.bench.postgres import cpu_of_server
from newsletter.bench.publication import Publication
from newsletter.bench.scratch import scratch
from newsletter.bench.servers import Server, mail_server, program, running
from newsletter.bench.workers import timed

Tell = Callable[[str], None]
CONNECTIONS, FAR_CONNECTIONS, CALLS = 4, 16, 2
RTT = 40
"""Milliseconds there and back, where a wire is long."""
BY_HAND = 500
"""Messages that are also sent the obvious way, for comparison in the same run."""
MEMORY = 150
"""Megabytes that a process may have at its peak."""


@dataclass(frozen=True)
class Plan:
    """What is measured, and how hard."""

    people: int = 20_000
    runs: int = 3
    many: int = 1_000_000
    """People of the audience whose size memory must not depend on."""
    seconds: int = 60
    """For how long that audience is sent to, after which what is left stays; 0: to its end."""
    server: str = ""
    only: tuple[str, ...] = ()


def measure(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Measure one part after another."""
    for name, part in PARTS.items():
        if not plan.only or name in plan.only:
            tell(f"{name}: {(part.__doc__ or '').partition(chr(10))[0]}")
            yield from part(plan, tell)


def near(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Over the loopback, beside the obvious way and smtp-source."""
    found: dict[str, list[float]] = {}
    with mail_server() as sink, _publication(plan, sink.port, CONNECTIONS) as publication:
        size = _prepared(publication, plan.people, tell)
        for _ in range(plan.runs):
            publication.step("begin")
            _keep(found, obvious=_rate(publication.step("obvious", sink.port, BY_HAND)))
            if program("smtp-source"):
                _keep(found, source=_smtp_source(sink.port, 1, plan.people // 2, size))
                _keep(found, sources=_smtp_source(sink.port, CONNECTIONS, plan.people // 2, size))
            _keep(found, **_drained(plan, publication, sink))
            tell(f"  {found['rate'][-1]:,.0f} messages a second")
    yield plain(f"messages of {size / 1000:.0f} kB, {CONNECTIONS} connections, to {sink.name}", "/s", found["rate"])
    yield plain("the obvious way, one connection", "/s", found["obvious"])
    yield ratio("against the obvious way", found["rate"], found["obvious"], 15)
    if "source" in found:
        yield plain("smtp-source -d", "/s", found["source"])
        yield ratio("against smtp-source -d", found["rate"], found["source"], 1.2)
        yield plain(f"smtp-source -d -s {CONNECTIONS}", "/s", found["sources"])
        yield ratio(f"against smtp-source -d -s {CONNECTIONS}", found["rate"], found["sources"])
    yield from _costs(found, sink)


def bundled(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Over the loopback, to a server that costs less than smtp-sink does."""
    found: dict[str, list[float]] = {}
    with running("sink") as sink, _publication(plan, sink.port, CONNECTIONS) as publication:
        _prepared(publication, plan.people, tell)
        for _ in range(plan.runs):
            publication.step("begin")
            _keep(found, **_drained(plan, publication, sink))
    yield plain(f"{CONNECTIONS} connections, to our own sink", "/s", found["rate"])
    yield from _costs(found, sink)


def far(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Through a wire of 40 ms, with 16 connections."""
    found: dict[str, list[float]] = {}
    people = max(plan.people // 4, 1)
    with ExitStack() as stack:
        sink = stack.enter_context(mail_server())
        wire = stack.enter_context(running("delay", "--to", sink.port, "--rtt", RTT))
        publication = stack.enter_context(_publication(plan, wire.port, FAR_CONNECTIONS))
        size = _prepared(publication, people, tell)
        for _ in range(plan.runs):
            publication.step("begin")
            _keep(found, **_drained(plan, publication, sink))
            if program("smtp-source"):
                _keep(found, source=_smtp_source(wire.port, FAR_CONNECTIONS, max(people // 10, 1), size))
    yield at_least(f"through {RTT} ms, {FAR_CONNECTIONS} connections", "/s", found["rate"], 250)
    if "source" in found:
        yield plain(f"smtp-source -d -s {FAR_CONNECTIONS} through {RTT} ms", "/s", found["source"])


def sendgrid(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """By SendGrid's API, to a stub of it."""
    found: dict[str, list[float]] = {}
    with running("stub") as stub, _sending(plan, by_sendgrid(stub.port)) as publication:
        _prepared(publication, 5 * plan.people, tell)
        for _ in range(plan.runs):
            publication.step("begin")
            _keep(found, **_drained(plan, publication, stub))
    yield at_least("SendGrid's API, recipients", "/s", found["rate"], 20_000)
    yield from _costs(found, stub)


def memory(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """The peak of memory with ten thousand people and with a million."""
    peaks = []
    for people in (10_000, plan.many):
        with running("sink") as sink, _publication(plan, sink.port, CONNECTIONS) as publication:
            _prepared(publication, people, tell)
            publication.step("begin")
            done = publication.step("drain", plan.seconds if people == plan.many else 0)
            tell(f"  {done['messages']:,} of {people:,} sent at {_rate(done):,.0f} a second, {done['peak_mb']:.0f} MB")
            yield plain(f"messages to {people:,} people, {done['messages']:,} of them sent", "/s", [_rate(done)])
            yield at_most(f"its peak of memory, {people:,} people", "MB", [done["peak_mb"]], MEMORY)
            peaks.append(done["peak_mb"])
    yield at_most("its peak of memory, against that with 10,000", "×", [peaks[1] / peaks[0]], 1.1)


def workers(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Two workers against one where the processors are the limit; PostgreSQL only."""
    if plan.server:
        yield from _two(plan, tell, "over the loopback", 0, CONNECTIONS, 1.3)


def far_workers(plan: Plan, tell: Tell) -> Iterator[Figure]:
    """Two workers against one through the long wire; PostgreSQL only."""
    if plan.server:
        yield from _two(plan, tell, f"through {RTT} ms", RTT, FAR_CONNECTIONS, 1.8)


def _two(plan: Plan, tell: Tell, where: str, rtt: int, lanes: int, target: float) -> Iterator[Figure]:
    """Each of the workers has as many connections as the one has alone."""
    found: dict[str, list[float]] = {}
    with ExitStack() as stack:
        log = Log(Path(stack.enter_context(TemporaryDirectory(prefix="newsletter-bench-"))) / "arrived")
        sink = stack.enter_context(running("sink", "--log", log.file))
        port = stack.enter_context(running("delay", "--to", sink.port, "--rtt", rtt)).port if rtt else sink.port
        publication = stack.enter_context(_publication(plan, port, 2 * lanes))
        _prepared(publication, plan.people, tell)
        for _ in range(plan.runs):
            for number in (1, 2):
                one = timed(publication, log, number, lanes, sink, plan.server)
                _keep(found, **{str(number): one.rate, "peak_mb": one.peak_mb, f"cpu {number}": one.cpu})
                tell(f"  {one.rate:,.0f} messages a second by {number}")
    yield plain(f"one worker {where}, {lanes} connections", "/s", found["1"])
    yield plain(f"two workers {where}, {lanes} connections each", "/s", found["2"])
    yield ratio(f"two workers against one, {where}", found["2"], found["1"], target)
    yield plain(f"processor time for each message, all in all, {where}", "ms", found["cpu 2"])
    # What all cores could do if they did nothing else, and as well as they do it by two.
    most = [1000 * (os.cpu_count() or 1) / cpu for cpu in found["cpu 2"]]
    yield ratio(f"the most that the processors allow, against one worker, {where}", most, found["1"])
    yield at_most(f"a worker's peak of memory, {where}", "MB", found["peak_mb"], MEMORY)


def profile(plan: Plan, tell: Tell) -> str:
    """Where the time goes in a process that sends, by function: by SendGrid's API or through the long wire if that part
    is asked for."""
    with ExitStack() as stack:
        if "sendgrid" in plan.only:
            send = by_sendgrid(stack.enter_context(running("stub")).port)
        elif plan.only and all(one.startswith("far") for one in plan.only):
            sink = stack.enter_context(mail_server())
            wire = stack.enter_context(running("delay", "--to", sink.port, "--rtt", RTT))
            send = by_smtp(wire.port, FAR_CONNECTIONS)
        else:
            send = by_smtp(stack.enter_context(mail_server()).port, CONNECTIONS)
        publication = stack.enter_context(_sending(plan, send))
        _prepared(publication, plan.people, tell)
        publication.step("begin")
        return str(publication.step("drain", 0, "profile")["profile"])


def by_sendgrid(port: int) -> dict[str, Any]:
    """The part `send` of a configuration, by a stub of SendGrid's API, with a lane for each connection."""
    settings = {"api_key": "SG.bench", "host": f"http://127.0.0.1:{port}", "connections": CALLS}
    return {"transport": "sendgrid", "workers": CALLS, "sendgrid": settings}


@contextmanager
def _publication(plan: Plan, port: int, connections: int) -> Iterator[Publication]:
    """A publication that sends to this port."""
    with _sending(plan, by_smtp(port, connections)) as publication:
        yield publication


def by_smtp(port: int, connections: int) -> dict[str, Any]:
    """The part `send` of a configuration, with a lane for each connection."""
    smtp = {"host": "127.0.0.1", "port": port, "connections": connections, "messages_per_connection": 1000}
    return {"transport": "smtp", "workers": connections, "smtp": smtp}


@contextmanager
def _sending(plan: Plan, send: dict[str, Any]) -> Iterator[Publication]:
    with scratch(plan.server) as place:
        publication = Publication(place.folder, place.url if plan.server else "", send)
        try:
            yield publication
        finally:
            publication.kill_all()


def _prepared(publication: Publication, people: int, tell: Tell) -> int:
    """Bring so many people in; return the bytes of a message."""
    tell(f"  importing {people:,} people")
    publication.readers(people)
    return int(publication.step("prepare")["bytes"])


def _drained(plan: Plan, publication: Publication, sink: Server) -> dict[str, float]:
    """Send an issue to its end; what it cost, in seconds of processors, goes by the message."""
    sinks, database = sink.cpu(), cpu_of_server(plan.server)
    done = publication.step("drain")
    number = done["messages"] or 1
    return {
        "rate": _rate(done), "cpu": 1000 * done["cpu"] / number, "peak_mb": done["peak_mb"],
        "sink": 1000 * (sink.cpu() - sinks) / number,
        "database": 1000 * (cpu_of_server(plan.server) - database) / number,
    }  # fmt: skip


def _costs(found: dict[str, list[float]], sink: Server) -> Iterator[Figure]:
    yield plain("processor time for each message: ours", "ms", found["cpu"])
    if any(found["database"]):
        yield plain("processor time for each message: PostgreSQL's", "ms", found["database"])
    yield plain(f"processor time for each message: that of {sink.name}", "ms", found["sink"])
    yield at_most("peak of memory", "MB", found["peak_mb"], MEMORY)


def _keep(found: dict[str, list[float]], **values: float) -> None:
    for name, value in values.items():
        found.setdefault(name, []).append(value)


def _rate(done: dict[str, Any]) -> float:
    return float(done["messages"] / done["seconds"])


def _smtp_source(port: int, sessions: int, messages: int, size: int) -> float:
    """Messages a second by Postfix's own generator of load, which keeps its connections (-d)."""
    sizes = ["-s", str(sessions), "-l", str(size), "-m", str(messages)]
    people = ["-f", "mail@harbours.example.org", "-t", "reader@example.org"]
    command = [program("smtp-source"), "-d", *sizes, *people, f"127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - found above
    return messages / (time.perf_counter() - began)


PARTS = {
    "near": near, "bundled": bundled, "far": far, "sendgrid": sendgrid, "workers": workers, "far-workers": far_workers,
    "memory": memory,
}  # fmt: skip
