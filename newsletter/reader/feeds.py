"""Feeds with the whole of each issue: RSS, Atom and JSON Feed, of a newsletter and of all of them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.views.decorators.http import require_safe

from newsletter import render as rendering
from newsletter.config import Config
from newsletter.models import Issue, Item
from newsletter.reader.caching import public
from newsletter.reader.frame import frame_of
from newsletter.reader.known import among, known
from newsletter.reader.meta import whole
from newsletter.reader.shelves import titled
from newsletter.settings import current

log = logging.getLogger(__name__)

NEWEST = 20
"""Issues in a feed."""
# What XML has no place for, even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Whole:
    """An issue as a feed tells it."""

    reading: rendering.Reading
    html: str
    published: datetime
    updated: datetime

    @property
    def authors(self) -> list[str]:
        """Who wrote it; the sender where nobody is named."""
        return [clean(name) for name in self.reading.authors] or [clean(self.reading.letter.sender.name)]


class Rss(Rss201rev2Feed):
    """RSS 2.0 with the content beside the summary."""

    def rss_attributes(self) -> dict[str, str]:
        """The names that its elements come from."""
        names = {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
        }
        return {**super().rss_attributes(), **names}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """An item, its writers by name: RSS's own element for them wants addresses."""
        writers, content = item.pop("writers"), item.pop("whole")
        super().add_item_elements(handler, item)
        for name in writers:
            handler.addQuickElement("dc:creator", name)
        handler.addQuickElement("content:encoded", content)


class Atom(Atom1Feed):
    """Atom with the content beside the summary."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """An entry, with each of its writers."""
        writers, content = item.pop("writers"), item.pop("whole")
        super().add_item_elements(handler, {**item, "author_name": None})
        for name in writers:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")
        handler.addQuickElement("content", content, {"type": "html"})


@require_safe
def feed(request: HttpRequest, kind: str, newsletter: str = "") -> HttpResponseBase:
    """The latest issues of a newsletter, or of all, in one of the three formats."""
    config = current()
    if newsletter:
        known(config, newsletter)
    if kind not in WRITERS:
        raise Http404(f"there is no feed '{kind}'")
    return public(request, lambda: _feed(config, kind, newsletter), varies=False)


def issues(config: Config, newsletter: str) -> list[Whole]:
    """The latest issues, newest first, each in full."""
    items = Prefetch("items", Item.objects.all())
    found = titled(Issue.in_archive().filter(newsletter__in=among(config, newsletter)))
    found = found.prefetch_related(items, "own_blocks", "corrections")
    return list(filter(None, (_whole(config, one) for one in found.order_by("-due_at", "-pk")[:NEWEST])))


def clean(text: str) -> str:
    """The text without what XML cannot hold."""
    return _UNWRITABLE.sub("", text)


def _whole(config: Config, issue: Issue) -> Whole | None:
    """The issue as a feed tells it; None for one that has nothing left to show, as its page says too."""
    try:
        reading = rendering.reading(issue, config)
    except rendering.RenderError as error:
        log.warning("%s is left out of the feeds: %s", issue, error)
        return None
    corrections = list(issue.corrections.all())
    context = {"reading": reading, "corrections": corrections, "frame": frame_of(config, issue.newsletter)}
    html = render_to_string("feed.html", context, using="jinja2")
    begun = issue.started_at or issue.due_at
    return Whole(reading, clean(html), begun, max([begun, *(one.changed_at for one in corrections)]))


def _feed(config: Config, kind: str, newsletter: str) -> HttpResponse:
    frame = frame_of(config, newsletter)
    name, args = ("newsletter-feed", (newsletter, kind)) if newsletter else ("feed", (kind,))
    about = {
        "title": config.newsletters[newsletter].title if newsletter else config.site.name,
        "description": frame.tagline or f"All issues of {config.site.name}",
        "language": frame.language,
        "link": whole(config, reverse("archive", args=(newsletter,)) if newsletter else reverse("home")),
        "feed_url": whole(config, reverse(name, args=args)),
    }
    return WRITERS[kind](config, about, issues(config, newsletter))


def _xml(kind: type[Rss | Atom], config: Config, about: dict[str, str], told: list[Whole]) -> HttpResponse:
    given: dict[str, Any] = {key: clean(value) for key, value in about.items()}
    made = kind(**given, feed_guid=about["feed_url"])
    for one in told:
        made.add_item(
            title=clean(one.reading.title),
            link=one.reading.url,
            description=clean(one.reading.subtitle or one.reading.lead.summary),
            unique_id=one.reading.url,
            unique_id_is_permalink=True,
            pubdate=one.published,
            updateddate=one.updated,
            categories=[clean(tag) for tag in one.reading.tags],
            writers=one.authors,
            whole=one.html,
        )
    return HttpResponse(made.writeString("utf-8"), made.content_type)


def _rss(config: Config, about: dict[str, str], told: list[Whole]) -> HttpResponse:
    return _xml(Rss, config, about, told)


def _atom(config: Config, about: dict[str, str], told: list[Whole]) -> HttpResponse:
    return _xml(Atom, config, about, told)


def _json(config: Config, about: dict[str, str], told: list[Whole]) -> HttpResponse:
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": about["title"],
        "description": about["description"],
        "language": about["language"],
        "home_page_url": about["link"],
        "feed_url": about["feed_url"],
        "items": [_json_item(one) for one in told],
    }
    return HttpResponse(json.dumps(made, ensure_ascii=False), "application/feed+json; charset=utf-8")


def _json_item(one: Whole) -> dict[str, Any]:
    reading = one.reading
    item = {
        "id": reading.url,
        "url": reading.url,
        "title": clean(reading.title),
        "summary": clean(reading.subtitle or reading.lead.summary),
        "content_html": one.html,
        "date_published": one.published.isoformat(),
        "date_modified": one.updated.isoformat(),
        "language": reading.letter.language,
        "authors": [{"name": name} for name in one.authors],
        "tags": [clean(tag) for tag in reading.tags],
    }
    return {**item, "image": reading.lead.image} if reading.lead.image else item


WRITERS: dict[str, Callable[[Config, dict[str, str], list[Whole]], HttpResponse]] = {
    "rss.xml": _rss,
    "atom.xml": _atom,
    "feed.json": _json,
}
"""The formats, by the last part of their addresses."""
