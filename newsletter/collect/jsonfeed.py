"""JSON Feed 1 and 1.1 (jsonfeed.org), read leniently: a field of the wrong type counts as absent."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from newsletter.collect.dates import moment
from newsletter.collect.entry import Draft
from newsletter.collect.errors import NotAFeed
from newsletter.markup import urls
from newsletter.markup.clean import Addresses

Item = dict[str, Any]


def drafts(text: str, url: str) -> list[Draft]:
    """The items of a JSON Feed."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise NotAFeed(f"The feed is not valid JSON: {reason}.", "It is tried again next time.") from None
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in _text(feed, "version"):
        raise NotAFeed("This is JSON, but not a JSON Feed: it has no version of jsonfeed.org.", "Is the address right?")
    return [_draft(item, feed, url) for item in _list(feed, "items") if isinstance(item, dict)]


def _draft(item: Item, feed: Item, feed_url: str) -> Draft:
    link = urls.absolute(feed_url, _text(item, "url") or _text(item, "external_url"))
    summary, body = _text(item, "summary"), _text(item, "content_html") or _paragraphs(_text(item, "content_text"))
    return Draft(
        guid=_text(item, "id") or link or urls.digest(_text(item, "title") + body + summary),
        url=urls.canonical(link),
        title=_text(item, "title"),
        summary=summary,
        html=body or _paragraphs(summary),
        addresses=Addresses.against(link or feed_url),
        authors=list(_authors(item)) or list(_authors(feed)),
        tags=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        image_url=_image(item),
        language=_text(item, "language") or _text(feed, "language"),
        published_at=_date(item),
    )


def _date(item: Item) -> datetime | None:
    return moment(_text(item, "date_published") or _text(item, "date_modified"), "UTC")


def _image(item: Item) -> str:
    pictures = (
        _text(attachment, "url")
        for attachment in _list(item, "attachments")
        if isinstance(attachment, dict) and _text(attachment, "mime_type").startswith("image/")
    )
    return _text(item, "image") or _text(item, "banner_image") or next(pictures, "")


def _authors(holder: Item) -> Iterator[str]:
    for author in (*_list(holder, "authors"), holder.get("author")):  # version 1 had only one
        if isinstance(author, dict):
            yield _text(author, "name")


def _paragraphs(text: str) -> str:
    pieces = map(str.strip, html.escape(text, quote=False).split("\n\n"))
    return "".join("<p>" + piece.replace("\n", "<br>") + "</p>" for piece in pieces if piece)


def _text(holder: Item, name: str) -> str:
    value = holder.get(name)
    # Ids are numbers in some feeds.
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _list(holder: Item, name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []
