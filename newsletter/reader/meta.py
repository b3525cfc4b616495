"""What a page says of itself to search engines and to those who share it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from markupsafe import Markup

from newsletter.config import Config
from newsletter.render.words import cut

DESCRIPTION = 200
"""Graphemes of a description; search engines show no more."""
KINDS = (("rss.xml", "application/rss+xml", "RSS"), ("atom.xml", "application/atom+xml", "Atom"),
         ("feed.json", "application/feed+json", "JSON Feed"))  # fmt: skip


@dataclass(frozen=True)
class Feed:
    """A feed as a page names it."""

    path: str
    type: str
    title: str


@dataclass(frozen=True)
class Crumb:
    """A step of the way from the front page."""

    title: str
    path: str


@dataclass(frozen=True)
class Meta:
    """What stands in a page's head. `canonical` and `image` are whole addresses."""

    title: str
    description: str
    canonical: str
    image: str = ""
    image_alt: str = ""
    kind: str = "website"
    published: datetime | None = None
    modified: datetime | None = None
    authors: Sequence[str] = ()
    tags: Sequence[str] = ()
    crumbs: Sequence[Crumb] = ()
    feeds: Sequence[Feed] = ()
    indexed: bool = True
    previous: str = ""
    next: str = ""
    json_ld: Sequence[Markup] = field(default=())

    @property
    def short(self) -> str:
        """The description at a length that is shown whole."""
        return cut(self.description, DESCRIPTION)


def whole(config: Config, path: str) -> str:
    """The whole address of a page of ours."""
    return path if path.startswith(("http://", "https://")) else f"{config.site.url}{path}"


def feeds(config: Config, newsletter: str = "") -> list[Feed]:
    """The feeds of a newsletter, or of all there is."""
    title = config.newsletters[newsletter].title if newsletter else config.site.name
    name, args = ("newsletter-feed", (newsletter,)) if newsletter else ("feed", ())
    return [Feed(reverse(name, args=(*args, kind)), mime, f"{title} ({word})") for kind, mime, word in KINDS]


def article(config: Config, meta: Meta, publisher: str, logo: str, language: str, news: bool) -> list[Markup]:
    """The article and the way to it as JSON-LD."""
    by = [{"@type": "Person", "name": name} for name in meta.authors]
    organisation: dict[str, Any] = {"@type": "Organization", "name": publisher, "url": config.site.url}
    if logo:
        organisation |= {"logo": {"@type": "ImageObject", "url": whole(config, logo)}}
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle" if news else "Article",
        "headline": cut(meta.title, 110),
        "description": meta.short,
        "url": meta.canonical,
        "mainEntityOfPage": {"@type": "WebPage", "@id": meta.canonical},
        "image": [meta.image] if meta.image else [],
        "inLanguage": language,
        "author": by or organisation,
        "publisher": organisation,
        "keywords": list(meta.tags),
        "isAccessibleForFree": True,
    }
    for name, moment in (("datePublished", meta.published), ("dateModified", meta.modified or meta.published)):
        if moment:
            told[name] = moment.isoformat()
    return [script(told), breadcrumbs(config, meta.crumbs)]


def breadcrumbs(config: Config, crumbs: Iterable[Crumb]) -> Markup:
    """The way to a page as JSON-LD."""
    steps = [
        {"@type": "ListItem", "position": place, "name": crumb.title, "item": whole(config, crumb.path)}
        for place, crumb in enumerate(crumbs, start=1)
    ]
    return script({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": steps})


def script(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element, or begin another."""
    written = json.dumps(value, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)  # noqa: S704 - no `<` is left in it
