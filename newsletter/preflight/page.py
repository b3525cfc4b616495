"""A mail's HTML as a tree, and what checks ask of it: links with their words, images, headings, styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from html import unescape
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag

from newsletter.render.tags import attributes, pieces

_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
_LEADS = {"a": "href", "area": "href", "img": "src"}


class Anchor(NamedTuple):
    """A link: where it leads, what is read or heard of it, and whether anybody sees it."""

    url: str
    words: str
    seen: bool


class Picture(NamedTuple):
    """An image; `alt` is None where it has no such attribute."""

    url: str
    alt: str | None
    bare: bool
    """Whether it stands for itself: nothing in the same link says in words what it does."""


class Heading(NamedTuple):
    """A heading with its level, from 1 to 6."""

    level: int
    words: str


class Page:
    """A document. Comments that only Outlook reads are comments."""

    def __init__(self, html: str) -> None:
        self.soup = BeautifulSoup(html, "html.parser")

    @cached_property
    def anchors(self) -> list[Anchor]:
        """Its links, in order."""
        found = (one for one in self.soup.find_all(("a", "area")) if one.has_attr("href"))
        return [Anchor(str(one["href"]).strip(), _spoken(one), not _is_hidden(one)) for one in found]

    @cached_property
    def pictures(self) -> list[Picture]:
        """Its images, in order."""
        return [
            Picture(str(one.get("src") or "").strip(), None if one.get("alt") is None else str(one["alt"]).strip(),
                    _stands_alone(one))
            for one in self.soup.find_all("img")
        ]  # fmt: skip

    @cached_property
    def headings(self) -> list[Heading]:
        """Its headings, in order."""
        found = self.soup.find_all(re.compile(r"^h[1-6]$"))
        return [Heading(int(one.name[1]), words(one)) for one in found if not _is_hidden(one)]

    @cached_property
    def names(self) -> set[str]:
        """What a jump within the document may lead to."""
        found = (one.get(name) for one in self.soup.find_all(True) for name in ("id", "name"))
        return {str(name) for name in found if name}

    @cached_property
    def words(self) -> str:
        """All that is read, on one line."""
        body = self.soup.body or self.soup
        return " ".join(" ".join(_texts(body)).split())

    @cached_property
    def styles(self) -> str:
        """Its style sheets, one after the other."""
        return "\n".join(one.get_text() for one in self.soup.find_all("style"))


def words(tag: Tag) -> str:
    """What is read of an element, on one line."""
    return " ".join("".join(_texts(tag)).split())


def _texts(tag: Tag) -> Iterator[str]:
    for one in tag.strings:
        if one.parent is not None and one.parent.name not in ("style", "script", "title"):
            yield str(one)


def _spoken(tag: Tag) -> str:
    label = str(tag.get("aria-label") or "").strip()
    alts = (str(image.get("alt") or "") for image in tag.find_all("img"))
    return label or " ".join(" ".join((words(tag), *alts)).split())


def _is_hidden(tag: Tag) -> bool:
    """Whether neither eyes nor ears come to it."""
    line = (tag, *tag.parents)
    return any(_HIDDEN.search(str(one.get("style") or "")) or one.get("aria-hidden") == "true" for one in line)


def _stands_alone(image: Tag) -> bool:
    if image.get("aria-hidden") == "true" or image.get("role") == "presentation":
        return False
    link = image.find_parent("a")
    return link is None or not (words(link) or link.get("aria-label"))


def addresses_in(html: str) -> list[str]:
    """What a piece of HTML leads to or shows; cheaper than a tree."""
    found = list[str]()
    for piece in pieces(html):
        wanted = _LEADS.get(piece.name)
        if wanted and not piece.closing:
            found += [unescape(value) for name, value in attributes(piece.source) if name == wanted and value]
    return found
