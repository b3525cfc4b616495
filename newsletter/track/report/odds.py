"""Odds: what can be said of shares that were counted in samples, and how surely. Nothing here draws lots.

How likely each variant is the best: its true share is unknown; before anything is counted every share is as likely as
any other, and after `hits` of `tries` it has the distribution Beta(1 + hits, 1 + tries - hits). The chance that one is
the best is the integral of its density times the others' distribution functions (E. Miller, Formulas for Bayesian A/B
Testing, 2015; J. Cook, Numerical evaluation of inequality probabilities, 2005), taken over a grid of equal steps.
Intervals of shares are Wilson's (E. B. Wilson, Probable Inference, JASA 22, 1927).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt
from typing import NamedTuple

STEPS = 2_000
"""Of the grid; twice as many change the fourth digit of a chance at most."""
REACH = 8
"""Standard deviations around the means that the grid covers: what lies beyond is less than a chance in 10 million."""
Z95 = 1.959964
"""Of 95 % of a normal distribution, both sides left out."""
Z80 = 0.841621
"""Of 80 %, one side left out."""


class Counted(NamedTuple):
    """So many of so many."""

    hits: int
    tries: int

    @property
    def rate(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.tries if self.tries else None


def interval(counted: Counted) -> tuple[float, float] | None:
    """Wilson's interval, within which the true share lies 95 times in a hundred; None of nothing."""
    hits, tries = counted
    if not tries:
        return None
    rate, square = hits / tries, Z95 * Z95
    middle = (rate + square / (2 * tries)) / (1 + square / tries)
    half = Z95 * sqrt(rate * (1 - rate) / tries + square / (4 * tries * tries)) / (1 + square / tries)
    return max(0.0, middle - half), min(1.0, middle + half)


def chances(counted: Mapping[str, Counted]) -> dict[str, float]:
    """How likely each is the best of them; the chances add up to 1."""
    shapes = {name: (1 + min(one.hits, one.tries), 1 + max(one.tries - one.hits, 0)) for name, one in counted.items()}
    if len(shapes) < 2:
        return dict.fromkeys(shapes, 1.0)
    low, high = _reach(list(shapes.values()))
    grid = [low + (high - low) * (step + 0.5) / STEPS for step in range(STEPS)]
    densities = {name: _density(a, b, grid) for name, (a, b) in shapes.items()}
    below = {name: _running(density) for name, density in densities.items()}
    found = {}
    for name, density in densities.items():
        others = [below[other] for other in below if other != name]
        found[name] = sum(weight * _product(others, step) for step, weight in enumerate(density))
    whole = sum(found.values())
    return {name: chance / whole for name, chance in found.items()}


def smallest_difference(rate: float, tries: int) -> float | None:
    """By how much two shares must differ, around this one, to be told apart with so many tries each; None of nothing.

    The usual measure: a test at 5 % that finds such a difference four times in five.
    """
    if tries <= 0:
        return None
    return (Z95 + Z80) * sqrt(2 * rate * (1 - rate) / tries)


def _reach(shapes: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """The stretch of shares that any of them may well have."""
    ends = []
    for a, b in shapes:
        mean, deviation = a / (a + b), sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
        ends.append((mean - REACH * deviation, mean + REACH * deviation))
    return max(0.0, min(low for low, _ in ends)), min(1.0, max(high for _, high in ends))


def _density(a: int, b: int, grid: Sequence[float]) -> list[float]:
    """The weights of a Beta distribution on the grid, which add up to 1."""
    logarithms = [(a - 1) * log(x) + (b - 1) * log(1 - x) for x in grid]
    highest = max(logarithms)  # taken out, so that a peak between two steps of the grid is not lost
    weights = [exp(one - highest) for one in logarithms]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _running(density: Sequence[float]) -> list[float]:
    """How much lies below the middle of each step."""
    found, before = [], 0.0
    for weight in density:
        found.append(before + weight / 2)
        before += weight
    return found


def _product(columns: Sequence[Sequence[float]], step: int) -> float:
    product = 1.0
    for column in columns:
        product *= column[step]
    return product
