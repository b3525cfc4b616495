"""What is shown of the reader, and how many readers have nothing there: counted over those who would get it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from newsletter import holes, splice
from newsletter.preflight.asked import Counted, count
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof
from newsletter.questions import NOBODY, Expression, asks_for, question, text
from newsletter.splice import Node

_PARTS = {"subject": "the subject", "preheader": "the preheader", "html": "the mail", "text": "the plain text"}
_NAMES = {"name": "name", "first_name": "first name", "tags": "tags", "lists": "lists", "email": "address"}


class Shown(NamedTuple):
    """Something of the reader that is shown: `name` of the person or, with `custom`, of a custom field; and where."""

    name: str
    custom: bool
    instead: str
    where: str

    @property
    def words(self) -> str:
        """What it is called."""
        return self.name.replace("_", " ") if self.custom else _NAMES[self.name]


def empty(proof: Proof) -> Iterator[Finding]:
    """How many readers have nothing where the mail shows something of them, and what they read instead."""
    found = shown(proof)
    if not found:
        return
    counted = counted_with(proof)
    if counted is None:
        return
    for one in found:
        missing = counted.missing[one.name, one.custom]
        if missing:
            yield _finding(one, missing, counted)


def counted_with(proof: Proof) -> Counted | None:
    """The audience and what is empty in it, counted together, and once: of a million people it takes a moment."""
    if "counted" not in proof.memo:
        proof.memo["counted"] = count(proof, [(one.name, one.custom) for one in shown(proof)])
    found: Counted | None = proof.memo["counted"]
    return found


def _finding(one: Shown, missing: int, counted: Counted) -> Finding:
    about = "" if counted.exact else "about "
    some = f"{about}{missing:,} of {counted.whole:,} readers have no {one.words}"
    if one.instead.strip():
        return Finding("field-default", f"{some}; they read “{one.instead}”", "see that it reads well with that",
                       one.where, about=f"{one.name} {one.instead}")  # fmt: skip
    return Finding("field-empty", f"{some}; they read nothing there",
                   "say what is to stand there instead: {{ reader.… | default('friend') }}, or put it into {% if %}",
                   one.where, about=one.name)  # fmt: skip


def shown(proof: Proof) -> list[Shown]:
    """What of the reader is shown outside of a condition that asks for it, each once, in the first part that does."""
    found: dict[tuple[str, bool, str], Shown] = {}
    for part, where in _PARTS.items():
        nodes = splice.parse(proof.raw[part], proof.marker)
        for name in _bare(nodes, proof, ()):
            if one := _known(name, proof.late, where):
                found.setdefault((one.name, one.custom, one.instead), one)
    return list(found.values())


def _bare(nodes: Sequence[Node], proof: Proof, asked: tuple[Expression, ...]) -> Iterator[str]:
    """The names of the holes, but for those within a condition that asks about the same."""
    for node in nodes:
        if isinstance(node, str):
            for name in holes.split(node, proof.marker)[1]:
                plain = name.removesuffix("-html")
                if not any(_about(_expression(plain, proof.late), one) for one in asked):
                    yield plain
        else:
            inside = (*asked, proof.late[node.number])
            yield from _bare(node.then, proof, inside)
            yield from _bare(node.otherwise, proof, inside)


def _expression(name: str, late: Sequence[Any]) -> Expression:
    if name[:1] == "e" and name[1:].isdecimal():
        found: Expression = late[int(name[1:])]
        return found
    return ("reader", name)


def _about(shown: Expression, condition: Expression) -> bool:
    """Whether a condition asks for what is shown."""
    operand = _operand(shown)
    if operand is None:
        return False
    kinds = [("reader", "name"), ("reader", "first_name")] if operand[1] in ("name", "first_name") else [operand]
    return any(asks_for(condition, kind, name) for kind, name in kinds)


def _operand(expression: Expression) -> tuple[str, str] | None:
    """What of the reader an expression begins with; None for one that puts several things together."""
    kind, *rest = expression
    if kind in ("reader", "field") and rest:
        return str(kind), str(rest[0])
    if kind == "filter":
        return _operand(rest[1])
    if kind == "or":
        return _operand(rest[0])
    return None


def _known(name: str, late: Sequence[Any], where: str) -> Shown | None:
    """A hole as something that may be empty; an address never is, and what follows from lists is as it is meant."""
    expression = _expression(name, late)
    operand = _operand(expression)
    if operand is None or operand[1] in ("email", "token", "reply", "tags", "lists"):
        return None
    kind, of = operand
    instead = text(question(expression)(NOBODY)) if name[:1] == "e" and name[1:].isdecimal() else ""
    return Shown(of, kind == "field", instead, where)
