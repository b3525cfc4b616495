"""What the kinds of sources hand over: entries, all of one shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

from newsletter.config import Config
from newsletter.config.schema import Source
from newsletter.markup.clean import Addresses, clean
from newsletter.markup.text import SUMMARY, TITLE, count_words, cut, line
from newsletter.markup.urls import digest

TAGS = 50
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """One visit to one source: what its kind needs to know to read it."""

    name: str
    source: Source
    config: Config
    now: datetime
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True)
class Entry:
    """One story as a source has it now, cleaned; the fields are those of Post."""

    guid: str
    url: str
    title: str
    summary: str
    html: str
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    image_url: str
    image_alt: str
    language: str
    words: int
    published_at: datetime | None
    personal: bool = False

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all of it: equal means unchanged."""
        return digest(json.dumps(asdict(self), default=datetime.isoformat, ensure_ascii=True))


@dataclass(frozen=True)
class Fetched:
    """What one visit brought.

    An entry dated later than `latest` counts as published when it is first seen.
    """

    entries: tuple[Entry, ...] = ()
    etag: str = ""
    last_modified: str = ""
    warning: str = ""
    not_modified: bool = False
    latest: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A story before it is cleaned: `title` and `summary` are plain text, `html` is whatever came."""

    guid: str
    url: str
    html: str
    addresses: Addresses
    title: str = ""
    summary: str = ""
    authors: Iterable[str] = ()
    tags: Iterable[str] = ()
    image_url: str = ""
    image_alt: str = ""
    language: str = ""
    published_at: datetime | None = None

    def finish(self, call: Call) -> Entry:
        """Clean it, and find what it lacks in what it has."""
        body = clean(self.html, self.addresses)
        summary = cut(line(self.summary) or body.paragraph or body.text, SUMMARY)
        image = self.addresses.image(self.image_url) if self.image_url else ""
        same = not image or image == body.image_url
        title = cut(line(self.title), TITLE) or self._name(summary, call)
        return Entry(
            guid=self.guid,
            url=self.url,
            title=title,
            summary=summary if summary != title else "",  # said once is enough
            html=body.html,
            authors=_unique(map(line, self.authors)),
            tags=_unique(line(tag).lower() for tag in (*self.tags, *call.source.tags))[:TAGS],
            image_url=image or body.image_url,
            image_alt=line(self.image_alt) or (body.image_alt if same else ""),
            language=self.language if _LANGUAGE.fullmatch(self.language) and len(self.language) <= 35 else "",
            words=count_words(body.text),
            published_at=self.published_at,
        )

    def _name(self, summary: str, call: Call) -> str:
        """A title for a story without one: how it begins, else where and when it was published."""
        if summary:
            return cut(summary, 80)
        host = (urlsplit(self.url).hostname or call.name).removeprefix("www.")
        return f"{host}, {self.published_at:%-d %B %Y}" if self.published_at else host


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word and len(word) <= 200))
