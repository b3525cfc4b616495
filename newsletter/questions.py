"""What an edition asks of each reader: small expressions, kept as JSON and worked out as often as there are readers.

An expression is a list whose first member says what it is:

| | |
|---|---|
| `["const", value]` | a text, a number, yes, no, nothing, or a list of texts |
| `["reader", name]` | `email`, `name`, `first_name` or `lists` |
| `["field", name]`, `["fields"]` | a custom field; the names of those that a person has |
| `["filter", name, x, [argument …]]` | one of FILTERS |
| `["compare", x, [[operator, y] …]]` | as in Python, and never an error |
| `["and" or "or", x, y]`, `["not", x]`, `["if", test, x, y]`, `["join", [x …]]` | |

Whatever a person's name or fields hold, working one out ends, and ends well: there is no loop in it, no attribute, no
call, and a value of the wrong kind counts as none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import regex

from subscribers import fields as person_fields

Expression = Sequence[Any]
Value = str | int | float | bool | None | frozenset[str] | tuple[str, ...]

READER = ("email", "first_name", "lists", "name")
"""What is known of every reader; everything else is in `fields`."""
LONGEST = 10_000
"""Characters that a filter may make of a value: `replace` could make any number."""

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")
_GRAPHEME = regex.compile(r"\X")
_WORD = re.compile(r"[^\s\-(\[{<]+")


@dataclass(frozen=True)
class Person:
    """Who is asked. Without anything it is nobody: no name, no list, no field."""

    email: str = ""
    name: str = ""
    fields: Mapping[str, object] | Any = field(default_factory=dict)
    lists: frozenset[str] = frozenset()

    @cached_property
    def known(self) -> dict[str, str]:
        """The custom fields that hold something, as text on one line."""
        if not isinstance(self.fields, Mapping):  # what came into the column by another way than ours
            return {}
        pairs = ((person_fields.slug(str(name)), person_fields.tidy(value)) for name, value in self.fields.items())
        return {name: value for name, value in pairs if value}

    def shortened(self, longest: int) -> Person:
        """The same person with every value cut to so many characters; the address stays whole."""
        fields = {name: cut(value, longest) for name, value in self.known.items()}
        return Person(self.email, cut(person_fields.tidy(self.name), longest), fields, self.lists)

    def fact(self, name: str) -> Value:
        """One of READER."""
        if name == "lists":
            return self.lists
        plain = person_fields.tidy(self.name)
        if name == "first_name":
            return person_fields.first_name(plain, self.known)
        return plain if name == "name" else person_fields.tidy(self.email)


NOBODY = Person()

Question = Callable[[Person], Value]


def question(expression: Expression) -> Question:
    """The expression as a function of the person who is asked."""
    kind, *rest = expression
    return _KINDS[kind](*rest)


def asks_for(expression: Any, kind: str, name: str = "") -> bool:
    """Whether anywhere in an expression, or in a list of them, stands `[kind]` or `[kind, name]`."""
    if isinstance(expression, str) or not isinstance(expression, Sequence):
        return False
    if expression and expression[0] == "const":
        return False
    found = len(expression) > 0 and expression[0] == kind and (not name or expression[1] == name)
    return found or any(asks_for(part, kind, name) for part in expression)


def words(expression: Any) -> int:
    """Bytes of our own words in an expression, as they are at most when they travel in HTML and JSON."""
    if isinstance(expression, str) or not isinstance(expression, Sequence):
        return 0
    if expression and expression[0] == "const":
        return len(quote(text(expression[1]), safe=" ")) if isinstance(expression[1], str) else 0
    return sum(words(part) for part in expression)


def text(value: Value) -> str:
    """A value as it is shown."""
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def cut(value: str, longest: int) -> str:
    """At most so many graphemes, the last an ellipsis where there were more."""
    graphemes = _GRAPHEME.findall(value)
    return value if len(graphemes) <= longest else "".join(graphemes[: max(0, longest - 1)]) + "…"


def missing(value: Value) -> bool:
    """Whether there is nothing to show: a person without a name has an empty one."""
    return value is None or (value is not False and value != 0 and not value)


# ── the kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _const(value: Any) -> Question:
    known: Value = tuple(map(str, value)) if isinstance(value, list | tuple) else value
    return lambda person: known


def _reader(name: str) -> Question:
    return lambda person: person.fact(name)


def _field(name: str) -> Question:
    return lambda person: person.known.get(name, "")


def _fields() -> Question:
    return lambda person: frozenset(person.known)


def _filter(name: str, operand: Expression, arguments: Sequence[Expression]) -> Question:
    change, of, given = FILTERS[name], question(operand), [question(one) for one in arguments]

    def filtered(person: Person) -> Value:
        value, inserted = of(person), [one(person) for one in given]
        changed = change(value, *inserted)
        # Only what grew beyond all that went in: an editor's own long text passes through `default` whole.
        if isinstance(changed, str) and len(changed) > LONGEST:
            return changed[: max(LONGEST, *(len(text(one)) for one in (value, *inserted)))]
        return changed

    return filtered


def _compare(first: Expression, rest: Sequence[tuple[str, Expression]]) -> Question:
    start, steps = question(first), [(COMPARISONS[operator], question(operand)) for operator, operand in rest]

    def compared(person: Person) -> Value:
        left = start(person)
        for holds, operand in steps:
            right = operand(person)
            if not holds(left, right):
                return False
            left = right
        return True

    return compared


def _and(left: Expression, right: Expression) -> Question:
    first, second = question(left), question(right)
    return lambda person: first(person) and second(person)


def _or(left: Expression, right: Expression) -> Question:
    first, second = question(left), question(right)
    return lambda person: first(person) or second(person)


def _not(operand: Expression) -> Question:
    of = question(operand)
    return lambda person: not of(person)


def _if(test: Expression, then: Expression, otherwise: Expression) -> Question:
    holds, yes, no = question(test), question(then), question(otherwise)
    return lambda person: yes(person) if holds(person) else no(person)


def _join(parts: Sequence[Expression]) -> Question:
    found = [question(part) for part in parts]
    return lambda person: "".join(text(part(person)) for part in found)


_KINDS: dict[str, Callable[..., Question]] = {
    "const": _const, "reader": _reader, "field": _field, "fields": _fields, "filter": _filter, "compare": _compare,
    "and": _and, "or": _or, "not": _not, "if": _if, "join": _join,
}  # fmt: skip


# ── comparisons ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _pair(left: Value, right: Value) -> tuple[Any, Any] | None:
    """Both as numbers if one is a number and the other can be read as one, both as texts, or nothing."""
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    numbers = [_number(one) for one in (left, right)]
    return None if None in numbers else (numbers[0], numbers[1])


def _number(value: Value) -> int | float | None:
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and (found := _NUMBER.fullmatch(value.strip())):
        return float(found[0]) if found[1] else int(found[0])
    return None


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


# ── filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _default(value: Value, instead: Value = "", falsy: Value = False) -> Value:
    return instead if missing(value) or (falsy and not value) else value


def _truncate(value: Value, length: Value = 255, killwords: Value = False, end: Value = "…", leeway: Value = 0) -> str:
    """At most so many graphemes, the end among them; at a word's end unless `killwords`."""
    graphemes, tail = _GRAPHEME.findall(text(value)), text(end)
    wanted = max(0, int(_number(length) or 0))
    if len(graphemes) <= wanted + max(0, int(_number(leeway) or 0)):
        return "".join(graphemes)
    kept = "".join(graphemes[: max(0, wanted - len(_GRAPHEME.findall(tail)))])
    return (kept if killwords else kept.rpartition(" ")[0] or kept) + tail


def _replace(value: Value, old: Value = "", new: Value = "", count: Value = -1) -> str:
    wanted, times = text(old), _number(count)
    if not wanted:
        return text(value)
    # What would be cut off again is not made in the first place.
    most = LONGEST if times is None or times < 0 else min(int(times), LONGEST)
    return text(value).replace(wanted, text(new)[:LONGEST], min(most, 1 + LONGEST // (1 + len(text(new)[:LONGEST]))))


def _integer(value: Value, instead: Value = 0) -> Value:
    found = _number(value)
    return instead if found is None else int(found)


def _end(value: Value, at: int) -> str:
    parts = _GRAPHEME.findall(value) if isinstance(value, str) else _texts(value)
    return str(parts[at]) if parts else ""


def _texts(value: Value) -> list[str]:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else [text(value)]


def _length(value: Value) -> int:
    if isinstance(value, frozenset | tuple):
        return len(value)
    return len(_GRAPHEME.findall(text(value)))


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
