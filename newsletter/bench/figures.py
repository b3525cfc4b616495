"""What a benchmark says: figures, each with what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


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


def plain(name: str, unit: str, runs: Sequence[float], **aim: Any) -> Figure:
    """A figure that need not be anything."""
    return Figure(name, unit, median(runs), min(runs), max(runs), **aim)


def at_least(name: str, unit: str, runs: Sequence[float], target: float) -> Figure:
    """A figure that should be so much or more."""
    return plain(name, unit, runs, target=f"≥ {target:,g}", met=median(runs) >= target)


def at_most(name: str, unit: str, runs: Sequence[float], target: float) -> Figure:
    """A figure that should be so much or less."""
    return plain(name, unit, runs, target=f"≤ {target:,g}", met=median(runs) <= target)


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], target: float | None = None) -> Figure:
    """How many times theirs ours is: of the medians, and between the runs that lie furthest apart."""
    value = median(ours) / median(theirs)
    aim: dict[str, Any] = {} if target is None else {"target": f"≥ {target:g}", "met": value >= target}
    return Figure(name, "×", value, min(ours) / max(theirs), max(ours) / min(theirs), **aim)
