"""The report of an issue: what became of it, while it happens and afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from newsletter import track
from newsletter.desk.admin.labels import STATES, STATUSES
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.desk.pages.sending import context_of
from newsletter.models import Issue, Message

PER_PAGE = 50


@dataclass(frozen=True)
class Figure:
    """One number of the funnel, what it counts, and what stands under it."""

    label: str
    value: int
    note: str = ""


@staff_page("newsletter.view_issue")
def report(request: HttpRequest, number: int) -> HttpResponse:
    """The numbers, the reasons, the failures and the links; what moves looks again by itself."""
    issue = get_object_or_404(Issue, pk=number)
    told = track.report(issue)
    return desk_page(
        request,
        "report.html",
        "Report",
        object=issue,
        status_colour=STATUSES[Issue.Status(issue.status)],
        report=told,
        funnel=_funnel(told, issue),
        states=[(state, STATES.get(Message.State(state), "default"), count) for state, count in told.states.items()],
        failures=Paginator(track.failures(issue), PER_PAGE).get_page(request.GET.get("page")),
        **context_of(request, issue),
    )


def _funnel(told: track.Report, issue: Issue) -> list[Figure]:
    excluded = sum(told.excluded.values())
    left = "never sent" if issue.status == Issue.Status.CANCELLED else "still to go"
    return [
        Figure("Audience", told.audience, f"{excluded:,} excluded" if excluded else "nobody excluded"),
        Figure("Sent", told.sent, f"{told.open:,} {left}" if told.open else "nothing left to go"),
        Figure("Not sent or lost", told.failed, "see below" if told.failed else "none"),
        Figure("Opened", told.opened, _share(told.open_rate, told.opens, "open")),
        Figure("Clicked", told.clicked, _share(told.click_rate, told.clicks, "click")),
        Figure("Unsubscribed", told.unsubscribed, _rate(told.unsubscribe_rate)),
        Figure("Replies", told.replies, "by mail and on the page"),
        Figure("Likes", told.likes, f"{told.votes:,} vote{'' if told.votes == 1 else 's'} in polls"),
    ]


def _share(rate: float | None, events: int, name: str) -> str:
    return f"{_rate(rate)} · {events:,} {name}{'' if events == 1 else 's'}"


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%} of sent"
