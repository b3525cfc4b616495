"""What people write for one issue, as templates: subjects, preheaders, letters, posts of our own.

A theme is code, and its author has the files. This is text that somebody types or pastes into a form, so it may only do
what text needs: whatever it says, working it out ends soon and takes no more memory than a mail does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.compiler import Frame
from jinja2.exceptions import SecurityError

from newsletter.render.environment import Sandbox
from newsletter.render.late import LateCodeGenerator

LONGEST = 1_000_000
"""Characters of what one of these texts may come to; mail programs clip at a tenth of it."""
DEEPEST = 2
"""Loops within loops: a list of stories, and their tags."""
ROUNDS = 1_000
# What makes any length out of a number. Python's own methods of texts are reached from templates too.
_STRETCHING = ("batch", "center", "format", "indent", "slice", "wordwrap")
_METHODS = {"center", "expandtabs", "format", "format_map", "join", "ljust", "replace", "rjust", "translate", "zfill"}
_CODE = (nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class ModestCodeGenerator(LateCodeGenerator):
    """Compiles texts, and refuses those that are programs."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Compile a template unless it is a program; what is wrong with it as a text is said first."""
        found = next(self._programs(node), None)
        super().visit_Template(node, frame)
        if found:
            raise TemplateSyntaxError(*found, self.name, self.filename)

    def _programs(self, node: nodes.Node, deep: int = 0) -> Iterator[tuple[str, int]]:
        if isinstance(node, _CODE):
            yield "macros and other files belong into a theme", node.lineno
        if isinstance(node, nodes.For):
            deep += 1
            if deep > DEEPEST or node.recursive:
                yield f"loops can stand {DEEPEST} deep, no more", node.lineno
        for child in node.iter_child_nodes():
            yield from self._programs(child, deep)


class Prose(Sandbox):
    """The sandbox without what could take for ever."""

    code_generator_class = ModestCodeGenerator
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(autoescape=False, **options)
        for name in _STRETCHING:
            self.filters.pop(name)
        self.filters["replace"] = _replace
        self.globals = {"range": _range}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Sums with numbers of a size that numbers have; a text is not multiplied, and no number makes it longer."""
        if not all(isinstance(one, int | float) and abs(one) < 10**9 for one in (left, right)):
            raise SecurityError(f"{operator} is for numbers, and these are none, or too large")
        if operator == "**" and abs(right) > 10:
            raise SecurityError("the power is too large")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """The filters do what these methods do, for as much as is wanted."""
        return not (isinstance(obj, str) and attr in _METHODS) and bool(super().is_safe_attribute(obj, attr, value))


def _range(*arguments: int) -> range:
    found = range(*arguments)
    if len(found) > ROUNDS:
        raise SecurityError(f"a loop can go round {ROUNDS:,} times, no more")
    return found


def _replace(value: object, old: str, new: str, count: int = -1) -> str:
    text, old, new = str(value), str(old), str(new)
    if (1 + text.count(old)) * len(new) + len(text) > LONGEST:
        raise SecurityError("the filter 'replace' makes too much of it")
    return text.replace(old, new, count)


def written(template: Template, context: Mapping[str, Any]) -> str:
    """The text that a template comes to; raise SecurityError for more than anybody reads."""
    pieces, length = [], 0
    for piece in template.generate(context):
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST:
            raise SecurityError(f"it comes to more than {LONGEST:,} characters")
    return "".join(pieces)


@lru_cache(maxsize=1)
def patterns() -> Prose:
    """What subjects and preheaders are made in: plain text, no files."""
    return Prose()


@lru_cache(maxsize=1)
def prose() -> Prose:
    """What editors' letters and posts are filled in by: the line breaks around a tag are Markdown's to judge."""
    return Prose(trim_blocks=False, lstrip_blocks=False)


def prose_template(source: str, file: str) -> Template:
    """A text as a template; errors name it as this file, with their line."""
    sandbox = prose()
    return Template.from_code(sandbox, sandbox.compile(source, None, file), sandbox.make_globals(None))
