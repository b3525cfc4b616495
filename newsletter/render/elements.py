"""The top-level elements of a post's HTML, each well formed whatever came in.

A streaming pass over tags, no tree and no recursion: nesting is cut off at 100, because a tree ten thousand deep
crashes the MJML engine.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from newsletter.markup.text import with_emoji
from newsletter.render.images import fit, pixels
from newsletter.render.vocabulary import (
    ATTRIBUTES,
    BLOCKS,
    HEADINGS,
    HIDDEN,
    IMPLIED,
    INLINE,
    MARK,
    SEPARATORS,
    TABLE,
)

DEEPEST = 100
# The column that a post's text stands in; wider images would push a mail apart in Outlook.
WIDEST = 536
Attributes = list[tuple[str, str | None]]


@dataclass(frozen=True)
class Picture:
    """An image of a gallery; its width and height are its own, 0 where nobody knows them."""

    src: str
    alt: str = ""
    href: str = ""
    width: int = 0
    height: int = 0
    src_dark: str = ""


@dataclass
class Chunk:
    """A top-level element while it is read."""

    tag: str
    mark: str = ""
    written: list[str] = field(default_factory=list)
    images: list[Picture] = field(default_factory=list)
    href: str = ""
    words: bool = False
    captions: list[tuple[int, int]] = field(default_factory=list)  # where each stands in `written`
    link: tuple[int, int] = (0, 0)  # where the marked link stands in `written`
    link_mark: str = ""


def chunks(html: str) -> list[Chunk]:
    """The top-level elements of a post, each well formed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end()
    return reader.chunks


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.chunks: list[Chunk] = []
        self.opened: list[str] = []
        self.too_deep: Counter[str] = Counter()
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag in HIDDEN:
            self.hidden.append(tag)
        if self.hidden:
            return
        if tag in SEPARATORS or tag in BLOCKS or tag == "hr":
            self._end_paragraph()
        if tag in ("br", "hr", "img"):
            self._void(tag, attrs)
        elif tag in BLOCKS or tag in TABLE or tag in INLINE:
            self._start(self._nested(tag), attrs)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        # HTML knows no `<p/>`: only void elements and foreign ones, which are not kept, may close themselves.
        if tag not in HIDDEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.hidden:
            if tag == self.hidden[-1]:
                self.hidden.pop()
        elif tag in SEPARATORS:
            self._end_paragraph()
        elif self.too_deep[tag]:
            self.too_deep[tag] -= 1
        elif tag in self.opened:
            self._close_through(tag)
        elif tag in HEADINGS and "p" in self.opened:
            self._close_through("p")

    def handle_data(self, data: str) -> None:
        if self.hidden or not (self.opened or data.strip()):
            return
        if not self.opened:
            self._start("p", [])
        self._note_words(data)
        code = "pre" in self.opened or "code" in self.opened
        self.chunks[-1].written.append(escape(data if code else with_emoji(data), quote=False))

    def end(self) -> None:
        """Close whatever the post left open."""
        while self.opened:
            self._close_through(self.opened[-1])

    def _nested(self, tag: str) -> str:
        """A heading inside a list or a quote is no heading of the article; only a figure has captions."""
        if tag == "figcaption":
            return tag if "figure" in self.opened and "figcaption" not in self.opened else "p"
        return "p" if tag in HEADINGS and self.opened else tag

    def _start(self, tag: str, attrs: Attributes) -> None:
        if tag == "a" and self.opened == ["p"] and dict(attrs).get(MARK) == "button":
            self._close_through("p")  # a button stands by itself, whatever words were beside it
        if not self.opened and tag not in BLOCKS:
            self._start("p", [])
        closes, fence = IMPLIED.get(tag, ((), ()))
        found = next((name for name in reversed(self.opened) if name in closes or name in fence), "")
        if found in closes:
            self._close_through(found)
        if len(self.opened) >= DEEPEST:
            self.too_deep[tag] += 1
            return
        if not self.opened:
            self.chunks.append(Chunk(tag, dict(attrs).get(MARK) or ""))
        self.opened.append(tag)
        self._write_start(tag, attrs)

    def _write_start(self, tag: str, attrs: Attributes) -> None:
        chunk = self.chunks[-1]
        kept = _kept(tag, attrs)
        chunk.written.append(_tag(tag, kept))
        if tag == "a":
            chunk.href = kept.get("href", "")
            if (mark := dict(attrs).get(MARK)) and chunk.href and not chunk.link_mark:
                chunk.link, chunk.link_mark = (len(chunk.written), 0), mark
        elif tag == "figcaption":
            chunk.captions.append((len(chunk.written), len(chunk.written)))

    def _void(self, tag: str, attrs: Attributes) -> None:
        if tag == "hr" and not self.opened:
            self.chunks.append(Chunk("hr"))
            return
        if tag == "img" and not _is_picture(dict(attrs)):
            return
        if not self.opened:
            if tag == "br":
                return
            self._start("p", [])
        kept = _kept(tag, attrs)
        if tag == "img":
            self.chunks[-1].images.append(_picture(kept, self.chunks[-1].href if "a" in self.opened else ""))
            kept = _fitted(kept)
        self.chunks[-1].written.append(_tag(tag, kept, " /"))

    def _note_words(self, data: str) -> None:
        if data.strip() and "figcaption" not in self.opened:
            self.chunks[-1].words = True

    def _end_paragraph(self) -> None:
        """Paragraphs and headings hold no blocks: the next block ends them."""
        tag = next((name for name in reversed(self.opened) if name == "p" or name in HEADINGS), None)
        if tag:
            self._close_through(tag)

    def _close_through(self, tag: str) -> None:
        chunk = self.chunks[-1]
        while self.opened:
            name = self.opened.pop()
            if name == "figcaption":
                chunk.captions[-1] = (chunk.captions[-1][0], len(chunk.written))
            if name == "a" and chunk.link_mark and not chunk.link[1]:
                chunk.link = (chunk.link[0], len(chunk.written))
            chunk.written.append(f"</{name}>")
            if name == tag:
                break
        if chunk.link_mark == "button" and tag == "a" and self.opened == ["p"]:
            self._close_through("p")


def _kept(tag: str, attrs: Attributes) -> dict[str, str]:
    allowed = (*ATTRIBUTES.get(tag, ()), "lang", "dir")
    kept = {name: value or "" for name, value in attrs if name in allowed}
    if tag == "a" and not _is_address(kept.get("href", ""), "mailto:"):
        kept.pop("href", None)
    if tag == "img":
        kept.setdefault("alt", "")
    return kept


def _is_address(value: str, *more: str) -> bool:
    return value.lower().startswith(("http://", "https://", *more))


def _is_picture(image: dict[str, str | None]) -> bool:
    """Not an image that is loaded only to count its readers."""
    return _is_address(image.get("src") or "") and not {image.get("width"), image.get("height")} & {"0", "1"}


def _picture(image: dict[str, str], href: str) -> Picture:
    dark = image.get("data-dark", "")
    width, height = pixels(image.get("width")), pixels(image.get("height"))
    return Picture(image["src"], image["alt"], href, width, height, dark if _is_address(dark) else "")


def _fitted(image: dict[str, str]) -> dict[str, str]:
    """The image with its size in the column; without one, if it is not known as a whole or may be too wide."""
    width, height = pixels(image.get("width")), pixels(image.get("height"))
    plain = {name: value for name, value in image.items() if name not in ("width", "height", "data-dark")}
    if not (width and height):
        return plain | ({"width": str(width)} if 0 < width <= WIDEST else {})
    wide, high = fit(width, height, WIDEST)
    return plain | {"width": str(wide), "height": str(high)}


def _tag(tag: str, attributes: dict[str, str], end: str = "") -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}{end}>"
