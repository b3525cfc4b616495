"""Filling an edition in for one reader: the answers to what it asks, its conditions, then its holes.

An edition is taken apart once. What is left for each reader is to work out the conditions, which choose one of a few
skeletons that are remembered, and to put the values between the pieces of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter import holes
from newsletter.questions import NOBODY, Expression, Person, Question, Value, question, text
from subscribers.fields import tidy

REMEMBERED = 128
"""Skeletons of one part that are kept; an edition with seven independent conditions has as many."""

Cut = tuple[list[str], list[str]]
"""A text cut at its holes: the n+1 pieces between them, and the n names."""


class Torn(ValueError):
    """The switches in a text do not pair up: something has cut or changed them."""


@dataclass(frozen=True)
class Switch:
    """A place where readers see different things, by the answer to one of the edition's questions."""

    number: int
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...] = ()


Node = str | Switch


class Answers(holes.Values):
    """One reader's values by the names of the holes, each worked out when it is first asked for, and only once."""

    __slots__ = ("_found", "_person", "_questions")

    def __init__(self, given: Mapping[str, str], person: Person, questions: Sequence[Question]) -> None:
        super().__init__(given)
        self._person, self._questions = person, questions
        self._found: dict[int, Value] = {}

    def __missing__(self, name: str) -> str:
        if name.endswith("-html"):
            return super().__missing__(name)
        self[name] = shown = text(self._answer(int(name.removeprefix("e"))))
        return shown

    def holds(self, number: int) -> bool:
        """Whether a condition of the edition is true of this reader."""
        return bool(self._answer(number))

    def _answer(self, number: int) -> Value:
        if number not in self._found:
            self._found[number] = self._questions[number](self._person)
        return self._found[number]


def questions(late: Sequence[Expression]) -> list[Question]:
    """What an edition asks, ready to be asked of many readers."""
    return [question(expression) for expression in late]


def answers(token: str, person: Person, late: Sequence[Expression] = ()) -> Answers:
    """What the holes of an edition are filled with for one reader."""
    return Answers(plain_values(token, person), person, questions(late))


def plain_values(token: str, person: Person) -> dict[str, str]:
    """What the holes are filled with that every edition may have."""
    return holes.values(token, tidy(person.email), tidy(person.name))


def nobody(late: Sequence[Expression] = ()) -> Answers:
    """What a page for everybody is filled with: no name, no list, no field; defaults apply."""
    return answers("", NOBODY, late)


def fill(given: str, marker: str, reader: Answers, part: str = "") -> str:
    """A text that is filled once, for one reader; `part` says which of an edition it is. Raises Torn."""
    nodes = parse(given, marker)
    whole = nodes == (given,)
    return holes.fill(given if whole else TIDY.get(part, str)(resolved(nodes, reader.holds)), marker, reader)


def parse(given: str, marker: str) -> tuple[Node, ...]:
    """The text as what always stands in it and what depends on the reader; raise Torn if switches do not pair up."""
    parts = re.split(rf"{re.escape(marker)}-{holes.SWITCH}-o", given)
    steps = iter([("", "", parts[0]), *zip(parts[1::3], parts[2::3], parts[3::3], strict=True)])
    _, _, first = next(steps)
    nodes, end = _side(first, steps)
    if end != ("", ""):
        raise Torn(f"`{end[0]}` without its `if`")
    return nodes


def _side(first: str, steps: Iterator[tuple[str, str, str]]) -> tuple[tuple[Node, ...], tuple[str, str]]:
    """The nodes up to the `else` or `end` that stops them, and that."""
    nodes: list[Node] = [first]
    for word, number, after in steps:
        if word != "if":
            # What follows the stop belongs to whoever reads on.
            nodes.append(after)
            return tuple(nodes), (word, number)
        nodes += _switch(number, after, steps)
    return tuple(nodes), ("", "")


def _switch(number: str, first: str, steps: Iterator[tuple[str, str, str]]) -> tuple[Node, Node]:
    """A switch, and the text that follows its end."""
    (*then, after), stop = _side(first, steps)
    otherwise: list[Node] = []
    if stop == ("else", number):
        (*otherwise, after), stop = _side(str(after), steps)
    if stop != ("end", number):
        raise Torn("an `if` without its `end`")
    return Switch(int(number), tuple(then), tuple(otherwise)), after


def resolved(nodes: Sequence[Node], holds: Callable[[int], bool]) -> str:
    """The text with one side of each switch."""
    return "".join(_kept(nodes, holds))


def _kept(nodes: Sequence[Node], holds: Callable[[int], bool]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, str):
            yield node
        else:
            yield from _kept(node.then if holds(node.number) else node.otherwise, holds)


def _undecided(nodes: Sequence[Node], known: Mapping[int, bool]) -> int | None:
    """The first question that has to be answered to know what stands in the text, if there is one left."""
    for node in nodes:
        if isinstance(node, Switch):
            if node.number not in known:
                return node.number
            found = _undecided(node.then if known[node.number] else node.otherwise, known)
            if found is not None:
                return found
    return None


class _Fork:
    """A question that decides how the text goes on, and where its two answers lead; both as far as readers came."""

    __slots__ = ("known", "number", "ways")

    def __init__(self, number: int, known: dict[int, bool]) -> None:
        self.number, self.known = number, known
        self.ways: list[_Fork | _End | None] = [None, None]


class _End:
    """One text, chosen by these answers."""

    __slots__ = ("cut", "path", "text")

    def __init__(self, text: str, cut: Cut, path: tuple[bool, ...]) -> None:
        self.text, self.cut, self.path = text, cut, path


class Skeleton:
    """One part of an edition, taken apart once.

    Each question is asked once on the way to a text, in however many places its answer counts, and none that does not
    matter.
    """

    def __init__(self, given: str, marker: str, part: str = "") -> None:
        self._marker, self._tidy = marker, TIDY.get(part, str)
        nodes = parse(given, marker)
        # Only where there are switches at all, so that other editions pay nothing for them.
        self._nodes = nodes if any(isinstance(node, Switch) for node in nodes) else ()
        self._plain: Cut = holes.split(given, marker)
        self._text = given
        self._start, self._ends = self._way({}), 0

    @property
    def differs(self) -> bool:
        """Whether it is not the same text for every reader, holes aside."""
        return bool(self._nodes)

    def cut(self, reader: Mapping[str, str]) -> Cut:
        """The pieces and the names of the holes between them, as this reader gets them."""
        return self._chosen(reader).cut if self._nodes else self._plain

    def text(self, reader: Mapping[str, str]) -> str:
        """The same in one text, its holes still open."""
        return self._chosen(reader).text if self._nodes else self._text

    def path(self, reader: Mapping[str, str]) -> tuple[bool, ...]:
        """What the text depends on, in the order in which it is asked; readers with equal ones have equal texts."""
        return self._chosen(reader).path if self._nodes else ()

    def _chosen(self, reader: Mapping[str, str]) -> _End:
        holds, way = _holds(reader), self._start
        while isinstance(way, _Fork):
            answer = holds(way.number)
            onward = way.ways[answer]
            if onward is None:
                onward = way.ways[answer] = self._way({**way.known, way.number: answer})
                self._remember(onward)
            way = onward
        return way

    def _way(self, known: dict[int, bool]) -> _Fork | _End:
        number = _undecided(self._nodes, known)
        if number is not None:
            return _Fork(number, known)
        chosen = self._tidy(resolved(self._nodes, known.__getitem__))
        return _End(chosen, holes.split(chosen, self._marker), tuple(known.values()))

    def _remember(self, way: _Fork | _End) -> None:
        """Begin anew before there are too many texts; who is on the way now still arrives."""
        self._ends += isinstance(way, _End)
        if self._ends > REMEMBERED:
            self._start, self._ends = self._way({}), 0


def _holds(reader: Mapping[str, str]) -> Callable[[int], bool]:
    if not isinstance(reader, Answers):
        raise TypeError("an edition with conditions is filled from Answers")
    return reader.holds


def one_blank_line(given: str) -> str:
    """Plain text with one empty line where a side that was left out has left several, and none at its ends."""
    return re.sub(r"\n[ \t]*(?:\n[ \t]*){2,}", "\n\n", given).strip("\n") + "\n" if given.strip() else given


TIDY: dict[str, Callable[[str], str]] = {"text": one_blank_line}
"""What is done to each part of an edition once the sides of its switches are chosen."""


def shown(given: str, marker: str) -> list[int]:
    """The numbers of the expressions that a text shows; twice what it shows both escaped and plain."""
    names = set(holes.split(given, marker)[1])
    return sorted(int(name[1:].partition("-")[0]) for name in names if re.match(r"e\d", name))


def always(nodes: Sequence[Node], wanted: str) -> bool:
    """Whether a piece of text is in what every reader gets."""
    return any(
        wanted in node if isinstance(node, str) else always(node.then, wanted) and always(node.otherwise, wanted)
        for node in nodes
    )
