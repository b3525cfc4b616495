"""What a web page says of itself: OpenGraph, JSON-LD, and the plain old meta tags, in this order of trust."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

ARTICLES = frozenset(("article", "blogposting", "newsarticle", "report", "scholarlyarticle", "techarticle", "webpage"))
_DEEPEST = 5


@dataclass(frozen=True)
class Facts:
    """What was found, as it stands in the page; empty where it says nothing."""

    title: str = ""
    summary: str = ""
    image: str = ""
    image_alt: str = ""
    canonical: str = ""
    published: str = ""
    language: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def facts(page: HtmlElement) -> Facts:
    """The facts of a parsed page."""
    meta, story = _meta(page), _story(page)

    def first(*names: str) -> str:
        return next((meta[name][0] for name in names if meta.get(name)), "")

    return Facts(
        title=first("og:title", "twitter:title") or _text(story.get("headline")) or _words(page, "//head/title"),
        summary=first("og:description", "description", "twitter:description") or _text(story.get("description")),
        image=first("og:image:secure_url", "og:image", "twitter:image") or _address(story.get("image")),
        image_alt=first("og:image:alt", "twitter:image:alt"),
        canonical=_attribute(page, "//link[@rel='canonical']/@href") or first("og:url"),
        published=first("article:published_time", "date", "dc.date", "dcterms.created", "pubdate")
        or _text(story.get("datePublished"))
        or _attribute(page, "//article//time/@datetime"),
        language=_attribute(page, "/html/@lang") or first("og:locale").replace("_", "-"),
        authors=tuple(_authors(story)) or tuple(_names(meta, "author", "article:author", "dc.creator")),
        tags=tuple(meta.get("article:tag", ())) or tuple(_keywords(story.get("keywords"))),
    )


def _meta(page: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tag in page.iter("meta"):
        name = str(tag.get("property") or tag.get("name") or "").strip().lower()
        if name and (content := str(tag.get("content") or "").strip()):
            found.setdefault(name, []).append(content)
    return found


def _story(page: HtmlElement) -> dict[str, Any]:
    """What the page's JSON-LD says of its story, if it has any that can be read."""
    for script in page.iter("script"):
        if str(script.get("type") or "").strip().lower() == "application/ld+json":
            try:
                told = json.loads(script.text or "")
            except (ValueError, RecursionError):
                continue  # it is broken; another one, or the meta tags, may not be
            for one in _things(told):
                if _kinds(one) & ARTICLES:
                    return one
    return {}


def _things(told: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if isinstance(told, list) and depth < _DEEPEST:
        for one in told:
            yield from _things(one, depth + 1)
    elif isinstance(told, dict):
        yield told
        yield from _things(told.get("@graph"), depth + 1)


def _kinds(thing: dict[str, Any]) -> set[str]:
    kinds = thing.get("@type")
    return {str(one).lower() for one in (kinds if isinstance(kinds, list) else [kinds])}


def _authors(story: dict[str, Any]) -> Iterator[str]:
    authors = story.get("author")
    for one in authors if isinstance(authors, list) else [authors]:
        if name := _text(one.get("name") if isinstance(one, dict) else one):
            yield name


def _names(meta: dict[str, list[str]], *names: str) -> list[str]:
    """The authors of meta tags; many sites write the address of a profile there instead."""
    found = next((meta[name] for name in names if meta.get(name)), [])
    return [one for one in found if "://" not in one]


def _keywords(value: Any) -> list[str]:
    words = value if isinstance(value, list) else _text(value).split(",")
    return [text for one in words if (text := _text(one))]


def _address(value: Any) -> str:
    if isinstance(value, list):
        return next(filter(None, map(_address, value[:5])), "")
    return _text(value.get("url") if isinstance(value, dict) else value)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _attribute(page: HtmlElement, path: str) -> str:
    return next((str(one).strip() for one in page.xpath(path)), "")


def _words(page: HtmlElement, path: str) -> str:
    return next((str(one.text_content()).strip() for one in page.xpath(path)), "")
