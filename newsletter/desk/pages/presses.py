"""The bar above each page of the desk: what goes out within the hour or is going out, and the way to stop it.

For who may steer it. A page has it as soon as it is there, and asks again by itself: no issue goes out unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from newsletter import roles
from newsletter.desk.pages.base import staff_page
from newsletter.desk.scope import STAFF
from newsletter.desk.zones import brief, viewers, zone_of
from newsletter.models import Issue
from newsletter.models.counting import counts
from newsletter.models.progress import Progress, Way
from newsletter.settings import current

SEND = "newsletter.send_issue"
SOON = timedelta(hours=1)
LATELY = timedelta(minutes=10)
"""So long what somebody has stopped stands there, with the way to let it go on."""
MOST = 3
"""On a phone more would leave no room for the page."""
Status = Issue.Status


@dataclass(frozen=True)
class Row:
    """An issue in the bar; `left` are the seconds until it begins, and `progress` how far it is, if that was asked."""

    issue: Issue
    words: str
    at: str = ""
    left: int = 0
    undo: int = 0
    progress: Progress | None = None

    @property
    def kind(self) -> str:
        """What is shown: `undo` in the moments after it was sent off, `soon`, `sending`, or `stopped`."""
        if self.issue.status in (Status.APPROVED, Status.PAUSED):
            return "stopped"
        if self.issue.status == Status.SENDING:
            return "sending"
        return "undo" if 0 < self.left <= self.undo else "soon"


def bar(request: HttpRequest) -> dict[str, Any]:
    """For templates: the bar, made only by a page that shows it."""
    user = getattr(request, "user", None)
    if user is None or not request.path_info.startswith(STAFF) or not user.is_authenticated:
        return {}
    scope = getattr(user, "scope", None)
    issue = scope.pk if isinstance(scope, Issue) else 0
    return {"presses": SimpleLazyObject(lambda: _bar(request, issue, request.get_full_path()))}


@staff_page("newsletter.view_issue")
def show(request: HttpRequest) -> HttpResponse:
    """The bar alone, for a page that asks again; `issue` is the one that the page is about."""
    number, whence = request.GET.get("issue", ""), request.GET.get("from", "")
    if not url_has_allowed_host_and_scheme(whence, None):
        whence = reverse("admin:index")
    known = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0
    answer = render(request, "presses.html", {"presses": _bar(request, known, whence, counted=True)})
    answer["Cache-Control"] = "no-store"
    return answer


def _bar(request: HttpRequest, issue: int, whence: str, counted: bool = False) -> dict[str, Any]:
    user: Any = request.user
    if not (user.is_staff and roles.newsletters_of(user, SEND) != frozenset()):
        return {"shown": False}
    now = timezone.now()
    found = _moving(user, issue, now)
    rows = [_row(one, request, now, counted) for one in found[:MOST]]
    return {"shown": True, "rows": rows, "more": len(found) > MOST, "issue": issue, "whence": whence}


def _moving(user: Any, number: int, now: datetime) -> list[Issue]:
    """What is going out or about to, and on an issue's own page that issue, however far away its time is."""
    wanted = (
        Q(status=Status.SENDING)
        | Q(status=Status.SCHEDULED, send_at__lte=now + SOON)
        | Q(status=Status.SCHEDULED, local_time=True, starts_at__lte=now + SOON)
        | Q(status__in=(Status.APPROVED, Status.PAUSED), stopped_at__gt=now - LATELY)
        | Q(status=Status.SCHEDULED, pk=number)
    )
    found = roles.theirs(user, SEND, Issue.objects.filter(wanted)).order_by("send_at", "pk")
    return [*found.select_related("stopped_by")[: MOST + 1]]


def _row(issue: Issue, request: HttpRequest, now: datetime, counted: bool) -> Row:
    at = brief(issue.send_at, zone_of(issue), viewers(request)) if issue.send_at else ""
    if issue.status == Status.SENDING:
        return Row(issue, "is being sent", progress=_progress(issue) if counted else None)
    if issue.status == Status.SCHEDULED and issue.send_at:
        left = max(0, round(((issue.starts_at or issue.send_at) - now).total_seconds()))
        words = "goes out at each reader's local time," if issue.local_time else "goes out"
        return Row(issue, words, at, left, round(current().send.undo.total_seconds()))
    by = f" by {issue.stopped_by.get_full_name() or issue.stopped_by.get_username()}" if issue.stopped_by else ""
    return Row(issue, f"is {'paused' if issue.status == Status.PAUSED else 'off the schedule'}, stopped{by}")


def _progress(issue: Issue) -> Progress:
    """How far it is, without its pace: of a large issue, as of a moment ago."""
    states: dict[str, int] = {}
    for (_, state), number in counts(issue).items():
        states[state] = states.get(state, 0) + number
    return Progress((Way("", states),))
