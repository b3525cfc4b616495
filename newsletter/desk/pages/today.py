"""What stands on the desk's front page: the latest issues, the sources that fail, and what else is in the way."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from newsletter.desk.admin.labels import STATUSES
from newsletter.models import Hitch, Issue, Reply, Source

LATEST = 8


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add today's news to the front page, as far as this member of staff may see it."""
    user = request.user
    if user.has_perm("newsletter.view_issue"):
        latest = Issue.objects.order_by("-due_at")[:LATEST]
        context["latest_issues"] = [(issue, STATUSES[Issue.Status(issue.status)]) for issue in latest]
    if user.has_perm("subscribers.view_subscriber"):
        context["hitches"] = Hitch.objects.all()
    if user.has_perm("newsletter.view_source"):
        context["failing_sources"] = Source.objects.filter(failures__gt=0).order_by("-failures", "name")
    if user.has_perm("newsletter.view_reply"):
        context["held_replies"] = Reply.held().select_related("issue").order_by("-received_at")[:LATEST]
        context["held_count"] = Reply.held().count()
    return context
