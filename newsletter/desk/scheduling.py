"""The form that says when an issue is sent: what a time means, here and for the viewer, and what lies beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from newsletter.desk.asking import LOCAL, WhenForm, next_hour
from newsletter.desk.zones import brief, said, viewers, zone_of
from newsletter.models import AudienceUnknown, Issue
from newsletter.models.booking import clashes
from newsletter.models.tail import tail
from newsletter.moments import offset
from newsletter.settings import current


def beside(request: HttpRequest, issue: Issue, form: WhenForm) -> dict[str, Any]:
    """All that the page has beside its field."""
    return {**meaning(request, issue, form), "quick": _quick(issue, form)}


def meaning(request: HttpRequest, issue: Issue, form: WhenForm) -> dict[str, Any]:
    """What the form says at this moment: the time in words or what is wrong with it, and other issues around it."""
    probe = form if form.is_bound else WhenForm(form.initial, issue=issue)
    probe.is_valid()
    at: datetime | None = probe.cleaned_data.get("at") if "at" not in probe.errors else None
    viewer = viewers(request)
    return {
        "form": form,
        "moment": said(at, probe.zone, viewer) if at else "",
        "fault": "" if form.is_bound and form is probe else " ".join(map(str, probe.errors.get("at", ()))),
        "twice": [
            (str(number), name, f"{one:%H:%M} {offset(one)}", str(number) == str(probe["which"].value() or ""))
            for number, (name, one) in enumerate(zip(("first", "second"), probe.twice, strict=False))
        ],
        **_tail(issue, at if probe.data.get("local_time") else None, viewer),
        "clashes": [
            (one, said(one.at, probe.zone, viewer)) for one in clashes(current(), issue, at, timezone.now())
        ] if at else [],
    }  # fmt: skip


def _tail(issue: Issue, at: datetime | None, viewer: ZoneInfo | None) -> dict[str, Any]:
    """Where it goes out at each reader's local time: when the first have it and the last, and how many at each hour."""
    if at is None or issue.newsletter not in current().newsletters:
        return {}
    zone = zone_of(issue)
    try:
        found = tail(current(), issue, timezone.now(), at)
    except AudienceUnknown as error:
        return {"tail_fault": str(error)}
    if found.first is None or found.last is None:
        return {"tail_fault": "nobody can say yet when that is"}
    waves = [(brief(one.at, zone), one.zone or zone.key, one.people) for one in found.waves]
    return {
        "tail": found,
        "first": said(found.first, zone, viewer),
        "last": said(found.last, zone, viewer),
        "waves": waves,
    }


def asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for: a quick choice is a link, and works without a script."""
    return {name: request.GET[name] for name in ("at", "which") if name in request.GET}


def _quick(issue: Issue, form: WhenForm) -> list[tuple[str, str, str]]:
    """Times that are chosen often: title, the field's value, and where a browser without script goes for it."""
    times = [("The next full hour", next_hour(form.zone))]
    if issue.due_at > timezone.now():
        times.insert(0, ("When it is due", issue.due_at))
    page = reverse("admin:newsletter_issue_schedule", args=(issue.pk,))
    values = [(title, at.astimezone(form.zone).strftime(LOCAL)) for title, at in times]
    return [(title, value, f"{page}?at={value}") for title, value in values]
