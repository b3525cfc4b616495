"""A source on a page of its own: where it is, how its visits went, what it brings, and a visit at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from newsletter import roles
from newsletter.collect import adding
from newsletter.config.telling import masked
from newsletter.desk.actions import SeeOther
from newsletter.desk.admin.collect import sources_of
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Beat, Chore, Post, Source
from newsletter.settings import current
from subscribers.limits import TooLong, within

SEE, VISIT = "newsletter.view_source", "newsletter.triage_post"
WEEKS = 12
LATEST = 10
PATIENCE = 0.15
"""Seconds for counting posts by week."""


@staff_page(SEE)
def source(request: HttpRequest, name: str) -> HttpResponse:
    """How it stands; or the part that changes, for a page that looks again by itself."""
    _insist(request.user, SEE, name)
    config = current()
    row, settings = Source.objects.filter(name=name).first(), config.collect.sources.get(name)
    if row is None and settings is None:
        raise Http404(f"there is no source '{name}'")
    chore = Chore.latest(Chore.Kind.VISIT, name)
    now = timezone.now()
    context = {
        "name": name, "row": row, "settings": settings, "chore": chore, "by_hand": name == adding.NAME,
        "error": masked(row.error) if row else "", "warning": masked(row.warning) if row else "",
        "location": masked(getattr(settings or row, "location", "")),
        "where": config.where(("collect", "sources", name)), "next_at": next_visit(row, now) if settings else None,
        "may_visit": settings is not None and may(request.user, VISIT, name),
    }  # fmt: skip
    if "HX-Request" in request.headers:
        answer = render(request, "source_standing.html", context)
    else:
        letters = [one for one in config.newsletters if name in config.newsletters[one].sources]
        answer = desk_page(
            request, "source.html", f"Source {name}", weeks=by_week(row, now) if row else [],
            latest=Post.objects.filter(source=row).defer("html").order_by("-published_at")[:LATEST] if row else [],
            letters=[(one, config.newsletters[one].title) for one in roles.among(request.user, SEE, letters)],
            **context,
        )  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


@staff_page(VISIT, posts=True)
def visit(request: HttpRequest, name: str) -> HttpResponse:
    """Have a source visited at once; a job does it, and the page shows how it goes."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    _insist(request.user, VISIT, name)
    if name not in current().collect.sources:
        raise Http404(f"config.yaml has no source '{name}'")
    Chore.ask_once(Chore.Kind.VISIT, name, timezone.now(), request.user)
    return SeeOther(reverse("desk-source", args=(name,)))


def may(user: Any, permission: str, name: str) -> bool:
    """Whether somebody may do that with a source: for a newsletter that it feeds."""
    names = sources_of(user, permission)
    return names is None or name in names


def next_visit(row: Source | None, now: datetime) -> datetime | None:
    """When the sources are looked at next, by when they were last; None if that is any moment."""
    beat = Beat.objects.filter(job="collect").values_list("at", flat=True).first()
    last = beat or (row.checked_at if row else None)
    due = last + current().collect.every if last else None
    return due if due and due > now else None


def by_week(row: Source, now: datetime) -> list[tuple[date, int, int]]:
    """The posts of the last weeks by when they were published: a Monday, how many, and the bar's length in percent.

    None at all where counting takes too long.
    """
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    weeks = [monday - timedelta(days=7 * at) for at in reversed(range(WEEKS))]
    # Ranges are compared within the database; SQLite would ask Python for the week of each post.
    counted = {f"week_{at}": Count("pk", filter=_within(one)) for at, one in enumerate(weeks)}
    try:
        with within(PATIENCE):
            found = Post.objects.filter(source=row, published_at__gte=weeks[0]).order_by().aggregate(**counted)
    except TooLong:
        return []
    most = max(found.values()) or 1
    return [(one.date(), found[f"week_{at}"], round(100 * found[f"week_{at}"] / most)) for at, one in enumerate(weeks)]


def _within(monday: datetime) -> Q:
    return Q(published_at__gte=monday, published_at__lt=monday + timedelta(days=7))


def _insist(user: Any, permission: str, name: str) -> None:
    if not may(user, permission, name):
        raise PermissionDenied
