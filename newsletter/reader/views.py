"""The archive, the pages of issues and posts, and what machines ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from newsletter import links
from newsletter import render as rendering
from newsletter.config import Config, Newsletter
from newsletter.config.values import zone
from newsletter.models import Issue, Post
from newsletter.reader.caching import conditional, tag_of
from newsletter.settings import current

PER_PAGE = 20
FIVE_MINUTES = 300


@dataclass(frozen=True)
class Entry:
    """An issue as the archive lists it."""

    title: str
    date: datetime
    slug: str


@dataclass(frozen=True)
class Shelf:
    """A newsletter and one page of its issues."""

    name: str
    newsletter: Newsletter
    logo: str
    entries: list[Entry]
    page: Page[Issue]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Every newsletter, each with its latest issues."""
    config = current()
    return render(
        request, "home.html", {"shelves": [_shelf(config, name) for name in config.newsletters]}, using="jinja2"
    )


@require_safe
def archive(request: HttpRequest, newsletter: str) -> HttpResponse:
    """All issues of one newsletter, page by page."""
    config = current()
    if newsletter not in config.newsletters:
        raise Http404(f"there is no newsletter '{newsletter}'")
    shelf = _shelf(config, newsletter, request.GET.get("page", "1"))
    return render(request, "archive.html", {"shelf": shelf}, using="jinja2")


@require_safe
def issue(request: HttpRequest, newsletter: str, slug: str) -> HttpResponseBase:
    """An issue as it was sent, for anyone to read."""
    config = current()
    found = get_object_or_404(_issues(newsletter).select_related("edition"), slug=slug)
    if newsletter not in config.newsletters or found.edition is None:
        raise Http404(f"there is nothing left to show of {found}")
    return conditional(
        request,
        tag_of(found.edition.digest, config.model_dump_json()),
        found.edition.created_at,
        FIVE_MINUTES,
        lambda: HttpResponse(rendering.web_issue(found, config)),
    )


@require_safe
def post(request: HttpRequest, number: int, slug: str) -> HttpResponseBase:
    """A post that is published nowhere else, once an issue with it has gone out."""
    config = current()
    found = get_object_or_404(Post.objects.filter(items__issue__in=Issue.public()).distinct(), pk=number)
    right = links.post(config, found.pk, found.title)
    if slug != right.rstrip("/").rpartition("/")[2]:
        return HttpResponsePermanentRedirect(right)
    return conditional(
        request,
        tag_of(found.pk, found.updated_at, config.model_dump_json()),
        found.updated_at,
        FIVE_MINUTES,
        lambda: HttpResponse(rendering.web_post(found, config)),
    )


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Whether this process and its database answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return HttpResponse(f"the database does not answer: {type(error).__name__}", "text/plain", 503)
    return HttpResponse("ok", "text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """The archive may be searched; addresses that belong to one reader, and the desk, may not."""
    barred = "".join(
        f"Disallow: {path}\n" for path in ("/c/", "/o/", "/u/", "/l/", "/v/", "/sign-in/", "/hooks/", "/desk/")
    )
    return HttpResponse(f"User-agent: *\n{barred}Allow: /\n", "text/plain")


def _issues(newsletter: str) -> QuerySet[Issue]:
    return Issue.public().filter(newsletter=newsletter)


def _shelf(config: Config, name: str, page: str = "1") -> Shelf:
    newsletter = config.newsletters[name]
    here = zone(newsletter.schedule.time_zone if newsletter.schedule else config.site.time_zone)
    chosen = Paginator(_issues(name).select_related("edition"), PER_PAGE).get_page(page)
    entries = [Entry(_title(one), one.due_at.astimezone(here), one.slug) for one in chosen]
    return Shelf(name, newsletter, links.asset(config, newsletter.logo), entries, chosen)


def _title(issue: Issue) -> str:
    """The subject it went out with, without the reader's name that may stand in it."""
    edition = issue.edition
    return (rendering.impersonal(edition.subject, edition.marker) if edition else "") or issue.slug
