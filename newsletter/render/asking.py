"""Jinja2's expressions about the reader as those of `newsletter.questions`, or what is wrong with them and where."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from newsletter.config.problems import nearest
from newsletter.questions import ARGUMENTS, FILTERS, READER
from subscribers.fields import slug

NAME = "reader"
DEEPEST = 100
"""Levels of one expression; nobody writes more than ten."""
KNOWN = (*READER, "fields", "in_segment", "wants")
# What is asked by a call: the kind of expression that it becomes, how it is written, and what goes into it.
_CALLED = {
    "in_segment": ("segment", 'reader.in_segment("locals")', "a segment is asked about by its name"),
    "wants": ("topic", 'reader.wants("Science desk")', "a topic is asked about by its section's title"),
}
# How Jinja2's tests read as comparisons; each is of the operand alone.
_NOTHING = ("compare", (("eq", ("const", "")),))
POSSIBLE = (
    "the reader can be shown, as in {{ reader.first_name | default('friend') }}, and asked about in {% if %}, with "
    "and, or, not, in, comparisons, `a if b else c`, ~ and the filters " + ", ".join(sorted(FILTERS))
)


def mentions(node: nodes.Node) -> bool:
    """Whether `reader` stands anywhere in a piece of a template."""
    if isinstance(node, nodes.Name):
        return node.name == NAME
    return any(mentions(child) for child in node.iter_child_nodes())


class Asked:
    """One expression that mentions the reader; `given` is what has to be worked out before, while rendering.

    A `closed` one may ask of nothing but the reader.
    """

    def __init__(self, name: str | None, filename: str | None, closed: bool = False) -> None:
        self.given: list[nodes.Node] = []
        self._place, self._closed = (name, filename), closed
        self._depth = 0

    def expression(self, node: nodes.Node, test: bool = False) -> Any:
        """The expression as constants in tuples; `test` says that only its truth counts. Raises TemplateSyntaxError."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.fault(node, "this is nested too deeply")
        if mentions(node):
            kind = _KINDS.get(type(node))
            if kind is None:
                raise self.fault(node, _HINTS.get(type(node), POSSIBLE))
            found = kind(self, node, test)
        else:
            found = self._given(node, test)
        self._depth -= 1
        return found

    def fault(self, node: nodes.Node, words: str) -> TemplateSyntaxError:
        """What is wrong, with its line."""
        return TemplateSyntaxError(words, node.lineno, *self._place)

    def _given(self, node: nodes.Node, test: bool) -> Any:
        """What does not mention the reader: a constant, or worked out while rendering."""
        if isinstance(node, nodes.Const):
            if isinstance(node.value, float) and not math.isfinite(node.value):
                raise self.fault(node, "this number is too large")
            return ("const", node.value)
        if self._closed and isinstance(node, nodes.List | nodes.Tuple):
            return ("const", tuple(self._given(item, False)[1] for item in node.items))
        if self._closed:
            raise self.fault(node, "a segment can ask about the reader only, and compare with texts and numbers")
        self.given.append(node)
        return ("given", len(self.given) - 1, test)

    def _name(self, node: nodes.Name, test: bool) -> Any:
        raise self.fault(node, f"say what of the reader is meant: {_listed()}")

    def _attribute(self, node: nodes.Getattr | nodes.Getitem, test: bool) -> Any:
        """`reader.name` and `reader["name"]`, `reader.fields.city` and `reader.fields["city"]`."""
        name = self._key(node)
        owner = node.node
        if isinstance(owner, nodes.Name):
            return self._fact(node, name)
        if isinstance(owner, nodes.Getattr | nodes.Getitem) and _is_reader(owner.node) and self._key(owner) == "fields":
            return ("field", slug(name))
        if isinstance(owner, nodes.Getattr | nodes.Getitem) and _is_reader(owner.node):
            self._fact(owner, self._key(owner))  # raises for a name that a reader does not have, and names the nearest
        raise self.fault(node, f"a reader's {_spelt(owner)} has no parts")

    def _fact(self, node: nodes.Expr, name: str) -> Any:
        if name in READER:
            return ("reader", name)
        if name == "fields":
            return ("fields",)
        if name in _CALLED:
            _, example, by = _CALLED[name]
            raise self.fault(node, f"{by}: {example}")
        hint = nearest(name, KNOWN)
        more = f" ({hint})" if hint else f"; a field of your own is reader.fields.{slug(name) or 'city'}"
        raise self.fault(node, f"the reader has no '{name}'{more}; there are {_listed()}")

    def _key(self, node: nodes.Getattr | nodes.Getitem) -> str:
        if isinstance(node, nodes.Getattr):
            return node.attr
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return node.arg.value
        raise self.fault(node, "which part of the reader is meant must stand in the template: reader.fields.city")

    def _call(self, node: nodes.Call, test: bool) -> Any:
        """`reader.in_segment("locals")` and `reader.wants("Science desk")`; nothing else can be called."""
        called = node.node
        if isinstance(called, nodes.Getattr) and called.attr == "get":
            raise self.fault(node, "write reader.fields.city | default('…'): a field that is not there is empty")
        if not (isinstance(called, nodes.Getattr) and _is_reader(called.node) and called.attr in _CALLED):
            raise self.fault(node, f"nothing of the reader can be handed to a function or macro: {POSSIBLE}")
        kind, example, _ = _CALLED[called.attr]
        if len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs or mentions(node.args[0]):
            raise self.fault(node, f"{called.attr} takes one thing: {example}")
        if self._closed and kind == "topic":
            raise self.fault(
                node, "a segment cannot ask about topics: ask reader.wants where the segment is asked about"
            )
        return (kind, self.expression(node.args[0]))

    def _filter(self, node: nodes.Filter, test: bool) -> Any:
        if node.name not in FILTERS:
            if node.name == "safe":
                raise self.fault(node, "what a person has typed is always escaped: leave out `| safe`")
            hint = nearest(node.name, sorted(FILTERS))
            more = hint or f"there are {', '.join(sorted(FILTERS))}"
            raise self.fault(node, f"the filter '{node.name}' cannot be used on the reader ({more})")
        assert node.node is not None  # noqa: S101  # only `{% filter %}` has none, and there nothing is shown
        return ("filter", node.name, self.expression(node.node), self._arguments(node))

    def _arguments(self, node: nodes.Filter) -> tuple[Any, ...]:
        names = ARGUMENTS.get(node.name, ())
        given: dict[str, nodes.Expr] = dict(zip(names, node.args, strict=False))
        given |= {str(one.key): one.value for one in node.kwargs}
        if len(node.args) > len(names) or set(given) - set(names) or node.dyn_args or node.dyn_kwargs:
            takes = f"takes {', '.join(names)}" if names else "takes nothing"
            raise self.fault(node, f"the filter '{node.name}' {takes}")
        last = max((at for at, name in enumerate(names) if name in given), default=-1)
        if missing := [name for name in names[:last] if name not in given]:
            raise self.fault(node, f"give the filter '{node.name}' its {missing[0]} too")
        return tuple(self.expression(given[name]) for name in names[: last + 1])

    def _test(self, node: nodes.Test, test: bool) -> Any:
        """`is defined`, `is none` and the like: an empty value is none."""
        if node.name not in ("defined", "undefined", "none") or node.args:
            raise self.fault(node, "of the reader, `is defined`, `is undefined` and `is none` can be asked")
        missing = ("compare", ("filter", "string", self.expression(node.node), ()), _NOTHING[1])
        return ("not", missing) if node.name == "defined" else missing

    def _compare(self, node: nodes.Compare, test: bool) -> Any:
        return (
            "compare", self.expression(node.expr), tuple((one.op, self.expression(one.expr)) for one in node.ops)
        )  # fmt: skip

    def _and(self, node: nodes.And, test: bool) -> Any:
        return ("and", self.expression(node.left, test), self.expression(node.right, test))

    def _or(self, node: nodes.Or, test: bool) -> Any:
        return ("or", self.expression(node.left, test), self.expression(node.right, test))

    def _not(self, node: nodes.Not, test: bool) -> Any:
        return ("not", self.expression(node.node, test=True))

    def _if(self, node: nodes.CondExpr, test: bool) -> Any:
        other = self.expression(node.expr2, test) if node.expr2 is not None else ("const", "")
        return ("if", self.expression(node.test, test=True), self.expression(node.expr1, test), other)

    def _concat(self, node: nodes.Concat, test: bool) -> Any:
        return ("join", tuple(self.expression(part) for part in node.nodes))


def _is_reader(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == NAME


def _spelt(node: nodes.Node) -> str:
    return node.attr if isinstance(node, nodes.Getattr) else "value"


def _listed() -> str:
    return (
        ", ".join(f"reader.{name}" for name in (*READER, "fields.…")) + ', reader.in_segment("…") and reader.wants("…")'
    )


_KINDS: dict[type[nodes.Node], Callable[[Asked, Any, bool], Any]] = {
    nodes.Name: Asked._name, nodes.Getattr: Asked._attribute, nodes.Getitem: Asked._attribute, nodes.Call: Asked._call,
    nodes.Filter: Asked._filter, nodes.Test: Asked._test, nodes.Compare: Asked._compare, nodes.And: Asked._and,
    nodes.Or: Asked._or, nodes.Not: Asked._not, nodes.CondExpr: Asked._if, nodes.Concat: Asked._concat,
}  # fmt: skip
_HINTS: dict[type[nodes.Node], str] = {
    nodes.Add: "texts are put together with ~, as in 'Dear ' ~ reader.name",
    nodes.List: "a list cannot hold anything of the reader; ask about one thing after the other, with and, or",
    nodes.Tuple: "a list cannot hold anything of the reader; ask about one thing after the other, with and, or",
}


def constants(expression: Any) -> Sequence[Any]:
    """The expression in lists, as JSON gives it back."""
    return [constants(part) for part in expression] if isinstance(expression, tuple | list) else expression
