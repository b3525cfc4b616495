"""The zones of the desk's times: the newsletter's, in which they are meant, and the viewer's own, beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from newsletter.models import Issue
from newsletter.moments import day, offset
from newsletter.settings import current

COOKIE = "desk_zone"
"""Where a browser says which zone it is in; static/desk/presses.js keeps it."""


def zone_of(issue: Issue) -> ZoneInfo:
    """The zone that the issue's newsletter is scheduled in."""
    return ZoneInfo(current().time_zone_of(issue.newsletter))


def viewers(request: HttpRequest) -> ZoneInfo | None:
    """The zone of who looks at the page, as far as their browser has said."""
    name = unquote(request.COOKIES.get(COOKIE, ""))
    try:
        return ZoneInfo(name) if name and len(name) < 64 else None
    except (OSError, ValueError, KeyError):  # no zone, or no name of one: whatever a cookie may hold
        return None


def said(at: datetime, zone: ZoneInfo, viewer: ZoneInfo | None = None) -> str:
    """A moment in a zone, and in the viewer's where its clocks show another time.

    `Thursday 3 December 2026, 18:00 Europe/Berlin = 17:00 your time (Europe/London)`
    """
    there = at.astimezone(zone)
    twice = there.utcoffset() != there.replace(fold=1 - there.fold).utcoffset()
    words = f"{day(there)}, {there:%H:%M} {zone.key}{f' ({offset(there)})' if twice else ''}"
    here = at.astimezone(viewer) if viewer else there
    if here.replace(tzinfo=UTC) == there.replace(tzinfo=UTC):
        return words
    date = "" if here.date() == there.date() else f"{here:%A} {here.day} {here:%B}, "
    return f"{words} = {date}{here:%H:%M} your time ({here.tzinfo})"


def brief(at: datetime, zone: ZoneInfo, viewer: ZoneInfo | None = None) -> str:
    """The same where there is little room: `Thu 3 Dec, 18:00 CET`, and `= 17:00 your time`; another year is named."""
    there = at.astimezone(zone)
    year = "" if there.year == timezone.now().astimezone(zone).year else f" {there.year}"
    words = f"{there:%a} {there.day} {there:%b}{year}, {there:%H:%M %Z}"
    here = at.astimezone(viewer) if viewer else there
    return words if f"{here:%H:%M}" == f"{there:%H:%M}" else f"{words} = {here:%H:%M} your time"
