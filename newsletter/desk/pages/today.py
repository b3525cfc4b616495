"""What stands on the desk's front page: what is being sent, the latest issues, and what else is in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from newsletter import roles
from newsletter.desk.admin.collect import sources_of
from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.pages.sending import LIVE, STEER, Told
from newsletter.models import Alarm, Hitch, Issue, Message, Reply, Source, Trial

LATEST = 8
WEEK = timedelta(days=7)
"""How long an alarm stands on the front page; on its issue's report it stays."""
OF_LATE = timedelta(days=60)
"""Of issues that went out in so long, what is uncertain is shown."""


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add today's news to the front page, as far as this member of staff may see it."""
    user = request.user
    if user.has_perm("newsletter.view_issue"):
        issues = roles.theirs(user, "newsletter.view_issue", Issue.objects.all())
        # What stopped itself first, then what is leaving, then what somebody paused.
        live = issues.filter(status__in=LIVE).order_by(F("halted_at").desc(nulls_last=True), "-status", "-pk")
        context["being_sent"] = [Told.of(issue, reasons=False) for issue in live[:LATEST]]
        context["moving"] = any(one.moving for one in context["being_sent"])
        context["uncertain"] = _uncertain(user, issues)
        alarms = Alarm.objects.filter(at__gte=timezone.now() - WEEK).select_related("issue")
        context["alarms"] = roles.theirs(user, "newsletter.view_issue", alarms, "issue__newsletter")[:LATEST]
        asked = Trial.undecided().filter(asked_at__isnull=False)
        asked = roles.theirs(user, "newsletter.view_issue", asked, "issue__newsletter")
        context["trials"] = [(one, roles.may(user, STEER, one.issue)) for one in asked[:LATEST]]
        latest = issues.order_by("-due_at")[:LATEST]
        context["latest_issues"] = [(issue, STATUSES[Issue.Status(issue.status)]) for issue in latest]
    if user.has_perm("subscribers.view_subscriber"):
        context["hitches"] = Hitch.standing(timezone.now())
    if user.has_perm("newsletter.view_source"):
        context["failing_sources"] = _theirs_of_sources(user).filter(failures__gt=0).order_by("-failures", "name")
    if user.has_perm("newsletter.view_reply"):
        held = roles.theirs(user, "newsletter.view_reply", Reply.held(), "issue__newsletter")
        context["held_replies"] = held.select_related("issue").order_by("-received_at")[:LATEST]
        context["held_count"] = held.count()
    return context


def _theirs_of_sources(user: Any) -> QuerySet[Source]:
    names = sources_of(user, "newsletter.view_source")
    return Source.objects.all() if names is None else Source.objects.filter(name__in=names)


def _uncertain(user: Any, theirs: QuerySet[Issue]) -> list[tuple[Issue, int, bool]]:
    """Issues with messages about which a person has to decide, and whether this one may.

    Asked issue by issue, as the ledger's index has them.
    """
    begun = theirs.filter(started_at__gte=timezone.now() - OF_LATE).order_by("-started_at")[:100]
    issues = {issue.pk: issue for issue in begun}
    rows = Message.objects.filter(issue__in=list(issues), state=Message.State.UNCERTAIN).order_by()
    counts = dict(rows.values_list("issue").annotate(Count("pk")))
    return [(issue, counts[pk], roles.may(user, STEER, issue)) for pk, issue in issues.items() if pk in counts]
