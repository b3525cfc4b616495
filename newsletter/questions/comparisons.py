"""How two values are compared: as in Python, and never an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from newsletter.questions.values import Value, number, text


def _pair(left: Value, right: Value) -> tuple[Any, Any] | None:
    """Both as numbers if one is a number and the other can be read as one, both as texts, or nothing."""
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    numbers = [number(one) for one in (left, right)]
    return None if None in numbers else (numbers[0], numbers[1])


def _equal(left: Value, right: Value) -> bool:
    pair = _pair(left, right)
    if pair:
        return bool(pair[0] == pair[1])
    if isinstance(left, frozenset | tuple) and isinstance(right, frozenset | tuple):
        return set(left) == set(right)
    return left is None and right is None


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    def compared(left: Value, right: Value) -> bool:
        pair = _pair(left, right)
        return pair is not None and holds(*pair)

    return compared


def _within(item: Value, whole: Value) -> bool:
    if isinstance(whole, str):
        return isinstance(item, str) and item in whole
    return isinstance(whole, frozenset | tuple) and text(item) in whole


COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "eq": _equal,
    "ne": lambda left, right: not _equal(left, right),
    "gt": _ordered(lambda left, right: left > right),
    "gteq": _ordered(lambda left, right: left >= right),
    "lt": _ordered(lambda left, right: left < right),
    "lteq": _ordered(lambda left, right: left <= right),
    "in": _within,
    "notin": lambda item, whole: not _within(item, whole),
}
