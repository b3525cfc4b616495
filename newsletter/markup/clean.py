"""HTML from anywhere, made fit for a mail: safe, balanced, with whole addresses and without trackers.

One streaming pass by html.parser limits the nesting, which nh3 and every mail program walk recursively, resolves
addresses, knows what big platforms mean by their classes, and takes notes; nh3 then has the last word on what is safe.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser

import nh3

from newsletter.markup import foreign, images, urls, videos
from newsletter.markup.images import UNKNOWN, Size
from newsletter.markup.tags import (
    ATTRIBUTES,
    BLOCKS,
    CLOSES,
    EVERYWHERE,
    MARK,
    MARKED,
    READ_AS,
    SILENT,
    TABLE,
    TAGS,
    VOID,
)
from newsletter.markup.text import collapse, line, scrub, with_emoji

DEEPEST = 100
LONGEST = 1_000_000  # characters of HTML in one post; mail programs clip at a tenth of it
_ADDRESS = re.compile(r"(?:https?://|mailto:)\S+|(?:\.{0,2}/|#)\S*", re.IGNORECASE)
Attributes = dict[str, str]


@dataclass(frozen=True)
class Addresses:
    """How the links and the images of a text are made whole, where an empty answer drops them; and images' sizes."""

    link: Callable[[str], str]
    image: Callable[[str], str]
    size: Callable[[str], Size] = lambda _: UNKNOWN

    @classmethod
    def against(cls, base: str) -> Addresses:
        """Both as a page at this address means them."""
        return cls(partial(urls.link, base), partial(urls.absolute, base))


@dataclass(frozen=True)
class Picture:
    """An image that may stand for a story."""

    url: str = ""
    alt: str = ""
    width: int = 0
    height: int = 0
    dark: str = ""


@dataclass(frozen=True)
class Cleaned:
    """The sanitised HTML, and what was seen on the way; `unmeasured` lists images of which nobody knows the size."""

    html: str
    text: str
    paragraph: str
    image: Picture = Picture()
    unmeasured: tuple[str, ...] = ()


def clean(source: str, addresses: Addresses, *, trusted: bool = False) -> Cleaned:
    """Sanitise a piece of HTML; trusted is what our own Markdown made, which alone may say what block it is."""
    walk = _Pass(addresses, trusted)
    walk.feed(_completed(source[:LONGEST]))
    walk.close()
    safe = nh3.clean(
        walk.output(),
        tags=set(TAGS),
        attributes={**ATTRIBUTES, "*": EVERYWHERE},
        tag_attribute_values={tag: {MARK: set(values)} for tag, values in MARKED.items()},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )
    text = collapse("".join(walk.text))
    return Cleaned(safe.strip(), text, walk.paragraph, walk.image, tuple(dict.fromkeys(walk.unmeasured)))


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

    def __init__(self, addresses: Addresses, trusted: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._addresses, self._trusted = addresses, trusted
        self._out: list[str] = []
        self._open: list[str] = []
        self._marks: list[str] = []  # of each open element, the block it is
        self._skipped: Counter[str] = Counter()
        self._silent, self._silences = "", 0
        self._film: Attributes | None = None
        self._dark = ""
        self._paragraph_at = 0
        self._summed_up = True  # whether the open paragraph may stand for the whole
        self.text: list[str] = []
        self.paragraph = ""
        self.image = Picture()
        self.unmeasured: list[str] = []

    def output(self) -> str:
        """What was written, every element closed."""
        self._close_down_to(0)
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Attributes = {}
        for name, value in attrs:
            given.setdefault(name, scrub(value or ""))  # of an attribute that stands twice, the first counts
        if not self._silent and (tag in SILENT or foreign.is_furniture(given)):
            self._silent = tag
            self._player(tag, given)
        if self._silent:
            self._silences += tag == self._silent
            if tag == "source" and self._film is not None:
                self._film = {**given, **self._film}
            return
        tag = READ_AS.get(tag, tag)
        if tag == "img":
            self._img(given)
        elif tag in VOID:
            self._imply_ends(tag)
            self._write_void(tag, {})
        elif tag in TAGS:
            self._start(tag, given)
        elif tag in ("picture", "source"):
            self._dark = images.dark(given, self._addresses.image) or (self._dark if tag == "source" else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self._silent == tag:  # XHTML: `<iframe … />` has no content to be silent about
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silences -= tag == self._silent
            if not self._silences:
                self._silent = ""
                self._end_player()
            return
        self._dark = "" if tag == "picture" else self._dark
        self._end(READ_AS.get(tag, tag))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._write_text(data)

    def _write_text(self, data: str) -> None:
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
            self._paragraph_at, self._summed_up = len(self.text), "figure" not in self._open
        self._summed_up &= kept.get(MARK) != "button"
        self._open.append(tag)
        self._marks.append(kept.get(MARK, ""))
        self._out.append(_tag(tag, kept))

    def _kept(self, tag: str, given: Attributes) -> Attributes:
        allowed = ATTRIBUTES.get(tag, set()) | EVERYWHERE
        kept = {name: value for name, value in given.items() if name in allowed}
        if "href" in kept:
            kept["href"] = self._addresses.link(kept["href"])
        if tag == "a" and foreign.is_button(given):
            kept[MARK] = "button"
        elif self._trusted and given.get(MARK) in MARKED.get(tag, ()):
            kept[MARK] = given[MARK]
        return {name: value for name, value in kept.items() if value}

    def _img(self, given: Attributes) -> None:
        if images.is_hidden(given):
            return
        alt = line(given.get("alt", ""))
        if alt and foreign.is_emoji(given):
            self._write_text(alt)
            return
        if not (source := images.source(given, self._addresses.image)):
            return
        size = self._addresses.size(source)
        if size.too_big:
            self._write_link(source, f"Picture: {alt} ({images.in_words(size.too_big)})".replace(":  (", " ("))
            return
        lengths = images.scaled(images.declared(given), size)
        dark = self._dark or (self._address(given, "data-dark") if self._trusted else "")
        self._write_picture(Picture(source, alt, lengths.get("width", 0), lengths.get("height", 0), dark))

    def _write_picture(self, picture: Picture) -> None:
        lengths = {"width": picture.width, "height": picture.height}
        self._write_void(
            "img",
            {"src": picture.url, "alt": picture.alt}
            | {name: str(length) for name, length in lengths.items() if length}
            | ({"data-dark": picture.dark} if picture.dark else {}),
        )
        if not (picture.width and picture.height):
            self.unmeasured.append(picture.url)
        advertised = "sponsor" in self._marks
        if not self.image.url and not advertised and all(not 0 < n < images.TINY for n in lengths.values()):
            self.image = picture

    def _player(self, tag: str, given: Attributes) -> None:
        """A frame that plays a film is the film; of a `<video>`, what follows may tell where it lies."""
        if tag == "video":
            self._film = {name: given[name] for name in ("src", "poster", "title", "aria-label") if given.get(name)}
        elif tag == "iframe":
            address = images.source(given, self._addresses.image)
            if video := videos.embedded(address, line(given.get("title", ""))):
                self._write_video(video)

    def _end_player(self) -> None:
        film, self._film = self._film, None
        if film and (href := self._address(film, "src")):
            title = line(film.get("title") or film.get("aria-label") or "")
            self._write_video(videos.at(href, self._address(film, "poster"), title))

    def _address(self, given: Attributes, name: str) -> str:
        return self._addresses.image(given[name]) if given.get(name) else ""

    def _write_video(self, video: videos.Video) -> None:
        alone = "figure" not in self._open
        if alone:
            self._start("figure", {})
        self._write_link(video.href, video.title, "video", video.thumbnail)
        if alone:
            self._end("figure")

    def _write_link(self, href: str, words: str, mark: str = "", thumbnail: str = "") -> None:
        """A link of our own making; within another link its words alone."""
        self._start("a", {"href": href})
        if mark and self._open[-1:] == ["a"] and not self._skipped["a"]:
            self._marks[-1] = mark
            self._out[-1] = self._out[-1].removesuffix(">") + f' {MARK}="{mark}">'
        if thumbnail:
            self._write_picture(Picture(thumbnail))
        self._write_text(words)
        self._end("a")

    def _write_void(self, tag: str, attributes: Attributes) -> None:
        self.text.append(" ")
        self._out.append(_tag(tag, attributes))

    def _imply_ends(self, tag: str) -> None:
        closes = CLOSES.get(tag, frozenset())
        while self._open and self._open[-1] in closes:
            self._close_down_to(len(self._open) - 1)

    def _end(self, tag: str) -> None:
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
