"""Cut markup into tags and the text between them, without building a tree and without recursion."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Kind = Literal["text", "tag", "comment", "raw"]

# Possessive quantifiers: a quote that is never closed costs one pass, not one for each character.
_MARK = re.compile(
    r"""(?P<comment><!--.*?-->|<![^>]*>|<\?[^>]*>)|(?P<tag></?[A-Za-z](?:[^"'<>]|"[^"]*"|'[^']*')*+>)""", re.DOTALL
)
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
_RAW = ("style", "mj-style", "script")


class Piece(NamedTuple):
    """A stretch of markup; all pieces joined are the markup again. `raw` is what stands inside a style or script."""

    kind: Kind
    source: str

    @property
    def name(self) -> str:
        """The tag's name in lower case; empty for anything else."""
        match = _NAME.match(self.source) if self.kind == "tag" else None
        return match.group(1).lower() if match else ""

    @property
    def closing(self) -> bool:
        """Whether this is an end tag."""
        return self.source.startswith("</")

    @property
    def empty(self) -> bool:
        """Whether the tag closes itself."""
        return self.source.endswith("/>")


def pieces(markup: str) -> Iterator[Piece]:
    """The tags, comments and texts of a document in their order."""
    position = 0
    while match := _MARK.search(markup, position):
        if match.start() > position:
            yield Piece("text", markup[position : match.start()])
        piece = Piece("tag" if match.lastgroup == "tag" else "comment", match.group())
        yield piece
        position = match.end()
        if piece.name in _RAW and not piece.closing and not piece.empty:
            end = _end_of(markup, piece.name, position)
            yield Piece("raw", markup[position:end])
            position = end
    if position < len(markup):
        yield Piece("text", markup[position:])


def _end_of(markup: str, name: str, start: int) -> int:
    match = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(markup, start)
    return match.start() if match else len(markup)


def attributes(tag: str) -> Iterator[tuple[str, str | None]]:
    """The attributes of a start tag as they are written, without their quotes; None for one that has no value."""
    head = _NAME.match(tag)
    for match in _ATTRIBUTE.finditer(tag, head.end() if head else 0):
        value = match.group(2)
        yield match.group(1), value[1:-1] if value and value[0] in "\"'" else value


def rewrite(tag: str, change: Callable[[str, str], str]) -> str:
    """The start tag with each value passed through `change(name, value)` and put in double quotes."""
    head = _NAME.match(tag)
    written = [head.group() if head else "<"]
    for name, value in attributes(tag):
        written.append(name if value is None else f'{name}="{change(name, value)}"')
    return " ".join(written) + (" />" if tag.endswith("/>") else ">")
