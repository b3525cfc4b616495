"""Keep the lines of a document within what SMTP carries, without changing what the document says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.render.tags import pieces

LONGEST = 998
# Broken well before the limit, so that the holes' values have room to grow.
_WISHED = 500
_CONDITION = re.compile(r"<!--\[if[^>]*>(?!<!-->)")
_UNIT = re.compile(r"""\s+|(?:[^\s"']|"[^"]*"|'[^']*')+|["']""")


def break_lines(html: str) -> str:
    """The document with its lines broken before 998 characters wherever that changes nothing.

    Lines break between the attributes of a tag, before a tag's end, or at a space of the text outside <pre>; no line
    begins with a dot. A single word, attribute or line of <pre> longer than that stays whole: the sender must then use
    quoted-printable.
    """
    written: list[str] = []
    column = 0
    for part, breaks in _parts(html):
        if column + len(part.split("\n", 1)[0]) > _WISHED and breaks and column:
            # A line break stands for the space it replaces, and is none where there was none.
            part = "\n" + (part[1:] if part[0] == " " else part)
        written.append(part)
        column = len(part) - part.rindex("\n") - 1 if "\n" in part else column + len(part)
    return "".join(written)


def _parts(html: str) -> Iterator[tuple[str, bool]]:
    """The pieces no line break may stand in, each with whether one may stand before it."""
    preformatted = 0
    for piece in pieces(html):
        if piece.name == "pre":
            preformatted = max(0, preformatted + (-1 if piece.closing else 1))
        if piece.kind == "tag":
            yield from _tag_parts(piece.source)
        elif piece.kind == "comment":
            yield from _comment_parts(piece.source)
        elif preformatted:
            yield _undotted(piece.source), False
        else:
            yield from _words(_undotted(piece.source) if piece.kind == "text" else _indented(piece.source))


def _tag_parts(tag: str) -> Iterator[tuple[str, bool]]:
    """Name and attributes, then the end: white space before either is no content."""
    end = "/>" if tag.endswith("/>") else ">"
    body = tag[: -len(end)]
    gap = ""
    for index, unit in enumerate(_UNIT.findall(body)):
        if unit.isspace():
            gap = " "
            continue
        yield gap + unit, index > 0
        gap = ""
    yield gap + end, True


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Words of the text or of a style sheet, each with the space before it."""
    for part in re.split(r"(?=[ \n])", text):
        yield part, part[:1] == " " and part[1:2] not in ("", ".")


def _comment_parts(comment: str) -> Iterator[tuple[str, bool]]:
    """Outlook reads the tags inside a conditional comment, but wants its condition in one piece."""
    condition = _CONDITION.match(comment)
    if condition is None:
        yield comment, False
        return
    yield condition.group(), False
    yield from _parts(comment[condition.end() :])


def _indented(css: str) -> str:
    return re.sub(r"\n(?=\.)", "\n ", css)


def _undotted(text: str) -> str:
    """A dot at the start of a line ends a message in SMTP unless every relay on the way stuffs it."""
    return re.sub(r"\n\.", "\n&#46;", text)
