"""A look at what came before a parser gets it: which format, cut off or whole, and nothing that could harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

from newsletter.collect.errors import NotAFeed
from newsletter.markup.tags import UNCLOSED, words

DEEPEST = 250
_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf))(?=[\s>])", re.IGNORECASE)
_ANY_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_LAST_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<(?:(!\[CDATA\[)|(!--)|(/?)([A-Za-z_][\w.:-]*+)([^<>]*+)>)")
_PERSON = words("author contributor creator email managingeditor name owner publisher webmaster")
_BASE = re.compile(r"(?:\s|:)base\s*=", re.IGNORECASE)
_ENDLESS = re.compile(r"[\w.+-]{500}", re.ASCII)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")


@dataclass(frozen=True)
class Xml:
    """An XML feed that is safe to parse; `cut_off` says that its end was missing and only whole entries are left."""

    text: str
    cut_off: bool = False


def xml(text: str, url: str) -> Xml:
    """Find the feed in a document; raise NotAFeed with what it is instead."""
    start = _prolog_end(text)
    root = _ROOT.search(text, start, start + 100_000)
    if root is None:
        raise _something_else(text[start:], url)
    feed, cut_off = _whole(text[root.start() :], root[1])
    _inspect(feed)
    return Xml(f'<?xml version="1.0" encoding="utf-8"?>\n{feed}', cut_off)


def _prolog_end(text: str) -> int:
    """Where the document itself begins: no DOCTYPE comes along, so no entity is ever declared."""
    place = 0
    while match := _PROLOG.match(text, place):
        place = match.end()
    return place


def _whole(text: str, root: str) -> tuple[str, bool]:
    """The feed up to the end of its root, or, if that never came, up to its last whole entry."""
    last_entry = 0
    for match in _LAST_ENTRY.finditer(text):
        last_entry = match.end()
    if end := re.search(rf"</{re.escape(root)}\s*>", text[last_entry:], re.IGNORECASE):
        return text[: last_entry + end.end()], False
    if not last_entry:
        raise NotAFeed("The feed breaks off before its first entry ends.", "It is tried again next time.")
    channel = re.search(r"<channel[\s>]", text[:last_entry]) and root.lower() == "rss"
    return f"{text[:last_entry]}{'</channel>' if channel else ''}</{root}>", True


def _inspect(text: str) -> None:
    """Refuse what would make feedparser take hours or all memory.

    It keeps a copy of the base address for each level of nesting, and looks for an e-mail address in the name of a
    person in time that grows with the square of its longest word.
    """
    depth, person = 0, -1
    for name, step, place in _tags(text):
        depth += step
        if depth > DEEPEST:
            raise NotAFeed(f"The feed nests its tags more than {DEEPEST} deep, which no honest feed does.")
        if name.rpartition(":")[2] in _PERSON:
            if person >= 0 and _ENDLESS.search(text, person, place):
                raise NotAFeed("The feed names a person by a word of more than 500 letters.")
            person = place if step > 0 else -1


def _tags(text: str) -> Iterator[tuple[str, int, int]]:
    """Each tag's name, what it adds to the depth, and where it ends."""
    place = 0
    while match := _TAG.search(text, place):
        cdata, comment, closing, name, rest = match.groups()
        place = match.end()
        if cdata or comment:
            end = text.find("]]>" if cdata else "-->", place)
            place = len(text) if end < 0 else end
        elif not rest.endswith("/") and (name.lower() not in UNCLOSED or _BASE.search(rest)):
            yield name.lower(), -1 if closing else 1, place


def _something_else(text: str, url: str) -> NotAFeed:
    """The error that says what came instead of a feed."""
    if not text.strip():
        return NotAFeed("The feed is empty.", "Does its address show anything in a browser?")
    root = _ANY_ROOT.search(text)
    if root is None:
        return NotAFeed("This is plain text, not a feed.", "Is the address right?")
    page = _Page()
    page.feed(text[:200_000])
    if page.feeds:
        return NotAFeed("This is a web page, not a feed.", f"Its feed is {urljoin(url, page.feeds[0])}")
    if page.is_html:
        return NotAFeed("This is a web page, not a feed.", "Look for the address of its RSS or Atom feed.")
    return NotAFeed(f"This is XML, but not a feed: it begins with <{root[1]}>.", "Is the address right?")


class _Page(HTMLParser):
    """Finds the feeds that a web page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.feeds: list[str] = []
        self.is_html = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_html |= tag in ("html", "head", "body", "div", "p")
        given = {name: value or "" for name, value in attrs}
        alternate = "alternate" in given.get("rel", "").lower().split()
        if tag == "link" and alternate and given.get("type", "").lower() in _FEED_TYPES and given.get("href"):
            self.feeds.append(given["href"])
