"""What the kinds of sources hand over: entries, all of one shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from newsletter.config import Config
from newsletter.config.schema import Source
from newsletter.markup.clean import Addresses, Cleaned, Picture, clean
from newsletter.markup.images import Size
from newsletter.markup.text import SUMMARY, TITLE, count_words, cut, line
from newsletter.markup.urls import digest

TAGS = 50
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
Examine = Callable[[str], tuple[int, str] | None]
"""Tells what is wrong with one tag about the reader, and on which line of it."""


@dataclass(frozen=True)
class Call:
    """One visit to one source: what its kind needs to know to read it."""

    name: str
    source: Source
    config: Config
    now: datetime
    etag: str = ""
    last_modified: str = ""
    examine: Examine | None = None


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
    image_dark: str
    image_width: int
    image_height: int
    language: str
    words: int
    published_at: datetime | None
    personal: bool = False
    unmeasured: tuple[str, ...] = field(default=(), compare=False)
    as_published: str = field(default="", compare=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all of it as its source has it: equal means unchanged."""
        if self.as_published:
            return self.as_published
        content = {name: value for name, value in asdict(self).items() if name not in ("unmeasured", "as_published")}
        return digest(json.dumps(content, default=datetime.isoformat, ensure_ascii=True))

    def measured(self, sizes: Callable[[str], Size]) -> Entry:
        """The entry with the sizes of its images filled in, and without those that are too big."""
        body = self._cleaned(replace(Addresses.against(""), size=sizes))
        image = _sized(Picture(self.image_url, self.image_alt, self.image_width, self.image_height, self.image_dark),
                       sizes)  # fmt: skip
        return replace(
            self, html=body.html, **_image_fields(image or body.image), unmeasured=(),
            as_published=self.fingerprint,
        )  # fmt: skip

    def _cleaned(self, addresses: Addresses) -> Cleaned:
        """The HTML cleaned once more. Of a personal one the tags are kept, and all other braces remain references:
        cleaning would make braces of them, and those a template."""
        if not self.personal:
            return clean(self.html, addresses, trusted=True)
        word, tags = f"q{digest(self.html)[:12]}q", _TAG.findall(self.html)
        numbers = count()
        body = clean(_TAG.sub(lambda _: f"{word}{next(numbers)}z", self.html), addresses, trusted=True)
        braced = body.html.replace("{", "&#123;")
        return replace(body, html=re.sub(rf"{word}(\d+)z", lambda found: tags[int(found[1])], braced))


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
    image_dark: str = ""
    language: str = ""
    published_at: datetime | None = None
    trusted: bool = False

    def finish(self, call: Call) -> Entry:
        """Clean it, and find what it lacks in what it has."""
        body = clean(self.html, self.addresses, trusted=self.trusted)
        summary = cut(line(self.summary) or body.paragraph or body.text, SUMMARY)
        image = self._image(body)
        title = cut(line(self.title), TITLE) or self._name(summary, call)
        return Entry(
            guid=self.guid,
            url=self.url,
            title=title,
            summary=summary if summary != title else "",  # said once is enough
            html=body.html,
            authors=_unique(map(line, self.authors)),
            tags=_unique(line(tag).lower() for tag in (*self.tags, *call.source.tags))[:TAGS],
            **_image_fields(image),
            language=self.language if _LANGUAGE.fullmatch(self.language) and len(self.language) <= 35 else "",
            words=count_words(body.text),
            published_at=self.published_at,
            unmeasured=_unmeasured(image, body),
        )

    def _image(self, body: Cleaned) -> Picture:
        """The picture that stands for the story: the one its source names, else the first of its body."""
        url = self.addresses.image(self.image_url) if self.image_url else ""
        same = not url or url == body.image.url
        own = Picture(url, line(self.image_alt), dark=self.addresses.image(self.image_dark) if self.image_dark else "")
        if same:
            return replace(body.image, alt=own.alt or body.image.alt, dark=own.dark or body.image.dark)
        return _sized(own, self.addresses.size) or body.image

    def _name(self, summary: str, call: Call) -> str:
        """A title for a story without one: how it begins, else where and when it was published."""
        if summary:
            return cut(summary, 80)
        host = (urlsplit(self.url).hostname or call.name).removeprefix("www.")
        return f"{host}, {self.published_at:%-d %B %Y}" if self.published_at else host


def _sized(image: Picture, sizes: Callable[[str], Size]) -> Picture | None:
    """The picture with its size, as far as it is known; None if there is none, or it is too big to be shown."""
    size = sizes(image.url)
    if not image.url or size.too_big:
        return None
    return replace(image, width=size.width, height=size.height) if size else image


def _image_fields(image: Picture) -> dict[str, Any]:
    return {
        "image_url": image.url, "image_alt": image.alt, "image_dark": image.dark,
        "image_width": image.width, "image_height": image.height,
    }  # fmt: skip


def _unmeasured(image: Picture, body: Cleaned) -> tuple[str, ...]:
    """The images of unknown size, the story's own first."""
    own = [image.url] if image.url and not (image.width and image.height) else []
    return tuple(dict.fromkeys([*own, *body.unmeasured]))


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word and len(word) <= 200))
