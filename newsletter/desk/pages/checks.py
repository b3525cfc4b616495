"""The checks of an issue: what was found, how far the rest is, running them again, and overriding blockers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from newsletter import preflight
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import View, desk_page, staff_page
from newsletter.desk.zones import zone_of
from newsletter.models import Issue, TransitionRefused
from newsletter.render import RenderError
from newsletter.settings import current

VIEW, CHANGE, OVERRIDE = "newsletter.view_issue", "newsletter.change_issue", "newsletter.add_override"
COLOURS = {"blocker": "danger", "warning": "warning", "note": "info"}
ABOUT = {
    "blocker": "They stop approval until they are mended, or somebody overrides them.",
    "warning": "Read them; the issue can be approved all the same.",
    "note": "Good to know.",
}


@staff_page(VIEW)
def checks(request: HttpRequest, number: int) -> HttpResponse:
    """What was found, as a page or, for one that looks again by itself, the part of it that changes."""
    issue = get_object_or_404(Issue, pk=number)
    context = {"object": issue, **_context(request, issue)}
    with timezone.override(zone_of(issue)):
        if "HX-Request" in request.headers:
            answer = render(request, "checks_found.html", context)
        else:
            answer = desk_page(request, "checks.html", "Checks", **context)
    answer["Cache-Control"] = "no-store"
    return answer


@staff_page(VIEW)
def line(request: HttpRequest, number: int) -> HttpResponse:
    """In a line, how the issue stands with its checks; a part of other pages, which ask for it when they are there."""
    issue = get_object_or_404(Issue, pk=number)
    answer = render(request, "checks_line_found.html", {"object": issue, "standing": _standing(issue)})
    answer["Cache-Control"] = "no-store"
    return answer


def run(request: HttpRequest, number: int) -> HttpResponseBase:
    """Have the checks run; a job does it, and the page shows how far it is."""
    return _posted(CHANGE, _run)(request, number)


def override(request: HttpRequest, number: int) -> HttpResponseBase:
    """Let the issue go on in spite of its blockers, for a reason that is kept."""
    return _posted(OVERRIDE, _override)(request, number)


def _posted(permission: str, view: View) -> View:
    allowed = require_POST(permission_required(permission, raise_exception=True)(view))
    return lambda request, number: admin.site.admin_view(allowed)(request, number)


def _run(request: HttpRequest, number: int) -> HttpResponse:
    issue = get_object_or_404(Issue, pk=number)
    try:
        preflight.want(issue, current(), str(settings.SECRET_KEY), timezone.now())
    except RenderError as error:
        messages.error(request, f"There is no mail to look at: {error}.")
    return SeeOther(reverse("desk-checks", args=(issue.pk,)))


def _override(request: HttpRequest, number: int) -> HttpResponse:
    issue, reason = get_object_or_404(Issue, pk=number), request.POST.get("reason", "")
    try:
        if issue.status not in Issue.FROM[Issue.Status.APPROVED]:
            raise TransitionRefused(f"{issue} is {issue.get_status_display().lower()}: there is nothing to be approved")
        made = preflight.override(
            issue, current(), str(settings.SECRET_KEY), reason, timezone.now(), request.user,
            request.POST.get("seen", ""),
        )  # fmt: skip
    except (TransitionRefused, RenderError) as error:
        messages.error(request, f"{error}.")
        # Nobody has to write it a second time.
        context = {"object": issue, "typed": reason, **_context(request, issue)}
        answer = desk_page(request, "checks.html", "Checks", **context)
        answer.status_code = 422
        return answer
    if made is None:
        messages.info(request, "There is nothing left to override.")
    else:
        messages.success(request, "The blockers are overridden, for the issue as it stands. It can be approved now.")
    return SeeOther(reverse("desk-checks", args=(issue.pk,)))


def _standing(issue: Issue) -> preflight.Standing:
    return preflight.standing(issue, current(), str(settings.SECRET_KEY), timezone.now())


def _context(request: HttpRequest, issue: Issue) -> dict[str, Any]:
    told = _standing(issue)
    waiting = issue.status in Issue.FROM[Issue.Status.APPROVED]
    return {
        "standing": told,
        "levels": [(level, COLOURS[level], ABOUT[level], groups) for level, groups in told.grouped],
        "zone": zone_of(issue).key,
        "may_run": request.user.has_perm(CHANGE),
        "may_override": waiting and told.current and bool(told.blockers) and request.user.has_perm(OVERRIDE),
        # It will be looked at without anybody's doing: the page looks for that too.
        "awaited": waiting and told.row is None and bool(told.digest),
    }
