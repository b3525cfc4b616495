"""What stands on the desk's front page: what needs you, what is going out, the next two weeks, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from newsletter import compose, roles
from newsletter.config import Config
from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.needs import needs
from newsletter.desk.pages.report import Figure, funnel
from newsletter.desk.pages.sending import LIVE, Told
from newsletter.desk.planned import Planned, planned
from newsletter.desk.zones import brief, zone_of
from newsletter.models import Issue, Post
from newsletter.settings import current
from newsletter.track.report import report
from subscribers.growth import growth
from subscribers.models import List, Subscriber

LATEST = 8
DAYS = 30
"""Of growth."""
TOLD = ("Submitted", "Opened", "Clicked", "Replied", "Unsubscribed")
"""The figures of the last issue that stand here; its report has all."""
SEE = "newsletter.view_issue"
WIDE, HIGH = 240, 48
Day = tuple[date, list[tuple[Planned, str]]]


@dataclass(frozen=True)
class Step:
    """A step of a new installation: what is there already, or what to do next."""

    title: str
    done: bool
    words: str = ""
    button: str = ""
    address: str = ""


def today(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add today's news to the front page, as far as this member of staff may see it."""
    user: Any = request.user
    now, config = timezone.now(), current()
    may_see = user.has_perm(SEE)
    issues = roles.theirs(user, SEE, Issue.objects.all()) if may_see else Issue.objects.none()
    # What stopped itself first, then what is leaving, then what somebody paused.
    live = issues.filter(status__in=LIVE).order_by(F("halted_at").desc(nulls_last=True), "-status", "-pk")
    context["being_sent"] = [Told.of(issue, reasons=False) for issue in live[:LATEST]]
    context["moving"] = any(one.moving for one in context["being_sent"])
    if "HX-Request" in request.headers:
        return context  # it looks again at what moves, and at nothing else
    context["needs"] = needs(user, now)
    if may_see:
        names = roles.among(user, SEE, config.newsletters)
        context["plan"] = _days(planned(config, names, now))
        context |= _last(issues)
        context["steps"] = _steps(user, config, names, now)
    if user.has_perm("subscribers.view_list"):
        context["growth"] = _growth()
    return context


def _days(plan: Sequence[Planned]) -> list[Day]:
    """The plan by day, each with the colour of its issue's status."""
    days = groupby(plan, key=lambda one: one.day)
    return [(day, [(one, STATUSES[Issue.Status(one.issue.status)] if one.issue else "") for one in rows])
            for day, rows in sorted((day, [*rows]) for day, rows in days)]  # fmt: skip


def _last(issues: QuerySet[Issue]) -> dict[str, Any]:
    """The issue that went out last, with its figures as its report has them."""
    issue = issues.filter(status=Issue.Status.SENT, started_at__isnull=False).order_by("-started_at").first()
    if issue is None or issue.finished_at is None:
        return {}
    figures: list[Figure] = [one for one in funnel(report(issue), issue) if one.label in TOLD]
    return {"last": issue, "last_figures": figures, "last_at": brief(issue.finished_at, zone_of(issue))}


def _growth() -> dict[str, Any]:
    """How all lists together grew in the last weeks, with a line to look at."""
    until = timezone.localdate()
    steps = growth(
        [*List.objects.values_list("pk", flat=True)], until - timedelta(days=DAYS - 1), until, "day",
        timezone.get_current_timezone(),
    )  # fmt: skip
    sums, total = [0], 0
    for one in steps:
        total += one.net
        sums.append(total)
    joined, left = sum(one.joined for one in steps), sum(one.left for one in steps)
    return {"joined": joined, "left": left, "net": total, "line": _line(sums), "days": DAYS, "any": joined or left}


def _line(values: Sequence[int]) -> str:
    """The points of a line through some values, from left to right."""
    low, span = min(values), max(max(values) - min(values), 1)
    step = WIDE / max(len(values) - 1, 1)
    return " ".join(
        f"{number * step:.1f},{HIGH - 2 - (value - low) / span * (HIGH - 4):.1f}" for number, value in enumerate(values)
    )


def _steps(user: Any, config: Config, names: Sequence[str], now: datetime) -> list[Step]:
    """The way to a first issue; nothing once there has been one."""
    if Issue.objects.exists():
        return []
    due = min((one for name in names for one in _next(config, name, now)), default=None)
    may_import, may_see = user.has_perm("subscribers.add_subscriber"), user.has_perm("newsletter.view_source")
    drawn_up = f"The next is drawn up by itself, {brief(*due)}." if due else "None has a schedule."
    return [
        Step("Name a newsletter, with its sources, in config.yaml", bool(config.newsletters), "docs/configuration.md "
             "explains every key."),
        Step("Collect posts", Post.objects.exists(), "Sources are visited by themselves; `newsletter collect` does it "
             "at once.", *(("See the sources", reverse("admin:newsletter_source_changelist")) if may_see else ())),
        Step("Bring people in", Subscriber.objects.exists(), "From a file, or by the sign-up page.",
             *(("Import people", reverse("desk-import-new")) if may_import else ())),
        Step("Have an issue drawn up", False, f"{drawn_up} `newsletter compose NAME` does it at once."),
    ]  # fmt: skip


def _next(config: Config, name: str, now: datetime) -> list[tuple[datetime, Any]]:
    """The next cut-off of a newsletter, with its zone; nothing without a schedule."""
    letter = config.newsletters[name]
    due = next(compose.upcoming(config, name, now + letter.cut_off), None)
    return [(due - letter.cut_off, zone_of(Issue(newsletter=name)))] if due else []
