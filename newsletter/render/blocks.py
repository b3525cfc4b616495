"""Cut a post's HTML into the blocks that a mail draws one by one, well formed whatever came in.

A streaming pass over tags, no tree and no recursion: nesting is cut off at 100, because a tree ten thousand deep
crashes the MJML engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from html.parser import HTMLParser
from itertools import groupby
from typing import Literal

from markupsafe import Markup

from newsletter.render.vocabulary import ATTRIBUTES, BLOCKS, HEADINGS, HIDDEN, IMPLIED, INLINE, SEPARATORS, TABLE
from newsletter.render.words import emojize, lead_emoji

DEEPEST = 100
# The column that a post's text stands in; wider images would push a mail apart in Outlook.
WIDEST = 536
Attributes = list[tuple[str, str | None]]
Kind = Literal[
    "heading", "text", "quote", "image", "table", "code", "rule", "button", "gallery", "video", "sponsor", "poll",
    "subscribe", "switch",
]  # fmt: skip

_NOTHING = Markup()
_KINDS: dict[str, Kind] = {"blockquote": "quote", "table": "table", "pre": "code"}


@dataclass(frozen=True)
class Picture:
    """One picture of a gallery."""

    src: str
    alt: str = ""
    href: str = ""
    width: int = 0
    height: int = 0
    src_dark: str = ""


@dataclass(frozen=True)
class Block:
    """One block of a post. `html` is well formed: all of it for text, tables and code, the inside for the rest."""

    kind: Kind
    html: Markup = _NOTHING
    level: int = 0
    emoji: str = ""
    src: str = ""
    alt: str = ""
    href: str = ""
    src_dark: str = ""
    width: int = 0
    height: int = 0
    images: tuple[Picture, ...] = ()
    title: str = ""
    answers: tuple[str, ...] = ()
    number: int = 0


@dataclass
class _Chunk:
    """A top-level element while it is read."""

    tag: str
    written: list[str] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    href: str = ""
    words: bool = False
    caption: tuple[int, int] = (0, 0)


def blocks(html: str) -> list[Block]:
    """The blocks of a post; neighbouring paragraphs and lists are one block."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end()
    return list(_joined(_levelled(filter(None, map(_block, reader.chunks)))))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.chunks: list[_Chunk] = []
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
        self.chunks[-1].written.append(escape(data if code else emojize(data), quote=False))

    def end(self) -> None:
        """Close whatever the post left open."""
        while self.opened:
            self._close_through(self.opened[-1])

    def _nested(self, tag: str) -> str:
        """A heading inside a list or a quote is no heading of the article, and a block has one caption."""
        captioned = bool(self.chunks) and self.chunks[-1].caption != (0, 0)
        if tag == "figcaption":
            return tag if self.opened and not captioned else "p"
        return "p" if tag in HEADINGS and self.opened else tag

    def _start(self, tag: str, attrs: Attributes) -> None:
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
            self.chunks.append(_Chunk(tag))
        self.opened.append(tag)
        self._write_start(tag, attrs)

    def _write_start(self, tag: str, attrs: Attributes) -> None:
        chunk = self.chunks[-1]
        kept = _kept(tag, attrs)
        chunk.written.append(_tag(tag, kept))
        if tag == "a":
            chunk.href = kept.get("href", "")
        elif tag == "figcaption":
            chunk.caption = (len(chunk.written), len(chunk.written))

    def _void(self, tag: str, attrs: Attributes) -> None:
        if tag == "hr" and not self.opened:
            self.chunks.append(_Chunk("hr"))
            return
        kept = _kept(tag, attrs)
        if tag == "img" and not _is_picture(dict(attrs)):
            return
        if not self.opened:
            if tag == "br":
                return
            self._start("p", [])
        if tag == "img":
            self.chunks[-1].images.append({**kept, "link": self.chunks[-1].href if "a" in self.opened else ""})
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
                chunk.caption = (chunk.caption[0], len(chunk.written))
            chunk.written.append(f"</{name}>")
            if name == tag:
                return


def _kept(tag: str, attrs: Attributes) -> dict[str, str]:
    allowed = (*ATTRIBUTES.get(tag, ()), "lang", "dir")
    kept = {name: value or "" for name, value in attrs if name in allowed}
    if tag == "a" and not kept.get("href", "").lower().startswith(("http://", "https://", "mailto:")):
        kept.pop("href", None)
    if tag == "img":
        kept.setdefault("alt", "")
        if not kept.get("width", "").isdigit() or int(kept["width"]) > WIDEST:
            kept = {name: value for name, value in kept.items() if name not in ("width", "height")}
    return kept


def _is_picture(image: dict[str, str | None]) -> bool:
    """Not an image that is loaded only to count its readers."""
    loads = (image.get("src") or "").lower().startswith(("http://", "https://"))
    return loads and not {image.get("width"), image.get("height")} & {"0", "1"}


def _tag(tag: str, attributes: dict[str, str], end: str = "") -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}{end}>"


def _block(chunk: _Chunk) -> Block | None:
    if chunk.tag == "hr":
        return Block("rule")
    if len(chunk.images) == 1 and not chunk.words and chunk.tag in ("p", "figure"):
        return _image(chunk)
    if not (chunk.words or chunk.images):
        return None
    inside = _markup(*chunk.written[1:-1])
    if chunk.tag in HEADINGS:
        return _heading(inside, int(chunk.tag[1]))
    kind = _KINDS.get(chunk.tag, "text")
    return Block(kind, inside if kind == "quote" else _markup(*chunk.written))


def _image(chunk: _Chunk) -> Block:
    image = chunk.images[0]
    caption = _markup(*chunk.written[slice(*chunk.caption)])
    return Block("image", caption, src=image["src"], alt=image["alt"], href=image["link"])


def _heading(inside: Markup, level: int) -> Block:
    ornament, rest = lead_emoji(str(inside).strip())
    return Block("heading", _markup(rest), level, ornament)


def _markup(*written: str) -> Markup:
    # Only tags and attributes of the vocabulary were written, and every value and text was escaped.
    return Markup("".join(written))  # noqa: S704


def _levelled(found: Iterator[Block]) -> Iterator[Block]:
    """The same blocks with their headings at h2 and below, no level left out: h1 is the article's title."""
    all_blocks = list(found)
    ranks = {level: rank for rank, level in enumerate(sorted({b.level for b in all_blocks if b.level}), start=2)}
    last = 1
    for block in all_blocks:
        if block.level:
            last = min(ranks[block.level], last + 1)
            block = replace(block, level=last)
        yield block


def _joined(found: Iterator[Block]) -> Iterator[Block]:
    for kind, run in groupby(found, key=lambda block: block.kind):
        if kind == "text":
            yield Block("text", Markup("\n").join(block.html for block in run))
        else:
            yield from run
