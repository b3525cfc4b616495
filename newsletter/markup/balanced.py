"""HTML as it is written: balanced, only so deep, and with notes of what was said in it."""

from __future__ import annotations

import html
import re
from collections import Counter

from newsletter.markup.tags import BLOCKS, CLOSES, MARK, TABLE
from newsletter.markup.text import collapse

DEEPEST = 100
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+|(?:\.{0,2}/|#)\S*", re.IGNORECASE)
Attributes = dict[str, str]


class Balanced:
    """Writes tags balanced and at most DEEPEST deep, and text between them."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._marks: list[str] = []  # of each open element, the block it is
        self._skipped: Counter[str] = Counter()
        self._paragraph_at = 0
        self._summed_up = True  # whether the open paragraph may stand for the whole
        self.text: list[str] = []
        self.paragraph = ""

    def output(self) -> str:
        """What was written, every element closed."""
        self._close_down_to(0)
        return "".join(self._out)

    def within(self, tag: str) -> bool:
        """Whether such an element is open."""
        return tag in self._open

    def within_block(self, mark: str) -> bool:
        """Whether an element is open that is marked as such a block."""
        return mark in self._marks

    def write(self, text: str) -> None:
        """Text, every character as it is."""
        self.text.append(text)
        self._out.append(html.escape(text, quote=False))

    def start(self, tag: str, attributes: Attributes) -> None:
        """Open an element, unless it would lie too deep or mean nothing."""
        self.imply_ends(tag)
        too_deep = len(self._open) >= DEEPEST or (tag == "a" and "a" in self._open)
        if too_deep or (tag == "a" and "href" not in attributes) or (tag == "span" and not attributes):
            self._skipped[tag] += 1
            return
        if tag in BLOCKS:
            self.text.append("\n")
        if tag == "p":
            self._paragraph_at, self._summed_up = len(self.text), "figure" not in self._open
        self._summed_up &= attributes.get(MARK) != "button"
        self._open.append(tag)
        self._marks.append(attributes.get(MARK, ""))
        self._out.append(_tag(tag, attributes))

    def void(self, tag: str, attributes: Attributes) -> None:
        """An element that holds nothing."""
        self.text.append(" ")
        self._out.append(_tag(tag, attributes))

    def imply_ends(self, tag: str) -> None:
        """Close what a start tag ends without a word, as the next `<li>` does."""
        closes = CLOSES.get(tag, frozenset())
        while self._open and self._open[-1] in closes:
            self._close_down_to(len(self._open) - 1)

    def end(self, tag: str) -> None:
        """Close the element that this end tag means, and what is open in it; a stray one closes nothing."""
        if self._skipped[tag]:
            self._skipped[tag] -= 1
        elif (place := self._place(tag)) is not None:
            self._close_down_to(place)

    def _place(self, tag: str) -> int | None:
        """Where the element that an end tag closes was opened; a cell's end tags do not reach out of it."""
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place] == tag:
                return place
            if self._open[place] in ("td", "th") and tag not in TABLE:
                return None
        return None

    def _close_down_to(self, place: int) -> None:
        while len(self._open) > place:
            tag, mark = self._open.pop(), self._marks.pop()
            if tag in BLOCKS:
                self.text.append("\n")
            if tag == "p" and not self.paragraph and self._summed_up:
                said = collapse("".join(self.text[self._paragraph_at :]))
                # An address alone, such as that of a button that came to nothing, sums nothing up.
                self.paragraph = "" if _ADDRESS.fullmatch(said) else said
            bare = tag not in TABLE and mark != "subscribe" and self._out[-1].startswith((f"<{tag}>", f"<{tag} "))
            self._out[-1:] = [] if bare else [self._out[-1], f"</{tag}>"]


def _tag(name: str, attributes: Attributes) -> str:
    written = (f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{''.join(written)}>"
