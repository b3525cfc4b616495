"""`newsletter bench audience`: how long the audience takes, and how much memory, at a million people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from newsletter.bench import people
from newsletter.bench.figures import Figure, at_least, at_most, plain
from newsletter.bench.scratch import Scratch, scratch

BY_ROW = 500
"""People who are also brought in the obvious way, for comparison in the same run."""
Tell = Callable[[str], None]


def measure(server: str, number: int, tell: Tell) -> Iterator[Figure]:
    """Measure with so many people on a scratch database of this server, or of SQLite where it is empty."""
    per_second = 20_000 if server.startswith("postgres") else 15_000
    with scratch(server) as few:
        tell(f"importing {number // 10:,} people")
        tenth = _import(few, number // 10)
    with scratch(server) as many:
        tell(f"importing {number:,} people")
        whole = _import(many, number)
        yield at_least("import", "rows/s", [number / whole["seconds"]], per_second)
        if whole["behind"] > 1:
            yield plain("import, the index of the search made behind it", "s", [whole["behind"]])
        yield at_most("import, peak of memory against a tenth", "times", [whole["peak_mb"] / tenth["peak_mb"]], 1.2)
        yield plain("import, peak of memory", "MB", [whole["peak_mb"]])
        by_row = many.step("row_by_row", BY_ROW)
        yield plain("import row by row, for comparison", "rows/s", [BY_ROW / by_row["seconds"]])
        many.step("live")
        tell("freezing the audience of an issue")
        frozen = many.step("freeze")
        yield at_most("freeze", "s", frozen["seconds"], 15)
        many.step("opens")
        tell("counting segments")
        for name, found in many.step("segment_counts").items():
            yield at_most(f"segment: {name} ({found['people']:,})", "s", found["seconds"], 1)
        tell("searching")
        for name, found in many.step("search").items():
            yield at_most(f"search: {name}", "ms", [1000 * one for one in found["seconds"]], 300)


def _import(place: Scratch, number: int) -> dict[str, Any]:
    place.step("prepare")
    return place.step("imports", people.write(place.folder / "people.csv", number))
