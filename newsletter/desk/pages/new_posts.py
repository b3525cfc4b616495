"""Load new posts: what an issue would gain, what has changed in it, what falls out; then just what was ticked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsletter import compose, pipeline
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page
from newsletter.desk.saying import counted
from newsletter.models import Issue, Source, TransitionRefused
from newsletter.settings import current

MOST = 40
"""Posts without room that are shown; all others can be found in the inbox."""


def new_posts(request: HttpRequest, number: int) -> HttpResponseBase:
    """Show what would change; on POST change what was ticked, and go back to the issue."""
    return admin.site.admin_view(_new_posts)(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("newsletter.change_issue", raise_exception=True)
def _new_posts(request: HttpRequest, number: int) -> HttpResponse:
    issue = get_object_or_404(Issue, pk=number)
    back = reverse("admin:newsletter_issue_change", args=(issue.pk,))
    if why := _barred(issue):
        return desk_page(request, "new_posts.html", "Load new posts", object=issue, barred=why, back=back)
    nothing = request.method == "POST" and not any(request.POST.getlist(name) for name in ("add", "change", "drop"))
    if request.method == "POST" and not nothing:
        return _load(request, issue, back)
    response = desk_page(request, "new_posts.html", "Load new posts", object=issue, back=back, unsaid=nothing,
                         **_told(issue))  # fmt: skip
    response.status_code = 422 if nothing else 200
    return response


def _barred(issue: Issue) -> str:
    """Why an issue takes no posts; empty if it does."""
    if issue.newsletter not in current().newsletters:
        return f"There is no newsletter “{issue.newsletter}” in config.yaml any more."
    if issue.kind != Issue.Kind.REGULAR:
        return "A monthly summary is made of the issues of its month, not of posts."
    if issue.status not in compose.NEEDS:
        return f"It is {issue.get_status_display().lower()}: it takes no more posts."
    return ""


def _told(issue: Issue) -> dict[str, Any]:
    config = current()
    news = compose.news_for(config, issue, timezone.now())
    fits = [one for one in news.additions if not one.room]
    rest = [one for one in news.additions if one.room]
    sources = Source.objects.filter(name__in=config.newsletters[issue.newsletter].sources, checked_at__isnull=False)
    latest = sources.order_by("-checked_at").values_list("checked_at", flat=True).first()
    return {
        "news": news, "fits": fits, "rest": rest[:MOST], "more": len(rest) - MOST, "visited": latest,
        "voids": issue.status in (Issue.Status.APPROVED, Issue.Status.SCHEDULED),
    }  # fmt: skip


def _load(request: HttpRequest, issue: Issue, back: str) -> HttpResponse:
    ctx, before = pipeline.Context(config=current(), key=str(settings.SECRET_KEY)), issue.status
    try:
        loaded = pipeline.load_new_posts(
            ctx, issue, _numbers(request, "add"), request.POST.getlist("change"), _numbers(request, "drop")
        )
    except TransitionRefused as error:
        messages.error(request, f"{error}.")
        return SeeOther(back)
    if loaded:
        said = _said(loaded)
        LogEntry.objects.log_actions(int(request.user.pk or 0), [issue], CHANGE, f"{issue}: {said}", single_object=True)
        messages.success(request, f"{issue}: {said}.")
    if loaded.gone:
        messages.warning(
            request,
            f"{counted(loaded.gone, 'thing')} of what you ticked had been done or had changed meanwhile, and was left.",
        )
    if issue.status != before:
        messages.warning(request, "The approval is void, because the issue has changed. Approve it again.")
    return SeeOther(back)


def _said(loaded: compose.Loaded) -> str:
    parts = [
        f"{counted(loaded.added, 'post')} added" if loaded.added else "",
        f"{counted(loaded.changed, 'story', 'stories')} copied anew" if loaded.changed else "",
        f"{counted(loaded.dropped, 'story', 'stories')} taken out" if loaded.dropped else "",
    ]
    return ", ".join(filter(None, parts))


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(one) for one in request.POST.getlist(name) if one.isdecimal() and len(one) < 19]
