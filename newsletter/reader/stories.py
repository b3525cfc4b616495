"""Stories as search results and tag pages list them, with the words that were looked for marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from newsletter import links
from newsletter.config import Config
from newsletter.config.values import zone
from newsletter.models import Entry
from newsletter.models.finding import Wanted, folded, wanted
from newsletter.reader.jinja import here
from newsletter.render.context import is_web
from newsletter.render.words import cut, one_line

BEFORE, AROUND = 60, 240
"""Characters of an excerpt before the first word that was found, and graphemes of it in all."""
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff\u064b-\u065f]+[^\W_]*)*")


@dataclass(frozen=True)
class Result:
    """A story in a list; `source` names the site that published it, if that is not us."""

    title: str
    marked: Markup
    path: str
    excerpt: Markup
    date: datetime
    newsletter: str
    name: str
    language: str
    source: str
    authors: tuple[str, ...]
    image: str
    alt: str


def results(config: Config, entries: Iterable[Entry], query: str = "") -> list[Result]:
    """What each story shows of itself in a list."""
    asked = wanted(query)
    return [_result(config, entry, asked) for entry in entries]


def excerpt(text: str, asked: Sequence[Wanted]) -> Markup:
    """The stretch of a text about the first of the words, each of them marked; empty if none of them is there."""
    beginnings = _beginnings(asked)
    first = next((match.start() for match in _WORD.finditer(text) if _is_one(match[0], beginnings)), None)
    if first is None:
        return Markup()
    start = _word_start(text, first - BEFORE)
    return escape("…" if start else "") + marked(cut(text[start : start + AROUND * 4], AROUND), asked)


def marked(text: str, asked: Sequence[Wanted]) -> Markup:
    """The text with the words that were looked for marked."""
    beginnings, written, position = _beginnings(asked), [], 0
    for match in _WORD.finditer(text):
        if _is_one(match[0], beginnings):
            written += [escape(text[position : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
            position = match.end()
    return Markup().join([*written, escape(text[position:])])


def _result(config: Config, entry: Entry, asked: Sequence[Wanted]) -> Result:
    item, issue = entry.item, entry.item.issue
    outside = item.url if is_web(item.url) else ""
    if outside:
        address = links.story(config, issue.newsletter, issue.slug, entry.place)
    else:
        # A post may have another title by now; its address is made of that one.
        address = links.post(config, entry.post_id, item.post.title)
    settings = config.newsletters[issue.newsletter]
    title, summary = one_line(item.title), one_line(item.summary)
    return Result(
        title=title,
        marked=marked(title, asked) if asked else Markup(),
        path=here(address),
        excerpt=(excerpt(entry.text, asked) if asked else Markup()) or marked(summary, asked),
        date=issue.due_at.astimezone(zone(config.time_zone_of(issue.newsletter))),
        newsletter=issue.newsletter,
        name=settings.title,
        language=item.language or settings.language,
        source=(urlsplit(outside).hostname or "").removeprefix("www."),
        authors=tuple(one_line(str(name)) for name in item.authors),
        image=item.image_url if is_web(item.image_url) else "",
        alt=one_line(item.image_alt),
    )


def _beginnings(asked: Sequence[Wanted]) -> tuple[str, ...]:
    return tuple(token for one in asked for token in one.tokens)


def _is_one(word: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a word begins as one that was looked for; in a script without spaces, whether it holds one."""
    if not beginnings:
        return False
    plain = folded(word)
    return plain.startswith(beginnings) or (len(plain) > 1 and not word.isascii() and _holds(plain, beginnings))


def _holds(word: str, beginnings: tuple[str, ...]) -> bool:
    return any(one[0] >= "\u0e00" and one in word for one in beginnings)


def _word_start(text: str, near: int) -> int:
    """The beginning of the word at a place; the place itself where words have no spaces between them."""
    if near <= 0:
        return 0
    space = text.find(" ", near, near + BEFORE)
    return space + 1 if space >= 0 else near
