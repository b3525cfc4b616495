"""What a newsletter's issues have come to: engagement, who stays, best hours, what readers click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from newsletter import roles
from newsletter.desk import charts
from newsletter.desk.actions import SeeOther
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.csvs import stream
from newsletter.desk.saying import number, percent
from newsletter.models import Event, Issue
from newsletter.settings import current
from newsletter.track.report import cohorts_of
from newsletter.track.report.clicks import StoryClicks, by_section, liked_stories
from newsletter.track.report.cohorts import MONTHS, Cohort
from newsletter.track.report.letters import Past, Week, past, week

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STORIES = 20
SEE = "newsletter.view_issue"
Kind = Event.Kind
READ = ((Kind.OPEN, "opened"), (Kind.CLICK, "clicked"))


@dataclass(frozen=True)
class Cell:
    """A cell of a table whose ground is the darker the more it says: `heat` is between 0 and 1."""

    text: str
    heat: float

    @property
    def style(self) -> str:
        """Its ground."""
        return f"--heat: {self.heat:.2f}"


@staff_page("newsletter.view_issue")
def letters(request: HttpRequest) -> HttpResponseBase:
    """Go to the first newsletter of config.yaml, or to one that was there once."""
    known = roles.among(request.user, SEE, current().newsletters)
    issues = roles.theirs(request.user, SEE, Issue.objects.order_by("newsletter"))
    names = [*known, *issues.values_list("newsletter", flat=True)[:1]]
    if not names:
        return desk_page(request, "no_letters.html", "Engagement")
    return SeeOther(reverse("desk-letter", args=(names[0],)))


@staff_page("newsletter.view_issue")
def letter(request: HttpRequest, name: str) -> HttpResponseBase:
    """The page of one newsletter; `export` names one of its tables, as CSV."""
    config = current()
    if name not in config.newsletters and not Issue.objects.filter(newsletter=name).exists():
        raise Http404(f"there is no newsletter '{name}'")
    known, now = config.newsletters.get(name), timezone.now()
    issues = past(name)
    stories = liked_stories(one.issue for one in issues)
    sections = by_section([one for _, one in stories])
    found, as_of = cohorts_of(config, name, now) if known else ([], None)
    if wanted := request.GET.get("export"):
        return _export(name, wanted, issues, stories, found or [])
    zone = config.time_zone_of(name)
    told = week(name, zone, now)
    return desk_page(
        request, "letter.html", f"All issues of {known.title if known else name}", issues=_engagement(issues),
        charts=_charts(issues), zone=zone, weeks=_weeks(told), best=_best(told), stories=_stories(stories[:STORIES]),
        sections=[(*one, f"{one[2].clicks_adjusted / one[1]:,.1f}") for one in sections], cohorts=_cohorts(found),
        counting=found is None, as_of=as_of, months=range(MONTHS + 1),
        growth=f"{reverse('desk-growth')}?step=week&list={known.lists[0].name if known and known.lists else ''}",
        others=[
            (one, config.newsletters[one].title)
            for one in roles.among(request.user, SEE, config.newsletters) if one != name
        ],
    )  # fmt: skip


def _engagement(issues: list[Past]) -> list[dict[str, Any]]:
    rows = []
    for one in issues:
        shares = [percent(one.share(kind, name)) for kind, _ in READ for name in ("readers", "messages")]
        rows.append({"issue": one.issue, "sent": number(one.sent), "shares": shares,
                     "unsubscribed": number(one.of(Kind.UNSUBSCRIBE).messages)})  # fmt: skip
    return rows


def _charts(issues: list[Past]) -> list[charts.Chart]:
    """Opened and clicked over the issues, adjusted and raw; nothing to draw of a single one."""
    told = [one for one in reversed(issues) if one.sent]
    if len(told) < 2:
        return []
    return [_chart(told, kind, verb) for kind, verb in READ]


def _chart(told: list[Past], kind: str, verb: str) -> charts.Chart:
    def series(name: str) -> list[float | None]:
        shares = [one.share(kind, name) for one in told]
        return [None if share is None else round(100 * share, 2) for share in shares]

    lines = [
        charts.line("adjusted", charts.ADJUSTED, series("readers"), borderWidth=3, pointRadius=3),
        charts.line("raw", charts.RAW, series("messages"), borderDash=[2, 3], pointRadius=3, pointStyle="rectRot"),
    ]
    says = f"The share that {verb} each of the last {len(told)} issues; the table below says the same."
    labels = [one.issue.slug for one in told]
    return charts.chart(f"chart-{verb}", verb.capitalize(), says, labels, lines, ticks=6)


def _weeks(told: Week) -> list[dict[str, Any]]:
    """Clicks and opens as tables of seven days and 24 hours; only those of which there is anything."""
    tables = []
    for title, rows in (("Clicks", told.clicks), ("Opens", told.opens)):
        most = max(max(row) for row in rows)
        if most:
            days = [(day, [Cell(f"{count:,}" if count else "", count / most) for count in row])
                    for day, row in zip(DAYS, rows, strict=True)]  # fmt: skip
            tables.append({"title": title, "days": days})
    return tables


def _best(told: Week) -> str:
    """When most people click, or, where nobody does, open."""
    for what, verb in (("clicks", "click"), ("opens", "open")):
        if at := told.best(what):
            return f"Most people {verb} on {DAYS[at[0]]} between {at[1]}:00 and {(at[1] + 1) % 24}:00."
    return ""


def _stories(stories: list[tuple[Issue, StoryClicks]]) -> list[tuple[Issue, StoryClicks]]:
    return [(issue, one) for issue, one in stories if one.clicks]


def _cohorts(found: list[Cohort] | None) -> list[dict[str, Any]]:
    rows = []
    for one in (found or [])[: MONTHS * 2]:
        cells = [None if share is None else Cell(f"{share:.0%}", share) for share in one.shares]
        rows.append({"month": one.month, "joined": number(one.joined), "cells": cells})
    return rows


def _export(
    name: str, wanted: str, issues: list[Past], stories: list[tuple[Issue, StoryClicks]], found: list[Cohort]
) -> HttpResponseBase:
    if wanted == "issues":
        header = ["issue", "sent", "opened_adjusted", "opened", "clicked_adjusted", "clicked", "unsubscribed"]
        rows: Any = map(_issue_row, issues)
    elif wanted == "stories":
        header = ["issue", "story", "section", "links", "clicks_adjusted", "clicks"]
        rows = ([issue.slug, x.title, x.section, x.links, x.clicks_adjusted, x.clicks] for issue, x in stories)
    elif wanted == "cohorts":
        header = ["month", "joined", *(f"after_{month}" for month in range(MONTHS + 1))]
        rows = ([one.month, one.joined, *map(_text, one.shares)] for one in found)
    else:
        raise Http404(f"there is no table '{wanted}'")
    return stream(f"{name}-{wanted}", header, rows)


def _issue_row(one: Past) -> list[Any]:
    read = (getattr(one.of(kind), column) for kind, _ in READ for column in ("readers", "messages"))
    return [one.issue.slug, _text(one.sent), *read, one.of(Kind.UNSUBSCRIBE).messages]


def _text(value: float | None) -> Any:
    return "" if value is None else value
