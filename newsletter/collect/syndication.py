"""RSS, Atom and RDF by feedparser; cleaning and resolving addresses is ours."""

from __future__ import annotations

import calendar
import html
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser

from newsletter.collect.entry import Draft
from newsletter.collect.errors import NotAFeed
from newsletter.markup import urls
from newsletter.markup.clean import Addresses, plain

Item = dict[str, Any]
# What feedparser lets slip on malformed documents, instead of setting bozo.
_SLIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def drafts(text: str, url: str) -> list[Draft]:
    """The entries of an XML feed, in its order."""
    # The text is UTF-8 by now, whatever the server said; content-location is what relative addresses are meant from.
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": url}
    try:
        parsed = feedparser.parse(
            io.BytesIO(text.encode()), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except _SLIPS as error:
        reason = f"The feed is so malformed that it cannot be read ({type(error).__name__}: {error})."
        raise NotAFeed(reason, "A feed validator shows where.") from error
    return [_draft(item, parsed.feed, url) for item in parsed.entries]


def _draft(item: Item, feed: Item, feed_url: str) -> Draft:
    link = urls.absolute(feed_url, item.get("feedburner_origlink") or item.get("link") or "")
    body = _body(item)
    source = _as_html(body)
    image, alt = _image(item)
    return Draft(
        guid=item.get("id") or link or urls.digest(_title(item) + source),
        url=urls.canonical(link),
        title=_title(item),
        summary=_summary(item, body),
        html=source,
        addresses=Addresses.against(_base(body, feed_url) or link or feed_url),
        authors=list(_authors(item)) or list(_authors(feed)),
        tags=[tag["term"] for tag in item.get("tags", []) if tag.get("term")],
        image_url=image,
        image_alt=alt,
        language=body.get("language") or feed.get("language") or "",
        published_at=_date(item),
    )


def _body(item: Item) -> Item:
    """The fullest of its texts: some feeds put a caption or a teaser where the content belongs."""
    texts = [*item.get("content", []), _detail(item, "summary")]
    readable = [
        text for text in texts if str(text.get("type") or "text/html").startswith(("text/", "application/xhtml"))
    ]
    return max(readable, key=lambda text: len(text.get("value") or ""), default={})


def _detail(item: Item, name: str) -> Item:
    """A text with its type; feedparser lets media:description overwrite the type, though not the text."""
    value, detail = item.get(name) or "", item.get(f"{name}_detail") or {}
    return detail if detail.get("value") == value else {"value": value}


def _as_html(text: Item) -> str:
    value = text.get("value") or ""
    return (
        f"<p>{html.escape(_decoded(value), quote=False)}</p>" if text.get("type") == "text/plain" and value else value
    )


def _as_text(text: Item) -> str:
    value = text.get("value") or ""
    return _decoded(value) if text.get("type") == "text/plain" else plain(value)


def _decoded(value: str) -> str:
    """Many feeds call a text plain and write `&nbsp;` in it all the same."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), value)


def _title(item: Item) -> str:
    return _as_text(_detail(item, "title"))


def _summary(item: Item, body: Item) -> str:
    """The feed's own summary, if it is another text than the body."""
    own = _detail(item, "summary")
    return "" if own.get("value") == body.get("value") else _as_text(own)


def _base(text: Item, feed_url: str) -> str:
    """The xml:base of a text; feedparser names the feed's own address where there is none."""
    base = text.get("base") or ""
    return "" if base == feed_url else base


def _date(item: Item) -> datetime | None:
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        if name in item and item[name]:  # noqa: RUF019 - `get` answers for other dates too, with a warning
            try:
                return datetime.fromtimestamp(calendar.timegm(item[name]), UTC)
            except (ValueError, OverflowError, OSError):
                continue  # such as the year 0; another field may hold a real date
    return None


def _authors(holder: Item) -> Iterator[str]:
    for author in holder.get("authors", []):
        if author.get("name"):
            yield plain(author["name"])


def _image(item: Item) -> tuple[str, str]:
    """The picture that goes with an entry, and what it shows."""
    return next(filter(lambda picture: picture[0], _images(item)), ("", ""))


def _images(item: Item) -> Iterator[tuple[str, str]]:
    for link in item.get("links", []):
        if link.get("rel") == "enclosure" and str(link.get("type", "")).startswith("image/"):
            yield link.get("href", ""), link.get("title", "")
    for medium in sorted(item.get("media_content", []), key=_width, reverse=True):
        if medium.get("medium") == "image" or str(medium.get("type", "")).startswith("image/"):
            yield medium.get("url", ""), ""
    for thumbnail in item.get("media_thumbnail", []):
        yield thumbnail.get("url", ""), ""
    picture = item.get("image")
    if isinstance(picture, dict):  # itunes:image
        yield picture.get("href", ""), ""


def _width(medium: Item) -> int:
    width = str(medium.get("width", ""))
    return int(width) if width.isdecimal() and len(width) < 7 else 0
