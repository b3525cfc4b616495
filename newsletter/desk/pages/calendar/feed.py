"""The calendar for other programs: an iCalendar feed (RFC 5545) under an address that nobody can guess.

Whoever has the address reads it, so what it shows is asked anew at each fetch: what its owner may see at that moment.
It says when something is due and how it stands, and nothing of what is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import condition, require_POST, require_safe
from icalendar import Calendar, Event

from newsletter import roles, tokens
from newsletter.config import Config
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.calendar.grid import KEY, Entry, Letter, found
from newsletter.models import CalendarFeed, Issue
from newsletter.settings import current, signing_keys

SEE = "newsletter.view_issue"
BEFORE, AFTER = timedelta(days=31), timedelta(days=122)
LASTS = timedelta(minutes=30)
"""What an event takes up in a calendar."""
FETCHED = 900
"""Seconds for which a program need not ask again."""
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""When what follows from config.yaml alone is said to have been written."""
STATUSES = {
    "sent": "CONFIRMED", "sending": "CONFIRMED", "scheduled": "CONFIRMED", "left-out": "CANCELLED",
    "skipped": "CANCELLED", "cancelled": "CANCELLED",
}  # fmt: skip


def address_of(user: Any) -> str:
    """The address that somebody has for it; empty without one."""
    row = CalendarFeed.objects.filter(user=user).first()
    if row is None:
        return ""
    token = tokens.sign(row.pk, str(settings.SECRET_KEY), tokens.CALENDAR)
    return current().site.url.rstrip("/") + reverse("calendar-feed", args=(token,))


def address(request: HttpRequest) -> HttpResponseBase:
    """On POST make an address, anew if there is one, or revoke it."""
    return admin.site.admin_view(require_POST(_address))(request)


def _address(request: HttpRequest) -> HttpResponse:
    if request.POST.get("do") == "revoke":
        CalendarFeed.revoke(request.user)
    else:
        CalendarFeed.renew(request.user)
    return SeeOther(f"{reverse('desk-you')}#calendar")


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The feed; an address that is wrong, or was revoked, leads nowhere."""
    try:
        number = tokens.read(token, signing_keys(), tokens.CALENDAR)
    except tokens.BadToken:
        raise Http404("there is no such calendar") from None
    row = (
        CalendarFeed.objects.filter(pk=number, user__is_active=True, user__is_staff=True).select_related("user").first()
    )
    if row is None:
        raise Http404("there is no such calendar")
    body = _written(current(), row.user, timezone.now())
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'

    def answer(_: HttpRequest) -> HttpResponse:
        headers = {"Content-Disposition": 'inline; filename="newsletters.ics"', "X-Robots-Tag": "noindex"}
        return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)

    told = condition(etag_func=lambda _: tag)(answer)(request)
    told["Cache-Control"] = f"private, max-age={FETCHED}"
    told["Referrer-Policy"] = "no-referrer"
    return told


def _written(config: Config, user: Any, now: datetime) -> bytes:
    letters = [
        Letter(name, config.newsletters[name].title, 0, ZoneInfo(config.time_zone_of(name)), False)
        for name in roles.among(user, SEE, config.newsletters)
    ]
    # Whole days, so that the same is written at each fetch of a day, unless something has changed.
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    book = Calendar()
    book.add("prodid", "-//newsletter//calendar//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", f"{config.site.name}: issues")
    book.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    book.add("x-published-ttl", "PT1H")
    for entry in sorted(found(config, letters, day - BEFORE, day + AFTER, now), key=lambda one: one.place.at):
        book.add_component(_event(config, entry))
    return bytes(book.to_ical())


def _event(config: Config, entry: Entry) -> Event:
    place, site = entry.place, config.site.url.rstrip("/")
    at, link = _begins(entry), site + entry.address
    event = Event()
    event.add("uid", f"{_uid(entry)}@{urlsplit(config.site.url).hostname}")
    event.add("dtstamp", _changed(entry))
    event.add("dtstart", at)
    event.add("dtend", at + LASTS)
    event.add("summary", f"{entry.title} ({entry.status})")
    event.add("description", "\n".join((*_lines(entry), link)))
    event.add("url", link)
    event.add("status", STATUSES.get(entry.state, "TENTATIVE"))
    event.add("transp", "TRANSPARENT")
    event.add("categories", [place.newsletter])
    return event


def _lines(entry: Entry) -> Iterator[str]:
    yield f"{entry.when}"
    yield from entry.notes
    if entry.figure:
        yield entry.figure


def _begins(entry: Entry) -> datetime:
    """When it goes out, as far as that is known."""
    issue = entry.place.issue
    if issue and issue.status == Issue.Status.SCHEDULED and issue.send_at:
        return issue.send_at.astimezone(UTC)
    return ((issue and issue.started_at) or entry.place.at).astimezone(UTC).replace(microsecond=0)


def _uid(entry: Entry) -> str:
    """The same whatever becomes of a date: it is moved, drawn up, sent."""
    if entry.place.planned is None and entry.place.issue:
        return f"{entry.place.newsletter}-issue-{entry.place.issue.pk}"
    return f"{entry.place.newsletter}-{entry.place.key.astimezone(UTC):{KEY}}"


def _changed(entry: Entry) -> datetime:
    """When somebody last decided something of it."""
    place = entry.place
    moments = [place.planned.change.at] if place.planned and place.planned.change else []
    if place.issue:
        moments += filter(None, (place.issue.created_at, place.issue.approved_at, place.issue.finished_at))
    return max(moments, default=FIRST).astimezone(UTC)
