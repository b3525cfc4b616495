"""`newsletter bench audience`: how long the audience takes, and how much memory, at a million people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from newsletter.bench import people
from newsletter.bench.scratch import Scratch, scratch

BY_ROW = 500
"""People who are also brought in the obvious way, for comparison in the same run."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """One thing that was measured: the median, the least and the most of its runs, and what it should be."""

    name: str
    unit: str
    value: float
    least: float
    most: float
    target: str = ""
    met: bool | None = None

    def facts(self) -> dict[str, Any]:
        """The figure as plain values."""
        return asdict(self)


def measure(server: str, number: int, tell: Tell) -> Iterator[Figure]:
    """Measure with so many people on a scratch database of this server, or of SQLite where it is empty."""
    per_second = 20_000 if server.startswith("postgres") else 15_000
    with scratch(server) as few:
        tell(f"importing {number // 10:,} people")
        tenth = _import(few, number // 10)
    with scratch(server) as many:
        tell(f"importing {number:,} people")
        whole = _import(many, number)
        yield _at_least("import", "rows/s", [number / whole["seconds"]], per_second)
        if whole["behind"] > 1:
            yield _plain("import, the index of the search made behind it", "s", [whole["behind"]])
        yield _at_most("import, peak of memory against a tenth", "times", [whole["peak_mb"] / tenth["peak_mb"]], 1.2)
        yield _plain("import, peak of memory", "MB", [whole["peak_mb"]])
        plain = many.step("row_by_row", BY_ROW)
        yield _plain("import row by row, for comparison", "rows/s", [BY_ROW / plain["seconds"]])
        many.step("live")
        tell("freezing the audience of an issue")
        frozen = many.step("freeze")
        yield _at_most("freeze", "s", frozen["seconds"], 15)
        many.step("opens")
        tell("counting segments")
        for name, found in many.step("segment_counts").items():
            yield _at_most(f"segment: {name} ({found['people']:,})", "s", found["seconds"], 1)
        tell("searching")
        for name, found in many.step("search").items():
            yield _at_most(f"search: {name}", "ms", [1000 * one for one in found["seconds"]], 300)


def _import(place: Scratch, number: int) -> dict[str, Any]:
    place.step("prepare")
    return place.step("imports", people.write(place.folder / "people.csv", number))


def _plain(name: str, unit: str, runs: list[float], **aim: Any) -> Figure:
    return Figure(name, unit, median(runs), min(runs), max(runs), **aim)


def _at_least(name: str, unit: str, runs: list[float], target: float) -> Figure:
    return _plain(name, unit, runs, target=f"≥ {target:,g}", met=median(runs) >= target)


def _at_most(name: str, unit: str, runs: list[float], target: float) -> Figure:
    return _plain(name, unit, runs, target=f"≤ {target:,g}", met=median(runs) <= target)
