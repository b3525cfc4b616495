"""What templates say of the reader, turned into what the splice works out later, once for each reader.

A template is rendered once for everybody, so `reader` is never there while that happens. Before a template is
compiled, each expression that is shown and mentions `reader` becomes a call that writes a hole, and each `{% if %}`
that asks about the reader writes both its sides between switches. The expression itself goes into the edition's table
as data (see `newsletter.questions`); whatever in it does not mention the reader is worked out while rendering, and is a
constant in it.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import TemplateRuntimeError
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from newsletter import holes
from newsletter.config.problems import nearest
from newsletter.config.topics import topic
from newsletter.questions import Expression
from newsletter.render.asking import NAME, POSSIBLE, Asked, constants, mentions

# What is shown so often that every edition has a hole for it.
_ALWAYS = {"email": ["reader", "email"], "name": ["reader", "name"]}


class Late:
    """What one rendering asks of its readers: templates call it, under the name `reader`, and `table` fills up.

    Without a marker it is for a page that is filled at once, for nobody. `topics` are those that readers may leave out.
    """

    def __init__(
        self, marker: str = "", segments: Mapping[str, Expression] | None = None, topics: Collection[str] = ()
    ) -> None:
        self.marker = marker or "h" + secrets.token_hex(10)
        self.table: list[Any] = []
        self._segments, self._topics = segments or {}, topics
        self._numbers: dict[str, int] = {}

    def __call__(self, use: str, expression: Any, given: Sequence[Any]) -> Any:
        """What stands in the document for an expression: a hole, or a condition's switches."""
        asked = _bound(expression, given, self._spelt)
        if use == "show":
            name = next((name for name, always in _ALWAYS.items() if always == asked), "")
            return holes.hole(self.marker, name or f"e{self._number(asked)}")
        truth = _truth(asked)
        if truth is not None:
            return Condition(truth, not truth)
        number = self._number(asked)
        return Condition(True, True, *(f"{self.marker}-{word}{number}-o" for word in ("if", "else", "end")))

    def _number(self, asked: Any) -> int:
        """The place in the table of this expression; equal ones share it."""
        number = self._numbers.setdefault(json.dumps(asked), len(self.table))
        if number == len(self.table):
            self.table.append(asked)
        return number

    def _spelt(self, kind: str, value: Any) -> Any:
        """What a segment asks; whether the reader wants any of the sections of these titles."""
        if kind == "topic":
            return _wanted([value] if isinstance(value, str) else value, self._topics)
        if value not in self._segments:
            raise _no_segment(str(value), self._segments)
        return self._segments[value]


@dataclass(frozen=True)
class Condition:
    """The switches of an `{% if %}`; none, and one side only, where the answer is the same for every reader."""

    then: bool
    otherwise: bool
    begin: str = ""
    middle: str = ""
    end: str = ""


def segments(environment: Environment, conditions: Mapping[str, str], only: str = "") -> dict[str, Expression]:
    """The segments of a newsletter, each a condition about the reader, which may ask about other segments.

    All of them, or one. Raises TemplateSyntaxError or TemplateRuntimeError.
    """

    def read(name: str, within: tuple[str, ...]) -> Any:
        if name in within:
            raise TemplateRuntimeError(f"the segment asks about itself: {' → '.join((*within, name))}")
        if name not in conditions:
            raise _no_segment(name, conditions)
        try:
            condition = _parsed(environment, conditions[name])
        except TemplateSyntaxError as error:
            raise TemplateRuntimeError(error.message) from error  # a condition has one line
        return _bound(condition, (), lambda _, other: read(str(other), (*within, name)))

    return {name: read(name, ()) for name in ([only] if only else conditions)}


def _parsed(environment: Environment, condition: str) -> Any:
    parser = Parser(environment, condition, state="variable")
    if parser.stream.eos:
        raise TemplateSyntaxError("it is empty; write a condition, such as reader.fields.city == 'Berlin'", 1)
    node = parser.parse_expression()
    if (after := parser.stream.current).type != "eof":
        raise TemplateSyntaxError(f"the condition ends before `{after.value}`", 1)
    return Asked(None, None, closed=True).expression(node, test=True)


def _no_segment(name: str, known: Mapping[str, object]) -> TemplateRuntimeError:
    hint = nearest(name, sorted(known)) or f"there are: {', '.join(sorted(known)) or 'none'}"
    return TemplateRuntimeError(f"there is no segment '{name}' ({hint})")


def _wanted(titles: Any, topics: Collection[str]) -> Expression:
    """Whether any of the sections is wanted; those that are no topic always are."""
    if not isinstance(titles, list) or not all(isinstance(one, str) for one in titles):
        raise TemplateRuntimeError('wants takes the title of a section, or several: reader.wants("Science desk")')
    names = sorted({topic(one) for one in titles})
    return ["topic", *names] if names and all(name in topics for name in names) else ["const", bool(names)]


def _bound(expression: Any, given: Sequence[Any], spelt: Callable[[str, Any], Any]) -> Any:
    """The expression with what was worked out while rendering in it, and with its segments and topics spelt out."""
    if isinstance(expression, str) or not isinstance(expression, Sequence):
        return expression
    kind = expression[0] if len(expression) else ""
    if kind == "given":
        return ["const", _constant(given[expression[1]], expression[2])]
    if kind == "const":
        return constants(expression)
    if kind in ("segment", "topic"):
        return spelt(kind, _bound(expression[1], given, spelt)[1])
    return [_bound(part, given, spelt) for part in expression]


def _constant(value: Any, test: bool) -> Any:
    """A value from the template's own world as one that can be kept."""
    if isinstance(value, Undefined):
        raise TemplateRuntimeError(value._undefined_message)
    if test:
        return bool(value)
    if isinstance(value, Markup):
        if "<" in value or "&" in value:
            raise TemplateRuntimeError(
                "HTML cannot be part of an expression about the reader: write it outside the braces, or use {% if %}"
            )
        return str(value)
    if isinstance(value, str | bool | int | None) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, str) for one in value):
        return [str(one) for one in value]
    raise TemplateRuntimeError(f"beside the reader only texts and numbers can stand, not a {type(value).__name__}")


def _truth(asked: Any) -> bool | None:
    """The answer to a condition where it is the same for every reader."""
    kind, *rest = asked
    if kind == "const":
        return bool(rest[0])
    if kind == "not":
        inner = _truth(rest[0])
        return None if inner is None else not inner
    if kind in ("and", "or"):
        sides = [_truth(side) for side in rest]
        decides = bool(kind == "or")
        if decides in sides:
            return decides
        return None if None in sides else not decides
    return None


# ── before a template is compiled ────────────────────────────────────────────────────────────────────────────────────


class LateCodeGenerator(CodeGenerator):
    """Jinja2's compiler, for templates that speak of the reader."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Compile a template once what it says of the reader has been taken out of it."""
        if mentions(node):
            node = _Rewriter(self.environment, self.name, self.filename, node).visit(node)
            node.set_environment(self.environment)
        super().visit_Template(node, frame)


class _Rewriter(NodeTransformer):
    def __init__(
        self, environment: Environment, name: str | None, filename: str | None, template: nodes.Template
    ) -> None:
        self._place = (name, filename)
        self._names = Parser(environment, "")
        self._extends = template.find(nodes.Extends) is not None

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """What is shown of the reader."""
        node.nodes = [self._asked("show", one) if mentions(one) else one for one in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> Any:
        """A condition; its `elif`s are conditions within its other side."""
        if not any(mentions(one.test) for one in (node, *node.elif_)):
            return self.generic_visit(node)
        return self._chain(node, [*node.elif_], node.else_)

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        """Anything else that is done with the reader."""
        if node.name == NAME:
            taken = "the name `reader` is taken: call this something else"
            raise self._fault(node, POSSIBLE if node.ctx == "load" else taken)
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Loops run while rendering, when there is no reader yet."""
        if mentions(node.iter) or (node.test is not None and mentions(node.test)):
            raise self._fault(
                node,
                "a loop cannot go by the reader: loop over what there is, with {% if … reader … %} inside the loop",
            )
        return self.generic_visit(node)

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        """There is no value yet that a name could be given."""
        if mentions(node.node):
            raise self._fault(node, "nothing of the reader can be kept by {% set %}: write it where it is shown")
        return self.generic_visit(node)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        """Nor a text: the filters it may go through know nothing of holes."""
        return self._whole(node, "{% set %}")

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
        """A filter over a whole text would change its holes."""
        return self._whole(node, "{% filter %}")

    def _whole(self, node: nodes.Node, tag: str) -> nodes.Node:
        if mentions(node):
            raise self._fault(node, f"the reader cannot stand within {tag}: put the filters on the value itself")
        return node

    def _chain(self, first: nodes.If, later: list[nodes.If], last: list[nodes.Node]) -> list[nodes.Node]:
        otherwise = self._chain(later[0], later[1:], last) if later else self._visited(last)
        then = self._visited(first.body)
        if not mentions(first.test):
            return [nodes.If(first.test, then, [], otherwise, lineno=first.lineno)]
        self._insist_on_free_branches([*then, *otherwise])
        return self._switched(first, then, otherwise)

    def _switched(self, node: nodes.If, then: list[nodes.Node], otherwise: list[nodes.Node]) -> list[nodes.Node]:
        """Both sides one after the other, the switches before, between and after them."""
        line, condition = node.lineno, self._names.free_identifier(node.lineno)
        part: Callable[[str], nodes.Expr] = lambda name: nodes.Getattr(condition, name, "load", lineno=line)  # noqa: E731
        switch: Callable[[str], nodes.Node] = lambda name: nodes.Output([part(name)], lineno=line)  # noqa: E731
        sides = [switch("begin"), nodes.If(part("then"), then, [], [], lineno=line)]
        if otherwise:
            sides += [switch("middle"), nodes.If(part("otherwise"), otherwise, [], [], lineno=line)]
        return [nodes.Assign(condition, self._asked("if", node.test), lineno=line), *sides, switch("end")]

    def _asked(self, use: str, expression: nodes.Node) -> nodes.Expr:
        asked, line = Asked(*self._place), expression.lineno
        found = asked.expression(expression, test=use == "if")
        given = nodes.List(asked.given, lineno=line)
        name = nodes.Name(NAME, "load", lineno=line)
        constant = nodes.Const(found, lineno=line)
        return nodes.Call(name, [nodes.Const(use, lineno=line), constant, given], [], None, None, lineno=line)

    def _visited(self, body: list[nodes.Node]) -> list[nodes.Node]:
        return [new for node in body for new in self.visit_list(node)]

    def _insist_on_free_branches(self, body: list[nodes.Node]) -> None:
        """Both sides are rendered, one after the other: neither may do what anything after it would notice."""
        for node in body:
            self._insist_on_free(node)
            for kept in node.find_all(nodes.NSRef):
                raise self._fault(kept, f"what is kept in {kept.name}.{kept.attr} cannot depend on the reader")

    def _insist_on_free(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Extends) or (isinstance(node, nodes.Block) and self._extends):
            raise self._fault(
                node, "{% extends %} and its blocks cannot depend on the reader: put the condition inside"
            )
        own = isinstance(node, nodes.Assign) and isinstance(node.target, nodes.InternalName)
        if isinstance(node, nodes.Assign | nodes.AssignBlock) and not own:
            raise self._fault(
                node, "{% set %} cannot depend on the reader, as both sides are made: set it before the condition"
            )
        if isinstance(node, nodes.For | nodes.With | nodes.Macro | nodes.CallBlock | nodes.Block):
            return  # what is set inside ends there
        for child in node.iter_child_nodes():
            self._insist_on_free(child)

    def _fault(self, node: nodes.Node, words: str) -> TemplateSyntaxError:
        return TemplateSyntaxError(words, node.lineno, *self._place)
