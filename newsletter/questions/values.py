"""The values that an expression about a reader may have, and what can be made of any of them."""

from __future__ import annotations

import re

import regex

Value = str | int | float | bool | None | frozenset[str] | tuple[str, ...]

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")
_GRAPHEME = regex.compile(r"\X")


def text(value: Value) -> str:
    """A value as it is shown."""
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def number(value: Value) -> int | float | None:
    """A value as a number, if it is one or reads as one."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and (found := _NUMBER.fullmatch(value.strip())):
        return float(found[0]) if found[1] else int(found[0])
    return None


def graphemes(value: str) -> list[str]:
    """What a reader sees as single characters."""
    return list(_GRAPHEME.findall(value))


def cut(value: str, longest: int) -> str:
    """At most so many graphemes, the last an ellipsis where there were more."""
    found = graphemes(value)
    return value if len(found) <= longest else "".join(found[: max(0, longest - 1)]) + "…"


def missing(value: Value) -> bool:
    """Whether there is nothing to show: a person without a name has an empty one."""
    return value is None or (value is not False and value != 0 and not value)
