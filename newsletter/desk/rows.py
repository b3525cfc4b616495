"""The rows of the rule builder: what each may be about, what can be asked of that, and which inputs it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from subscribers.segments import KINDS, Kind, Question
from subscribers.segments.values import filled

JOINS = {"all": "all of these", "any": "any of these", "none": "none of these"}


class Choice(NamedTuple):
    """Something to choose in a select."""

    value: str
    title: str
    chosen: bool


@dataclass
class Row:
    """A rule, or a group of rules, as the form has it."""

    number: int
    join: str = ""
    kind: str = ""
    of: str = ""
    asks: str = ""
    values: list[str] = field(default_factory=list)
    parts: list[Row] = field(default_factory=list)
    up: int = 0
    problems: list[str] = field(default_factory=list)
    focus: bool = False
    more: str = ""
    seen: Sequence[str] = ()

    @cached_property
    def known(self) -> Kind | None:
        """The kind of rule it is."""
        return KINDS.get(self.kind)

    @cached_property
    def about(self) -> Any:
        """What it is about, if that is still there."""
        if not (self.known and self.known.subjects and self.of) or "\0" in self.of:
            return None
        return self.known.subjects.find([self.of]).get(self.of)

    @cached_property
    def offered(self) -> Sequence[Question]:
        """What can be asked; nothing before it is known of what."""
        if not self.known or (self.known.subjects and self.about is None):
            return ()
        return self.known.questions(self.about)

    @cached_property
    def question(self) -> Question | None:
        """What is asked: the first that can be, where what was asked before cannot."""
        return next((one for one in self.offered if one.name == self.asks), None)

    @property
    def kinds(self) -> list[tuple[str, list[Choice]]]:
        """The kinds of rules to choose from, by group."""
        groups = groupby(KINDS.values(), lambda kind: kind.group)
        merged: dict[str, list[Choice]] = {}
        for name, kinds in groups:
            merged.setdefault(name, []).extend(Choice(one.name, one.title, one.name == self.kind) for one in kinds)
        return list(merged.items())

    @property
    def subjects(self) -> list[Choice]:
        """The things it may be about. One that is gone stays to be seen until another is chosen."""
        if not (self.known and self.known.subjects):
            return []
        found = [Choice(name, title, name == self.of) for name, title in self.known.subjects.choices()]
        if self.of and not any(one.chosen for one in found):
            found.append(Choice(self.of, f"{self.of}{'' if self.about else ' (gone)'}", True))
        return found

    @property
    def questions(self) -> list[Choice]:
        """What can be asked."""
        found = [Choice(one.name, one.label, one == self.question) for one in self.offered]
        if self.offered and self.asks and not self.question:
            found.append(Choice(self.asks, f"{self.asks.replace('_', ' ')} (not possible)", True))
        return found

    @property
    def draw(self) -> str:
        """Which inputs the value needs."""
        asked = self.question or (self.offered[0] if self.offered and not self.asks else None)
        draw = asked.value.draw if asked and asked.value else ""
        # Several values that were given stay to be seen where one is asked for: nobody loses them by a look around.
        return "texts" if draw == "text" and len(filled(self.values)) > 1 else draw

    @property
    def noun(self) -> str:
        """What it is about, in a word."""
        return self.known.subjects.noun if self.known and self.known.subjects else ""

    @property
    def first(self) -> str:
        """The first value."""
        return self.values[0] if self.values else ""

    @property
    def second(self) -> str:
        """The second value."""
        return self.values[1] if len(self.values) > 1 else ""

    @property
    def lines(self) -> str:
        """All values, a line each."""
        return "\n".join(self.values)

    def take_more(self) -> None:
        """Add what stands in the input for one value more."""
        if self.draw == "texts" and self.more.strip():
            self.values = [*filled(self.values), self.more]
            self.more = ""

    @property
    def joins(self) -> list[Choice]:
        """How a group's rules may be joined."""
        return [Choice(name, title, name == self.join) for name, title in JOINS.items()]
