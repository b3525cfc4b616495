"""HTML from anywhere, made fit for a mail: safe, balanced, with whole addresses and without trackers.

One streaming pass by html.parser limits the nesting, which nh3 and every mail program walk recursively, resolves
addresses and takes notes; nh3 then has the last word on what is safe.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser

import nh3

from newsletter.markup import urls
from newsletter.markup.tags import ATTRIBUTES, BLOCKS, CLOSES, EVERYWHERE, READ_AS, SILENT, TABLE, TAGS, VOID
from newsletter.markup.text import collapse, line, scrub, with_emoji

DEEPEST = 100
LONGEST = 1_000_000  # characters of HTML in one post; mail programs clip at a tenth of it
Attributes = dict[str, str]


@dataclass(frozen=True)
class Addresses:
    """How the links and the images of a text are made whole; an empty answer drops them."""

    link: Callable[[str], str]
    image: Callable[[str], str]

    @classmethod
    def against(cls, base: str) -> Addresses:
        """Both as a page at this address means them."""
        return cls(partial(urls.link, base), partial(urls.absolute, base))


@dataclass(frozen=True)
class Cleaned:
    """The sanitised HTML, and what was seen on the way."""

    html: str
    text: str
    paragraph: str
    image_url: str = ""
    image_alt: str = ""


def clean(source: str, addresses: Addresses) -> Cleaned:
    """Sanitise a piece of HTML."""
    walk = _Pass(addresses)
    walk.feed(_completed(source[:LONGEST]))
    walk.close()
    safe = nh3.clean(
        walk.output(),
        tags=set(TAGS),
        attributes={**ATTRIBUTES, "*": EVERYWHERE},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )
    return Cleaned(safe.strip(), collapse("".join(walk.text)), walk.paragraph, *walk.image)


def plain(source: str) -> str:
    """The text of a piece of HTML, on one line."""
    if "<" not in source and "&" not in source:
        return line(source)
    return clean(source, Addresses.against("")).text


def _completed(source: str) -> str:
    """The HTML without comments, and with no tag that never ends: html.parser takes quadratic time over either."""
    head, *rest = source.split("<!--")
    source = head + "".join(piece.partition("-->")[2] for piece in rest)
    tags, close, tail = source.rpartition(">")
    return tags + close + tail.replace("<", "&lt;")


class _Pass(HTMLParser):
    """Writes allowed tags balanced and at most DEEPEST deep, and everything else as text."""

    def __init__(self, addresses: Addresses) -> None:
        super().__init__(convert_charrefs=True)
        self._addresses = addresses
        self._out: list[str] = []
        self._open: list[str] = []
        self._skipped: Counter[str] = Counter()
        self._silent, self._silences = "", 0
        self._paragraph_at = 0
        self.text: list[str] = []
        self.paragraph = ""
        self.image = ("", "")

    def output(self) -> str:
        """What was written, every element closed."""
        self._close_down_to(0)
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._silent and tag in SILENT:
            self._silent = tag
        if self._silent:
            self._silences += tag == self._silent
            return
        tag = READ_AS.get(tag, tag)
        given: Attributes = {}
        for name, value in attrs:
            given.setdefault(name, scrub(value or ""))  # of an attribute that stands twice, the first counts
        if tag == "img":
            self._img(given)
        elif tag in VOID:
            self._imply_ends(tag)
            self._write_void(tag, {})
        elif tag in TAGS:
            self._start(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in SILENT:  # XHTML: `<iframe … />` has no content to be silent about
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silences -= tag == self._silent
            self._silent = self._silent if self._silences else ""
            return
        tag = READ_AS.get(tag, tag)
        if self._skipped[tag]:
            self._skipped[tag] -= 1
        elif (place := self._place(tag)) is not None:
            self._close_down_to(place)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        data = scrub(data)
        if "code" not in self._open and "pre" not in self._open:
            data = with_emoji(data)
        self.text.append(data)
        self._out.append(html.escape(data, quote=False))

    def _start(self, tag: str, given: Attributes) -> None:
        self._imply_ends(tag)
        too_deep = len(self._open) >= DEEPEST or (tag == "a" and "a" in self._open)
        kept = {} if too_deep else self._kept(tag, given)
        if too_deep or (tag == "a" and "href" not in kept) or (tag == "span" and not kept):
            self._skipped[tag] += 1
            return
        if tag in BLOCKS:
            self.text.append("\n")
        if tag == "p":
            self._paragraph_at = len(self.text)
        self._open.append(tag)
        self._out.append(_tag(tag, kept))

    def _kept(self, tag: str, given: Attributes) -> Attributes:
        allowed = ATTRIBUTES.get(tag, set()) | EVERYWHERE
        kept = {name: value for name, value in given.items() if name in allowed}
        if "href" in kept:
            kept["href"] = self._addresses.link(kept["href"])
        return {name: value for name, value in kept.items() if value}

    def _img(self, given: Attributes) -> None:
        if _hidden(given):
            return
        alt = line(given.get("alt", ""))
        if alt and {"emoji", "wp-smiley"} & set(given.get("class", "").split()):
            self.handle_data(alt)  # some blogs draw each emoji as a picture of it
            return
        # Pages that load images late hold the real address aside.
        sources = (given.get(name, "") for name in ("data-src", "data-lazy-src", "src"))
        source = next(filter(None, (self._addresses.image(url) for url in sources if url)), "")
        if not source:
            return
        size = {name: given[name] for name in ("width", "height") if given.get(name, "").isdecimal()}
        self._write_void("img", {"src": source, "alt": alt, **size})
        if not self.image[0] and all(int(value[:6]) >= 80 for value in size.values()):
            self.image = (source, alt)

    def _write_void(self, tag: str, attributes: Attributes) -> None:
        self.text.append(" ")
        self._out.append(_tag(tag, attributes))

    def _imply_ends(self, tag: str) -> None:
        closes = CLOSES.get(tag, frozenset())
        while self._open and self._open[-1] in closes:
            self._close_down_to(len(self._open) - 1)

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
            tag = self._open.pop()
            if tag in BLOCKS:
                self.text.append("\n")
            if tag == "p" and not self.paragraph:
                self.paragraph = collapse("".join(self.text[self._paragraph_at :]))
            empty = tag not in TABLE and self._out[-1].startswith((f"<{tag}>", f"<{tag} "))
            self._out[-1:] = [] if empty else [self._out[-1], f"</{tag}>"]


def _tag(name: str, attributes: Attributes) -> str:
    written = (f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{''.join(written)}>"


def _hidden(given: Attributes) -> bool:
    """Whether an image is there to count readers, not to be seen."""
    style = given.get("style", "").replace(" ", "").lower()
    sizes = (given.get(name, "").removesuffix("px").strip() for name in ("width", "height"))
    return any(size in ("0", "1", "2") for size in sizes) or "display:none" in style
