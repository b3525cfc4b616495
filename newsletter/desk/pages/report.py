"""The report of an issue: what became of it, while it happens and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from newsletter import track
from newsletter.desk import charts
from newsletter.desk.admin.labels import STATES, STATUSES
from newsletter.desk.pages.ab_drawing import rows_of
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.csvs import stream
from newsletter.desk.pages.sending import context_of
from newsletter.desk.saying import counted, number, percent
from newsletter.models import Event, Issue, Message, Trial
from newsletter.settings import current
from newsletter.track.report import Curves, Report, Share, curves, shares_of, story_clicks, tables
from newsletter.track.report.variants import standings

PER_PAGE = 50
FRESH = timedelta(hours=48)
"""So long after it began a report looks again by itself."""
Kind, State = Event.Kind, Message.State


@dataclass(frozen=True)
class Figure:
    """One step of the funnel: what it counts, how many, what share of those sent; raw beside it where it differs."""

    label: str
    value: str
    share: str = ""
    raw: str = ""
    raw_share: str = ""
    note: str = ""


@dataclass
class Told:
    """All that a page may tell of an issue, each part counted once, and only if it is asked for."""

    issue: Issue
    now: datetime

    @cached_property
    def report(self) -> Report:
        """The figures."""
        return track.report(self.issue)

    @cached_property
    def curves(self) -> Curves | None:
        """The first two days."""
        return curves(self.issue, self.report.sent, self.now)

    @cached_property
    def shares(self) -> tuple[list[Share] | None, datetime | None]:
        """The providers, and as of when."""
        return shares_of(current(), self.issue, self.report.audience)

    def table(self, name: str) -> tables.Table:
        """One of its tables. Raises KeyError."""
        return tables.table(name, self.issue, lambda: self.report, lambda: self.curves, lambda: self.shares[0])


@staff_page("newsletter.view_issue")
def report(request: HttpRequest, number: int) -> HttpResponse:
    """The numbers, the reasons, the failures and the links; what moves looks again by itself."""
    issue = get_object_or_404(Issue.objects.select_related("edition"), pk=number)
    told = Told(issue, timezone.now())
    found = told.report
    return desk_page(
        request, "report.html", "Report", object=issue, status_colour=STATUSES[Issue.Status(issue.status)],
        report=found, funnel=funnel(found, issue), fresh=_fresh(issue, told.now), every=10 if found.open else 30,
        states=[(state, STATES.get(State(state), "default"), count) for state, count in found.states.items()],
        alarms=issue.alarms.all(),
        failures=Paginator(track.failures(issue), PER_PAGE).get_page(request.GET.get("page")),
        charts=charts.of_curves(told.curves) if told.curves and not told.curves.empty else [],
        funnel_chart=charts.of_funnel(found), curves=told.curves, hours=_hours(told), bounces=_bounces(found),
        stories=story_clicks(issue, found.links),
        **_tried(told),
        providers=_providers(told), as_of=told.shares[1], counting=told.shares[0] is None, page_of="report",
        unnamed=found.of(Kind.OPEN).unnamed or found.of(Kind.CLICK).unnamed,
        **context_of(request, issue),
    )  # fmt: skip


@staff_page("newsletter.view_issue")
def export(request: HttpRequest, number: int, name: str, form: str) -> HttpResponseBase:
    """One of the tables as CSV or JSON."""
    issue = get_object_or_404(Issue.objects.select_related("edition"), pk=number)
    try:
        table = Told(issue, timezone.now()).table(name)
    except KeyError:
        raise Http404(f"there is no table '{name}'") from None
    file = f"{issue.newsletter}-{issue.slug}-{name}"
    if form == "json":
        headers = {"Content-Disposition": f'attachment; filename="{file}.json"', "Cache-Control": "no-store"}
        return JsonResponse(table.as_dicts(), safe=False, headers=headers)
    return stream(file, table.header, ([_plain(cell) for cell in row] for row in table.rows))


def funnel(told: Report, issue: Issue) -> list[Figure]:
    """The steps, each with its share of the messages sent."""
    left = "never sent" if issue.status == Issue.Status.CANCELLED else "still to go"
    out, bounced = told.count(State.EXCLUDED), told.count(State.BOUNCED)
    say = _share_of(told)
    return [
        Figure("Audience", number(told.audience), note=f"{number(out)} excluded" if out else "nobody excluded"),
        Figure(
            "Submitted", number(told.sent), note=f"{number(told.open)} {left}" if told.open else "nothing left to go"
        ),
        Figure("Delivered", *_delivered(told)),
        _reading("Opened", told, Kind.OPEN, "open"),
        _reading("Clicked", told, Kind.CLICK, "click"),
        Figure("Replied", number(told.replies), say(told.replies), note="by mail and on the page"),
        Figure("Unsubscribed", number(gone := told.of(Kind.UNSUBSCRIBE).messages), say(gone), note="by this mail"),
        Figure("Bounced", number(bounced), percent(told.rate(bounced)) if bounced else "", note="by class below"),
        Figure("Complained", number(spam := told.count(State.COMPLAINED)), say(spam), note="called it spam"),
        Figure("Uncertain", number(told.count(State.UNCERTAIN)), note="the answer was lost"),
        Figure("Likes", number(told.likes), note=counted(told.votes, "vote") + " in polls"),
    ]


def _tried(told: Told) -> dict[str, Any]:
    """The variants of its A/B test, and what the rest got."""
    trial = Trial.of(told.issue) if told.issue.variants and told.issue.started_at else None
    if trial is None:
        return {"trial": None}
    found = standings(trial, told.report.audience)
    sent = sum(one.sent for one in found.rows) if found else 0
    return {
        "trial": trial, "variants": rows_of(told.issue, trial, found), "variants_as_of": found.as_of if found else None,
        "rest": number(max(told.report.sent - sent, 0)) if found and not trial.is_split else "",
    }  # fmt: skip


def _share_of(told: Report) -> Callable[[int], str]:
    return lambda part: percent(told.rate(part)) if told.sent else ""


def _delivered(told: Report) -> tuple[str, str, str, str, str]:
    """How many have arrived; where nobody says so, that is not nought."""
    if not told.delivered:
        return ("–", "", "", "", "nobody has told us yet")
    return (number(told.delivered), percent(told.rate(told.delivered)), "", "", "as the receiving side says")


def _reading(label: str, told: Report, kind: str, one: str) -> Figure:
    seen = told.of(kind)
    if seen.unnamed:
        note = f"{counted(seen.events, one)}, {number(seen.human)} adjusted"
        return Figure(label, "not counted by reader", note=note)
    return Figure(
        label, number(seen.readers), percent(told.rate(seen.readers)), number(seen.messages),
        percent(told.rate(seen.messages)), f"{counted(seen.events, one)}, {number(seen.human)} by people",
    )  # fmt: skip


def _bounces(told: Report) -> list[tuple[str, str, str]]:
    words = {
        "hard": ("Hard", "there is no such address"), "soft": ("Soft", "mailbox full, and the like, for now"),
        "blocked": ("Blocked", "refused for what we are, not for who they are"),
        "dropped": ("Dropped", "the provider did not try"), "refused": ("Refused", "not taken while we were sending"),
    }  # fmt: skip
    return [(*words[name], number(count)) for name, count in told.bounces.items() if count]


def _providers(told: Told) -> list[list[str]]:
    rows = []
    for one in told.shares[0] or ():
        base = one.sent or None
        shares = [
            part / base if base else None
            for part in (one.opened_adjusted, one.opened, one.clicked_adjusted, one.clicked)
        ]
        rows.append([one.provider, number(one.messages), number(one.delivered) if told.report.delivered else "–",
                     number(one.bounced), number(one.complained), *map(percent, shares)])  # fmt: skip
    return rows


def _hours(told: Told) -> list[list[str]]:
    """The curves' table: adjusted, raw and usual of both, for the hours that there is anything of."""
    rows = []
    for row in tables.curves(told.curves).as_dicts():
        cells = [
            row[f"{what}{part}"] for what in ("opened", "clicked") for part in ("_adjusted", "", "_adjusted_usual")
        ]
        if any(cell is not None for cell in cells):
            rows.append([str(row["hour"]), *map(percent, cells)])
    return rows


def _fresh(issue: Issue, now: datetime) -> bool:
    return issue.started_at is not None and now - issue.started_at < FRESH


def _plain(cell: Any) -> Any:
    return "" if cell is None else cell
