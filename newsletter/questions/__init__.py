"""What an edition asks of each reader: small expressions, kept as JSON and worked out as often as there are readers.

An expression is a list whose first member says what it is:

| | |
|---|---|
| `["const", value]` | a text, a number, yes, no, nothing, or a list of texts |
| `["reader", name]` | `email`, `name`, `first_name`, `lists` or `tags` |
| `["topic", name …]` | whether any of these topics is wanted: those that the reader has not left out |
| `["field", name]`, `["fields"]` | a custom field; the names of those that a person has |
| `["filter", name, x, [argument …]]` | one of FILTERS |
| `["compare", x, [[operator, y] …]]` | as in Python, and never an error |
| `["and" or "or", x, y]`, `["not", x]`, `["if", test, x, y]`, `["join", [x …]]` | |

Whatever a person's name or fields hold, working one out ends, and ends well: there is no loop in it, no attribute, no
call, and a value of the wrong kind counts as none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote

from newsletter.questions.comparisons import COMPARISONS
from newsletter.questions.filters import ARGUMENTS, FILTERS, LONGEST
from newsletter.questions.values import Value, cut, text
from subscribers import fields as person_fields

__all__ = [
    "ARGUMENTS",
    "COMPARISONS",
    "FILTERS",
    "LONGEST",
    "NOBODY",
    "READER",
    "Expression",
    "Person",
    "Question",
    "Value",
    "asks_for",
    "question",
    "text",
    "words",
]

Expression = Sequence[Any]

READER = ("email", "first_name", "lists", "name", "tags")
"""What is known of every reader; everything else is in `fields`."""


@dataclass(frozen=True)
class Person:
    """Who is asked; `without` holds the topics left out. Without anything it is nobody: no name, no list, no field."""

    email: str = ""
    name: str = ""
    fields: Mapping[str, object] | Any = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

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
        return replace(self, name=cut(person_fields.tidy(self.name), longest), fields=fields)

    def fact(self, name: str) -> Value:
        """One of READER."""
        if name in ("lists", "tags"):
            return self.lists if name == "lists" else self.tags
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


def _const(value: Any) -> Question:
    known: Value = tuple(map(str, value)) if isinstance(value, list | tuple) else value
    return lambda person: known


def _reader(name: str) -> Question:
    return lambda person: person.fact(name)


def _topic(*names: str) -> Question:
    if len(names) == 1:
        name = names[0]
        return lambda person: name not in person.without
    return lambda person: not person.without.issuperset(names)


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
    "const": _const, "reader": _reader, "topic": _topic, "field": _field, "fields": _fields, "filter": _filter,
    "compare": _compare, "and": _and, "or": _or, "not": _not, "if": _if, "join": _join,
}  # fmt: skip
