"""`newsletter bench report`: how long the report of a large issue takes to open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsletter.bench.figures import Figure, at_most, plain
from newsletter.bench.scratch import StepFailed, scratch

TIMES = 15
Tell = Callable[[str], None]


def measure(server: str, people: int, events: int, tell: Tell) -> Iterator[Figure]:
    """Measure with so many people and events on a scratch database of this server, or of SQLite where it is empty."""
    with scratch(server, "report_steps") as place:
        tell(f"writing an issue to {people:,} people, and {events:,} events")
        built = place.step("build", people, events)
        for page, name in (("report", "the report"), ("map", "the link map"), ("letter", "all issues of a newsletter")):
            what = built["newsletter"] if page == "letter" else built["issue"]
            tell(f"opening {name}")
            firsts = [place.step("look", page, what, 1)["seconds"][0] for _ in range(3)]
            looks = place.step("look", page, what, TIMES)
            yield at_most(f"{name}, opened", "ms", [1000 * one for one in looks["seconds"]], 300)
            yield plain(f"{name}, the first in its process", "ms", [1000 * one for one in firsts])
            yield plain(f"{name}, of the web server's processor", "ms", [1000 * one for one in looks["processor"]])
        tell("counting in the background")
        yield plain("counting in the background", "s", [place.step("roll")["seconds"]])
        tell("verifying")
        verified = place.step("verify", built["issue"])
        if verified["drifts"]:
            raise StepFailed(f"{verified['drifts']} counts are not what the events say")
        yield plain("track verify", "s", [verified["seconds"]])
        yield plain("track verify, peak of memory", "MB", [verified["peak_mb"]])
