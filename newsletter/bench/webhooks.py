"""`newsletter bench webhooks`: how fast SendGrid's events are taken in, end to end, with so many messages about.

What is timed is everything from the first post until nothing waits any more: HTTP, signature, the row that is kept, and
then the events, signs, tallies and states of messages that are made of it. The poster is a process beside ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from newsletter.bench.figures import Figure, at_least, at_most, plain
from newsletter.bench.postgres import cpu_of_server
from newsletter.bench.publication import Publication
from newsletter.bench.scratch import StepFailed, scratch
from newsletter.bench.servers import cpu_of

Tell = Callable[[str], None]
EVENTS = 1000
"""Events in a post, as SendGrid sends them at most."""
TARGET = 5000
_PATIENCE = 600  # seconds after which a run is given up
_WAITING = "SELECT COUNT(*) FROM newsletter_payload WHERE done_at IS NULL"


@dataclass(frozen=True)
class Load:
    """How much is posted, and into how much."""

    messages: int = 1_000_000
    posts: int = 100
    runs: int = 3
    server: str = ""


def measure(load: Load, tell: Tell) -> Iterator[Figure]:
    """Measure on a publication of its own."""
    rates, answers, costs = [], [], []
    with _publication(load) as publication:
        tell(f"writing {load.messages:,} messages")
        _step(publication, "prepare", load.messages)
        process = publication.start("run")
        _step(publication, "wait")
        for number in range(load.runs):
            _step(publication, "draw", number, load.posts)
            before = cpu_of(process.pid) + cpu_of_server(load.server)
            began = time.monotonic()
            posted = _step(publication, "post", number)
            _wait(publication)
            took = time.monotonic() - began
            costs.append((cpu_of(process.pid) + cpu_of_server(load.server) - before) * 1000 / load.posts)
            rates.append(load.posts * EVENTS / took)
            answers.append(quantiles(posted["seconds"], n=100)[98] * 1000)
            tell(f"  {rates[-1]:,.0f} events a second, {_step(publication, 'judge', number)['events']:,} of them new")
    yield at_least(f"events, a third of them duplicates, {load.messages:,} messages in the tables", "/s", rates, TARGET)
    yield plain("the answer to a post of 1,000 events, 99th percentile", "ms", answers)
    yield plain("processor time for 1,000 events, ours and the database server's", "ms", costs)
    yield at_most("counts that are not what the rows say", "", [0], 0)


def profile(load: Load, tell: Tell) -> str:
    """Where the time goes when what was kept is understood, by function."""
    with _publication(load) as publication:
        tell(f"writing {load.messages:,} messages")
        _step(publication, "prepare", load.messages)
        _step(publication, "draw", 0, load.posts)
        return str(_step(publication, "understand", 0)["profile"])


@contextmanager
def _publication(load: Load) -> Iterator[Publication]:
    from newsletter.bench.webhook_steps import public_key

    with scratch(load.server) as place:
        made = Publication(place.folder, place.url if load.server else "", {})
        # Opens and clicks are SendGrid's to count, so that its events of them are worth something.
        track = {"sendgrid": {"verification_key": public_key()}, "opens": False, "clicks": False}
        made.configure({"transport": "outbox"}, track)
        made.readers(2)
        try:
            yield made
        finally:
            made.kill_all()


def _step(publication: Publication, name: str, *arguments: object) -> dict[str, Any]:
    return publication.step(name, *arguments, module="webhook_steps")


def _wait(publication: Publication) -> None:
    began = time.monotonic()
    while publication.rows(_WAITING) != [(0,)]:
        if time.monotonic() - began > _PATIENCE:
            raise StepFailed(f"what was posted has not been understood within {_PATIENCE} s")
        time.sleep(0.02)
