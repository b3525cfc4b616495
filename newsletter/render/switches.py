"""Conditions on the reader in a document: where they may stand, and that both sides of each leave it whole.

MJML drops loose text between its elements, and a switch is text: there it is wrapped in `<mj-raw>`, which MJML hands on
as it is, on the right side of the comments that only Outlook reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter import splice
from newsletter.holes import SWITCH
from newsletter.render.errors import RenderError
from newsletter.render.tags import Piece, attributes, pieces
from newsletter.render.vocabulary import VOID

# Elements that hold elements, in which `<mj-raw>` may stand between these.
_BETWEEN = "mj-head mj-body mj-wrapper mj-section mj-column mj-group mj-hero"
_OF_WORDS = (
    "mj-text mj-button mj-table mj-raw mj-title mj-preview mj-accordion-text mj-accordion-title mj-navbar-link "
    "mj-social-element"
)
Side = tuple[str, bool]
"""A condition's number, and which of its sides."""
Path = tuple[Side, ...]
_LEADS = ("href", "src", "background", "background-url", "action")


def placed(mjml: str, marker: str, theme: str) -> str:
    """The MJML with its switches where MJML keeps them; raise RenderError if a side is no whole piece of a document."""
    if marker not in mjml:
        return mjml
    # Where a theme has wrapped a switch already, the elements around it are what counts.
    bare = re.sub(rf"<mj-raw>\s*((?:{re.escape(marker)}-(?:if|else|end)\d+-o\s*)+)</mj-raw>", r"\1", mjml)
    return "".join(_Walk(marker, theme).pieces(bare))


def listed(text: str, marker: str) -> str:
    """Plain text whose list of links shows each address only to those who see what it belongs to."""
    steps = re.compile(rf"{re.escape(marker)}-{SWITCH}-o|^\[(?P<listed>\d+)\] \S+\n?|\[(?P<named>\d+)\]", re.MULTILINE)
    within: list[Side] = []
    seen: dict[str, list[Path]] = {}

    def step(found: re.Match[str]) -> str:
        if found["named"]:
            seen.setdefault(found["named"], []).append(tuple(within))
        elif found["listed"]:
            return _guarded(found[0], _common(seen.pop(found["listed"], [])), marker)
        elif found[1] == "if":
            within.append((found[2], True))
        else:
            last, _ = within.pop()
            within.extend([(last, False)] if found[1] == "else" else [])
        return found[0]

    return steps.sub(step, text) if re.search(rf"{re.escape(marker)}-if\d", text) else text


def _common(paths: list[Path]) -> Path:
    """The conditions that all of them are under."""
    shared = list[Side]()
    for sides in zip(*paths, strict=False):
        if len(set(sides)) > 1:
            break
        shared.append(sides[0])
    return tuple(shared)


def _guarded(line: str, path: Path, marker: str) -> str:
    """A line for those for whom all of these conditions, and the other sides of these, come out so."""
    for number, then in reversed(path):
        middle = "" if then else f"{marker}-else{number}-o"
        line = f"{marker}-if{number}-o{middle}{line}{marker}-end{number}-o"
    return line


def insist_whole(text: str, marker: str, where: str) -> str:
    """The text, if every hole and switch in it is whole; raise RenderError naming what was changed."""
    left = re.sub(rf"{re.escape(marker)}-(?:{SWITCH}|[a-z]+(?:-html)?|e\d+(?:-html)?)-o", "", text)
    # A filter may have torn a hole anywhere, or written it in capitals.
    if (at := left.lower().find(marker[: max(6, len(marker) // 2)].lower())) >= 0:
        near = " ".join(left[max(0, at - 40) : at].split())
        raise RenderError(f"{where}: a filter cut or changed what stands for the reader, after `{near}`")
    try:
        splice.parse(text, marker)
    except splice.Torn as error:
        raise RenderError(f"{where}: a condition on the reader was cut apart: {error}") from error
    return text


class _Walk:
    """One pass over a document; `fences` holds how many elements were open where each side of a switch began."""

    def __init__(self, marker: str, theme: str) -> None:
        self._marker, self._theme = marker, theme
        self._switch = re.compile(rf"{re.escape(marker)}-{SWITCH}-o")
        self._opened: list[str] = []
        self._fences: list[int] = []
        self._line = 1

    def pieces(self, mjml: str) -> Iterator[str]:
        for piece in pieces(mjml):
            if piece.kind == "text":
                yield self._text(piece.source)
            else:
                self._look(piece)
                yield piece.source
            self._line += piece.source.count("\n")

    def _look(self, piece: Piece) -> None:
        if piece.kind == "raw" and self._marker in piece.source:
            raise self._fault("the reader cannot stand in a style sheet or script: give an element a class instead")
        if piece.kind == "comment":
            self._insist_closed(piece.source)
        elif piece.closing:
            self._close(piece.name)
        elif piece.kind == "tag":
            self._tag(piece)

    def _tag(self, piece: Piece) -> None:
        if self._marker in piece.source:
            for name, value in attributes(piece.source):
                self._attribute(name, value or "")
        if not piece.empty and piece.name not in VOID:
            self._opened.append(piece.name)

    def _attribute(self, name: str, value: str) -> None:
        if self._marker in name:
            raise self._fault("a condition on the reader can stand inside the quotes of an attribute, not beside it")
        self._insist_closed(value)
        plain = self._switch.sub("", value).strip()
        if name.lower() in _LEADS and re.match(rf"{re.escape(self._marker)}-", plain):
            raise self._fault(f'an address must begin with its own words: {name}="https://example.org/…"')

    def _insist_closed(self, text: str) -> None:
        try:
            splice.parse(text, self._marker)
        except splice.Torn:
            raise self._fault("a condition on the reader begins inside a tag or comment and ends outside") from None

    def _close(self, name: str) -> None:
        if self._opened and self._opened[-1] == name:
            if self._fences and len(self._opened) <= self._fences[-1]:
                raise self._fault(f"a condition on the reader holds </{name}> without its <{name}>")
            self._opened.pop()

    def _text(self, text: str) -> str:
        parent = self._opened[-1] if self._opened else ""
        wrap = parent in _BETWEEN.split()

        def switch(found: re.Match[str]) -> str:
            self._pass(found[1])
            if not wrap and parent.startswith("mj") and parent not in _OF_WORDS.split():
                raise self._fault(f"a condition on the reader cannot stand directly in <{parent}>: put it around that")
            return f"<mj-raw>{found[0]}</mj-raw>" if wrap else found[0]

        return self._switch.sub(switch, text)

    def _pass(self, word: str) -> None:
        """Both sides begin and end with the same elements open."""
        if word == "if":
            self._fences.append(len(self._opened))
        elif self._fences and len(self._opened) != self._fences[-1]:
            raise self._fault(f"a condition on the reader holds <{self._opened[-1]}> without its </{self._opened[-1]}>")
        elif word == "end" and self._fences:
            self._fences.pop()

    def _fault(self, words: str) -> RenderError:
        return RenderError(f"{self._theme}: line {self._line} of the MJML it makes: {words}")
