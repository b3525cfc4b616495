"""What stands on the desk's front page: what is being sent, the latest issues, and what else is in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, F
from django.http import HttpRequest
from django.utils import timezone

from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.pages.sending import CHANGE, LIVE, Told
from newsletter.models import Hitch, Issue, Message, Reply, Source

LATEST = 8
OF_LATE = timedelta(days=60)
"""Of issues that went out in so long, what is uncertain is shown."""


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add today's news to the front page, as far as this member of staff may see it."""
    user = request.user
    if user.has_perm("newsletter.view_issue"):
        # What stopped itself first, then what is leaving, then what somebody paused.
        live = Issue.objects.filter(status__in=LIVE).order_by(F("halted_at").desc(nulls_last=True), "-status", "-pk")
        context["being_sent"] = [Told.of(issue, reasons=False) for issue in live[:LATEST]]
        context["moving"] = any(one.moving for one in context["being_sent"])
        context["uncertain"] = _uncertain()
        context["may_steer"] = user.has_perm(CHANGE)
        latest = Issue.objects.order_by("-due_at")[:LATEST]
        context["latest_issues"] = [(issue, STATUSES[Issue.Status(issue.status)]) for issue in latest]
    if user.has_perm("subscribers.view_subscriber"):
        context["hitches"] = Hitch.standing(timezone.now())
    if user.has_perm("newsletter.view_source"):
        context["failing_sources"] = Source.objects.filter(failures__gt=0).order_by("-failures", "name")
    if user.has_perm("newsletter.view_reply"):
        context["held_replies"] = Reply.held().select_related("issue").order_by("-received_at")[:LATEST]
        context["held_count"] = Reply.held().count()
    return context


def _uncertain() -> list[tuple[Issue, int]]:
    """Issues with messages about which a person has to decide; asked issue by issue, as the ledger's index has them."""
    begun = Issue.objects.filter(started_at__gte=timezone.now() - OF_LATE).order_by("-started_at")[:100]
    issues = {issue.pk: issue for issue in begun}
    rows = Message.objects.filter(issue__in=list(issues), state=Message.State.UNCERTAIN).order_by()
    counts = dict(rows.values_list("issue").annotate(Count("pk")))
    return [(issue, counts[pk]) for pk, issue in issues.items() if pk in counts]
