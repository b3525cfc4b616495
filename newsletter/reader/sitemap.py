"""sitemap.xml: every page of the archive, for search engines; in several files where one may hold no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from newsletter import links, lists
from newsletter.config import Config
from newsletter.models import Entry, Issue, Post, Term
from newsletter.reader.caching import public
from newsletter.reader.meta import whole
from newsletter.settings import current

MOST = 50_000
"""Addresses in one file; the protocol allows no more."""
_NS = "http://www.sitemaps.org/schemas/sitemap/0.9"

Row = tuple[str, datetime | None]


@dataclass(frozen=True)
class Part:
    """Pages of one kind: their rows, and the address and date that each becomes."""

    rows: QuerySet[Any] | list[Any]
    row: Callable[[Any], Row]

    def count(self) -> int:
        """How many there are."""
        return len(self.rows) if isinstance(self.rows, list) else self.rows.count()


@require_safe
def sitemap(request: HttpRequest, number: int = 0, most: int = MOST) -> HttpResponseBase:
    """All addresses, or where there are too many, the addresses of the files that hold them."""
    offered = repr(lists.public_offers(current()))
    return public(request, lambda: _answer(current(), number, most), offered, varies=False)


def _answer(config: Config, number: int, most: int) -> HttpResponse:
    parts = list(_parts(config))
    counts = [part.count() for part in parts]
    files = -(-sum(counts) // most)
    if number > files or (number and files == 1):
        raise Http404("there is no such sitemap")
    if number == 0 and files > 1:
        rows = ((whole(config, reverse("sitemap-part", args=(one + 1,))), None) for one in range(files))
        return _xml("sitemapindex", "sitemap", rows)
    return _xml("urlset", "url", _slice(parts, counts, max(0, number - 1) * most, most))


def _slice(parts: list[Part], counts: list[int], start: int, most: int) -> Iterator[Row]:
    for part, count in zip(parts, counts, strict=True):
        if start < count and most > 0:
            rows = part.rows[start : start + most]
            for row in rows:
                yield part.row(row)
                most -= 1
        start = max(0, start - count)


def _parts(config: Config) -> Iterator[Part]:
    names = list(config.newsletters)
    pages = [reverse("home"), reverse("search"), reverse("privacy")]
    pages += [reverse("archive", args=(name,)) for name in names]
    pages += [reverse("subscribe", args=(name,)) for name in names if lists.first_public(config, name)]
    pages += [reverse("list", args=(offer.name,)) for offer in lists.public_offers(config)]
    yield Part(pages, lambda path: (whole(config, path), None))
    issues = Issue.in_archive().filter(newsletter__in=names).annotate(corrected=Max("corrections__changed_at"))
    values = issues.order_by("pk").values_list("newsletter", "slug", "started_at", "corrected")
    yield Part(values, lambda row: (links.issue(config, row[0], row[1]), max(filter(None, row[2:]))))
    public_entries = Entry.objects.filter(newsletter__in=names, item__issue__in=Issue.public())
    posts = Post.objects.filter(url="", pk__in=public_entries.values("post"))
    yield Part(
        posts.order_by("pk").values_list("pk", "title", "updated_at"),
        lambda row: (links.post(config, row[0], row[1]), row[2]),
    )
    terms = Term.objects.filter(entries__in=public_entries).distinct().order_by("pk").values_list("kind", "slug")
    yield Part(terms, lambda row: (whole(config, reverse(row[0], args=(row[1],))), None))


def _xml(root: str, element: str, rows: Iterator[Row]) -> HttpResponse:
    written = [f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NS}">\n']
    for address, changed in rows:
        date = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
        written.append(f"<{element}><loc>{escape(address)}</loc>{date}</{element}>\n")
    return HttpResponse("".join([*written, f"</{root}>\n"]), "application/xml; charset=utf-8")
