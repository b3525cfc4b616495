"""The closed vocabulary: kinds of rules, and what may be asked of each. Other rooms add kinds of their own at start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Expression, F, Q, QuerySet

from subscribers.segments.rules import Join, Leaf
from subscribers.segments.values import Value


@dataclass(frozen=True)
class Rows:
    """People by rows of another table: those whose number stands in the column of one of these rows."""

    queryset: QuerySet[Any]
    column: str = "subscriber"


@dataclass(frozen=True)
class Asked:
    """A rule with all that it names found: it can be followed."""

    leaf: Leaf
    question: Question
    about: Any
    value: Any
    of: str = ""


@dataclass(frozen=True)
class Joined:
    """Such rules as one."""

    join: Join
    parts: tuple[Tree, ...]


Tree = Asked | Joined
Test = Q | Rows | Tree
"""What the database is asked. It must be true or false of everybody, and never unknown."""


@dataclass(frozen=True)
class Question:
    """Something that can be asked: what a form calls it, the sentence it makes, and what the database is asked for it.

    The sentence may hold `{of}` and `{value}`. `test` gets what the rule is about, the value and the moment. With
    `otherwise`, the people meant are all those for whom the test does not hold.
    """

    name: str
    label: str
    words: str
    test: Callable[[Any, Any, datetime], Test]
    value: Value | None = None
    otherwise: bool = False


@dataclass(frozen=True)
class Subjects:
    """The things that a kind of rule may be about: `find` looks up some by name, `choices` offers them with titles."""

    noun: str
    find: Callable[[Collection[str]], Mapping[str, Any]]
    choices: Callable[[], Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Kind:
    """A kind of rule. `questions` gets what the rule is about, or None where there is nothing to choose.

    `held` is what people have there, for values to suggest.
    """

    name: str
    title: str
    group: str
    questions: Callable[[Any], Sequence[Question]]
    subjects: Subjects | None = None
    held: Callable[[Any], Expression | F | None] = lambda about: None

    def question(self, about: Any, name: str) -> Question | None:
        """The question of this name, if it can be asked of that."""
        return next((one for one in self.questions(about) if one.name == name), None)


KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds of rules; one of the same name takes the other's place."""
    KINDS.update((kind.name, kind) for kind in kinds)


def asks(*questions: Question) -> Callable[[Any], Sequence[Question]]:
    """The same questions, whatever the rule is about."""
    return lambda about: questions


def titled(rows: QuerySet[Any]) -> Callable[[], Sequence[tuple[str, str]]]:
    """Names and titles of what there is, for a form to choose from."""
    return lambda: [(name, title or name) for name, title in rows.all().values_list("name", "title")[:1000]]


def found(rows: QuerySet[Any]) -> Callable[[Collection[str]], Mapping[str, Any]]:
    """The rows of these names."""
    return lambda names: {one.name: one for one in rows.filter(name__in=names)}
