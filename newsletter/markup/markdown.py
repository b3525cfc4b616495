"""Markdown to HTML: CommonMark with tables, strike-through, footnotes, definition lists, and directives."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from newsletter.markup.directives import FAULTS, Fault, directives

_HEADING = re.compile(r"\s*(?:#[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*(?:\n|\Z)|([^\n#>*+\-`|<].*)\n=+[ \t]*(?:\n|\Z))")


def render(source: str) -> str:
    """The HTML of a text, not yet sanitised."""
    return read(source)[0]


def read(source: str) -> tuple[str, list[Fault]]:
    """The HTML of a text, not yet sanitised, and what is wrong with its directives."""
    env: dict[str, list[Fault]] = {}
    html = str(_parser().render(source, env))
    return html, env.get(FAULTS, [])


def inline(source: str) -> str:
    """The HTML of one line, without a paragraph around it."""
    return str(_parser().renderInline(source))


def heading(source: str) -> tuple[str, str]:
    """The level-one heading that a text begins with, and the text without it."""
    match = _HEADING.match(source)
    return ((match[1] or match[2]).strip(), source[match.end() :]) if match else ("", source)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return parser.use(footnote_plugin).use(deflist_plugin).use(directives)
