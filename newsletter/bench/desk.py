"""`newsletter bench desk`: how long each page of the desk takes to open, of a publication with a million people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from newsletter.bench.figures import Figure, at_most, plain
from newsletter.bench.scratch import StepFailed, scratch

MILLISECONDS = 300
"""What a page may take."""
TIMES = 5
SHOWN = 12
"""Of the pages, so many of the slowest are told one by one."""


def measure(server: str, people: int, issues: int, tell: Callable[[str], None], only: str = "") -> Iterator[Figure]:
    """Measure on a scratch database of this server, or of SQLite where it is empty.

    Every address of the desk that is opened without filling in a form, or those that hold `only`.
    """
    with scratch(server, "desk_steps") as place:
        tell(f"writing {issues:,} issues, the latest of them to {people:,} people")
        place.step("build", people, issues)
        tell("opening every page")
        pages = place.step("walk", TIMES, only)["pages"]
    if not pages:
        raise StepFailed("no page of the desk has such an address" if only else "no page of the desk was opened")
    slowest = sorted(pages, key=lambda page: -median(page["seconds"]))
    for page in slowest[:SHOWN]:
        yield at_most(page["address"], "ms", [1000 * one for one in page["seconds"]], MILLISECONDS)
    yield plain(f"all {len(pages)} pages", "ms", [1000 * median(page["seconds"]) for page in pages])
    late = [page for page in pages if 1000 * median(page["seconds"]) > MILLISECONDS]
    yield at_most(f"pages over {MILLISECONDS} ms", "pages", [len(late)], 0)
