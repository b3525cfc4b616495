"""From rules to what can be followed: everything that they name is looked up, and whatever is gone is a problem."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from subscribers.models import Field, Segment
from subscribers.segments.rules import Broken, Leaf, Node, Problem, leaves, read
from subscribers.segments.values import Unfit
from subscribers.segments.vocabulary import KINDS, Asked, Joined, Kind, Question, Subjects, Tree, asks, found, titled

MOST = 300
"""Rules that are followed at once, those of other segments among them."""


@dataclass
class _Binding:
    """What is known while rules are bound: the segments we are within, and how many rules there have been."""

    trail: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def tree(self, node: Node, known: Mapping[str, Mapping[str, Any]]) -> Tree | None:
        if isinstance(node, Leaf):
            return self.leaf(node, known)
        parts = [self.tree(part, known) for part in node.parts]
        return Joined(node.join, tuple(part for part in parts if part))

    def leaf(self, leaf: Leaf, known: Mapping[str, Mapping[str, Any]]) -> Asked | None:
        self.count += 1
        try:
            return self.asked(leaf, known)
        except Unfit as error:
            self.problems.append(Problem(leaf.path, str(error)))
            return None

    def asked(self, leaf: Leaf, known: Mapping[str, Mapping[str, Any]]) -> Asked:
        kind = KINDS.get(leaf.kind)
        if kind is None:
            raise Unfit(f"there is no rule of the kind “{leaf.kind}”" if leaf.kind else "choose what the rule is about")
        about = known[kind.name].get(leaf.of)
        if kind.subjects and about is None:
            raise Unfit(_gone(kind.subjects, leaf.of))
        if isinstance(about, Field) and about.becoming:
            raise Unfit(f"“{about}” is being changed to another kind; wait until that is done")
        question = _question(kind, about, leaf)
        value = _value(question, leaf.value)
        title = "" if about is None else str(about)
        return Asked(leaf, question, self.within(about) if isinstance(about, Segment) else about, value, title)

    def within(self, segment: Segment) -> Tree:
        if segment.name in self.trail:
            raise Unfit(f"“{segment}” asks about itself: {' → '.join((*self.trail, segment.name))}")
        if self.count > MOST:
            raise Unfit(f"with the segments that they name, these are more than {MOST} rules")
        inner = _Binding((*self.trail, segment.name), count=self.count)
        bound = inner.bind(segment.rules)
        self.count = inner.count
        if inner.problems or bound is None:
            raise Unfit(f"the segment “{segment}” is broken: {inner.problems[0]}")
        return bound

    def bind(self, rules: object) -> Tree | None:
        node, self.problems = read(rules)
        if node is None:
            return None
        self.problems = list(self.problems)
        return self.tree(node, _named(node))


def _named(node: Node) -> dict[str, Mapping[str, Any]]:
    """What the rules are about, looked up with one statement for each kind."""
    names: dict[str, set[str]] = {}
    for leaf in leaves(node):
        # A NUL is in no name, and PostgreSQL takes none.
        names.setdefault(leaf.kind, set()).update([] if "\0" in leaf.of or not leaf.of else [leaf.of])
    return {name: _find(KINDS.get(name), wanted) for name, wanted in names.items()}


def _find(kind: Kind | None, wanted: Collection[str]) -> Mapping[str, Any]:
    return kind.subjects.find(wanted) if kind and kind.subjects and wanted else {}


def _gone(subjects: Subjects, name: str) -> str:
    an = "an" if subjects.noun[0] in "aeiou" else "a"
    return f"there is no {subjects.noun} “{name}” (any more)" if name else f"choose {an} {subjects.noun}"


def _question(kind: Kind, about: Any, leaf: Leaf) -> Question:
    if question := kind.question(about, leaf.asks):
        return question
    if not leaf.asks:
        raise Unfit("choose what is asked")
    of = f"“{about}”, " if about is not None else ""
    raise Unfit(f"“{leaf.asks.replace('_', ' ')}” cannot be asked of {of}{_described(kind, about)}")


def _described(kind: Kind, about: Any) -> str:
    return f"a field of the kind “{about.get_kind_display().lower()}”" if kind.name == "field" else kind.title.lower()


def _value(question: Question, value: object) -> Any:
    if question.value:
        return question.value.checked(value)
    if value not in (None, "", []):
        raise Unfit("this question takes no value")
    return None


def bind(rules: object, name: str = "") -> Tree:
    """The rules with all that they name; `name` is the segment that they are the rules of. Raises Broken."""
    binding = _Binding((name,) if name else ())
    tree = binding.bind(rules)
    if binding.problems or tree is None:
        raise Broken(binding.problems)
    return tree


def check(rules: object, name: str = "") -> list[Problem]:
    """What is wrong with these rules, each problem with the path of its rule; nothing if they can be followed."""
    try:
        bind(rules, name)
    except Broken as broken:
        return broken.problems
    return []


def _rules_of(about: Tree, value: Any, now: datetime) -> Tree:
    """Another segment's rules take the place of the rule that names it."""
    return about


SEGMENT = Kind(
    "segment", "Another segment", "Segments",
    asks(
        Question("in", "is in it", "in “{of}”", _rules_of),
        Question("not_in", "is not in it", "not in “{of}”", _rules_of, otherwise=True),
    ),
    Subjects("segment", found(Segment.objects.all()), titled(Segment.objects.all())),
)  # fmt: skip
