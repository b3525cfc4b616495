"""Rules as they are kept: a tree in JSON, read into nodes, with everything that is wrong with its shape.

{"version": 1, "all": [
    {"kind": "list", "of": "readers", "is": "active"},
    {"kind": "field", "of": "city", "is": "one_of", "value": ["Berlin", "Bonn"]},
    {"not": {"any": [{"kind": "tag", "of": "press", "is": "has"}]}}
]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

VERSION = 1
DEEPEST = 5
"""Groups within each other; a “not” counts as one."""
MOST = 50
"""Rules of one segment."""
Join = Literal["all", "any", "not"]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong, and with which rule: the keys and numbers that lead to it from the root."""

    path: Path
    text: str

    def __str__(self) -> str:
        return self.text


class Broken(ValueError):
    """The rules cannot be followed, so nobody can be said to meet them; `problems` says what is wrong where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(dict.fromkeys(map(str, problems))))
        self.problems = problems


@dataclass(frozen=True)
class Leaf:
    """One rule: what it is about, what is asked of that, and with which value."""

    path: Path
    kind: str
    of: str
    asks: str
    value: Any


@dataclass(frozen=True)
class Group:
    """Rules that belong together; of a “not” there is one."""

    path: Path
    join: Join
    parts: tuple[Node, ...]


Node = Leaf | Group


@dataclass
class _Reader:
    problems: list[Problem] = field(default_factory=list)
    leaves: int = 0

    def fault(self, path: Path, text: str) -> Node | None:
        """Note a problem; what is wrong is no node."""
        self.problems.append(Problem(path, text))
        return None

    def node(self, value: object, path: Path) -> Node | None:
        if not isinstance(value, Mapping):
            return self.fault(path, "this is no rule")
        joins = [join for join in ("all", "any", "not") if join in value]
        if not joins:
            return self.leaf(value, path)
        if len(joins) > 1 or set(value) - {joins[0], *(() if path else ("version",))}:
            return self.fault(path, "a group holds its rules and nothing else")
        # Each group adds one step to the path, and a list's place in it another.
        if sum(isinstance(step, str) for step in path) >= DEEPEST:
            return self.fault(path, f"groups stand within each other {DEEPEST} deep at most")
        return self.group(joins[0], value[joins[0]], path)  # type: ignore[arg-type]

    def group(self, join: Join, value: object, path: Path) -> Node | None:
        if join == "not":
            only = self.node(value, (*path, join))
            return Group(path, join, (only,)) if only else None
        if not isinstance(value, list) or not value:
            return self.fault(path, "this group has no rules; add one, or take the group out")
        parts = []
        for number, one in enumerate(value):
            if self.leaves > MOST:
                break
            parts.append(self.node(one, (*path, join, number)))
        return Group(path, join, tuple(part for part in parts if part))

    def leaf(self, value: Mapping[str, object], path: Path) -> Node | None:
        self.leaves += 1
        if self.leaves == MOST + 1:
            return self.fault((), f"a segment has {MOST} rules at most; make two of it, and let one name the other")
        kind, of, asks = (value.get(key, "") for key in ("kind", "of", "is"))
        if not (isinstance(kind, str) and isinstance(of, str) and isinstance(asks, str)):
            return self.fault(path, "this is no rule")
        if set(value) - {"kind", "of", "is", "value", *(() if path else ("version",))}:
            return self.fault(path, "this rule says more than a rule can")
        return Leaf(path, kind[:63], of[:130], asks[:63], value.get("value"))


def read(rules: object) -> tuple[Node | None, list[Problem]]:
    """The tree that these rules are, and what is wrong with their shape; with a problem it must not be followed."""
    if isinstance(rules, Mapping) and rules.get("version", VERSION) != VERSION:
        return None, [Problem((), "these rules were written by another version of this program")]
    reader = _Reader()
    if rules in ({}, None, {"version": VERSION}):
        return None, [Problem((), "there are no rules yet; add one")]
    try:
        root = reader.node(rules, ())
    except RecursionError:
        return None, [Problem((), f"groups stand within each other {DEEPEST} deep at most")]
    return root, reader.problems


def leaves(node: Node) -> Iterator[Leaf]:
    """The rules of a tree, from left to right."""
    if isinstance(node, Leaf):
        yield node
    else:
        for part in node.parts:
            yield from leaves(part)
