"""Search, and the pages of tags and authors."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from newsletter.config import Config
from newsletter.models import Entry, Issue, Term
from newsletter.reader.caching import public
from newsletter.reader.frame import frame_of, page
from newsletter.reader.known import among, chosen, names
from newsletter.reader.meta import Crumb, Meta, breadcrumbs, feeds, whole
from newsletter.reader.people import byline
from newsletter.reader.shelves import cards, listed
from newsletter.reader.stories import results
from newsletter.settings import current

PER_PAGE = 10
LONGEST = 200
"""Characters of a query; nobody types more."""
SUGGESTED = 20


@require_safe
def search(request: HttpRequest) -> HttpResponseBase:
    """Stories that hold all the words; without words, or when none does, what to read instead."""
    return public(request, lambda: _search(current(), request))


@require_safe
def tag(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Stories with a tag."""
    return _term(request, Term.Kind.TAG, slug)


@require_safe
def author(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Stories by an author."""
    return _term(request, Term.Kind.AUTHOR, slug)


def _search(config: Config, request: HttpRequest) -> HttpResponse:
    query = " ".join(request.GET.get("q", "").replace("\0", "")[:LONGEST].split())
    name = chosen(config, request)
    found = Paginator(Entry.found(query, among(config, name)), PER_PAGE).get_page(request.GET.get("page"))
    meta = Meta(
        title=f"{query} · Search" if query else f"Search {config.site.name}",
        description=f"Every story of {config.site.name}, by its words.",
        canonical=whole(config, reverse("search")),
        feeds=feeds(config),
        indexed=not query,
    )
    shown: dict[str, Any] = {"query": query, "chosen": name, "names": names(config), "page": found, "meta": meta}
    return page(request, "search.html", frame_of(config), **shown, **_lists(config, query, found))


def _lists(config: Config, query: str, found: Page[Entry]) -> dict[str, Any]:
    """What was found; else what there is to find."""
    if found.paginator.count:
        return {"results": results(config, found, query), "tags": [], "latest": []}
    latest = listed(Issue.in_archive().filter(newsletter__in=config.newsletters))[:3]
    return {"results": [], "tags": list(Term.common(Term.Kind.TAG, SUGGESTED)), "latest": cards(config, latest)}


def _term(request: HttpRequest, kind: Term.Kind, slug: str) -> HttpResponseBase:
    config = current()
    if "\0" in slug:  # no database has it, and PostgreSQL does not even look
        raise Http404("there is no such page")
    term = get_object_or_404(Term.objects.filter(entries__in=Entry.public(tuple(config.newsletters))).distinct(),
                             kind=kind, slug=slug)  # fmt: skip
    return public(request, lambda: _term_page(config, request, term))


def _term_page(config: Config, request: HttpRequest, term: Term) -> HttpResponse:
    name, path = chosen(config, request), reverse(term.kind, args=(term.slug,))
    found = Paginator(Entry.with_term(term, among(config, name)), PER_PAGE).get_page(request.GET.get("page"))
    person = byline(config, term.name) if term.kind == Term.Kind.AUTHOR else None
    by = "by" if person else "about"
    crumbs = (Crumb(config.site.name, reverse("home")), Crumb(term.name, path))
    meta = Meta(
        title=f"Stories {by} {term.name} · {config.site.name}",
        description=(person and person.about) or f"All stories {by} {term.name} in {config.site.name}.",
        canonical=whole(config, path) + (f"?page={found.number}" if found.number > 1 else ""),
        kind="profile" if person else "website",
        feeds=feeds(config),
        crumbs=crumbs,
        json_ld=(breadcrumbs(config, crumbs),),
        indexed=not name,
    )
    return page(
        request, "term.html", frame_of(config), meta=meta, term=term, person=person, path=path, chosen=name,
        names=names(config), page=found, results=results(config, found),
    )  # fmt: skip
