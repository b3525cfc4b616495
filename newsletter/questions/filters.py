"""What may be done to a value: the filters of Jinja2 that make sense of a reader, and always end."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from newsletter.questions.values import Value, graphemes, missing, number, text

LONGEST = 10_000
"""Characters that a filter may make of a value: `replace` could make any number."""

_WORD = re.compile(r"[^\s\-(\[{<]+")


def _default(value: Value, instead: Value = "", falsy: Value = False) -> Value:
    return instead if missing(value) or (falsy and not value) else value


def _truncate(value: Value, length: Value = 255, killwords: Value = False, end: Value = "…", leeway: Value = 0) -> str:
    """At most so many graphemes, the end among them; at a word's end unless `killwords`."""
    found, tail = graphemes(text(value)), text(end)
    wanted = max(0, int(number(length) or 0))
    if len(found) <= wanted + max(0, int(number(leeway) or 0)):
        return "".join(found)
    kept = "".join(found[: max(0, wanted - len(graphemes(tail)))])
    return (kept if killwords else kept.rpartition(" ")[0] or kept) + tail


def _replace(value: Value, old: Value = "", new: Value = "", count: Value = -1) -> str:
    wanted, times = text(old), number(count)
    if not wanted:
        return text(value)
    # What would be cut off again is not made in the first place.
    most = LONGEST if times is None or times < 0 else min(int(times), LONGEST)
    return text(value).replace(wanted, text(new)[:LONGEST], min(most, 1 + LONGEST // (1 + len(text(new)[:LONGEST]))))


def _integer(value: Value, instead: Value = 0) -> Value:
    found = number(value)
    return instead if found is None else int(found)


def _end(value: Value, at: int) -> str:
    parts = graphemes(value) if isinstance(value, str) else _texts(value)
    return str(parts[at]) if parts else ""


def _texts(value: Value) -> list[str]:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else [text(value)]


def _length(value: Value) -> int:
    if isinstance(value, frozenset | tuple):
        return len(value)
    return len(graphemes(text(value)))


FILTERS: dict[str, Callable[..., Value]] = {
    "capitalize": lambda value: text(value).capitalize(),
    "count": _length,
    "d": _default,
    "default": _default,
    "e": text,  # every value is escaped where it goes into HTML
    "escape": text,
    "first": lambda value: _end(value, 0),
    "int": _integer,
    "join": lambda value, between=", ": text(between)[:100].join(_texts(value)),
    "last": lambda value: _end(value, -1),
    "length": _length,
    "lower": lambda value: text(value).lower(),
    "replace": _replace,
    "string": text,
    "title": lambda value: _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), text(value)),
    "trim": lambda value, characters=None: text(value).strip(text(characters) or None),
    "truncate": _truncate,
    "upper": lambda value: text(value).upper(),
    "urlencode": lambda value: quote(text(value), safe=""),
}
"""What may be done to a value, as Jinja2 calls it."""

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "default": ("default_value", "boolean"), "d": ("default_value", "boolean"), "int": ("default",), "join": ("d",),
    "replace": ("old", "new", "count"), "trim": ("chars",), "truncate": ("length", "killwords", "end", "leeway"),
}  # fmt: skip
"""The arguments of each filter by Jinja2's own names, in their order; a filter that is not named takes none."""
