"""How an issue's sending goes, with the buttons that steer it: a part of its report, and a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from newsletter import roles
from newsletter.desk.admin.labels import STATES, STATUSES
from newsletter.desk.pages.base import desk_page, staff_page
from newsletter.models import Issue, Message, Slot, repairing
from newsletter.models.counting import by_state
from newsletter.models.progress import SAMPLE, Progress, outcome, progress
from newsletter.pace import held_words, left_words, rate_words
from newsletter.send import limits
from newsletter.settings import current

Status = Issue.Status
LIVE = (Status.SENDING, Status.PAUSED)
STEER = "newsletter.send_issue"


@dataclass(frozen=True)
class Told:
    """An issue with how far it is, in words."""

    issue: Issue
    progress: Progress

    @classmethod
    def of(cls, issue: Issue, reasons: bool = True) -> Told:
        """As it stands now."""
        default, possible = current().transport_of(issue.newsletter), current().transports_of(issue.newsletter)
        if issue.status not in LIVE:
            return cls(issue, outcome(issue, default, by_state(issue)))
        return cls(issue, progress(issue, default, timezone.now(), reasons, possible))

    @property
    def colour(self) -> str:
        """The status's."""
        return STATUSES[Status(self.issue.status)]

    @property
    def moving(self) -> bool:
        """Whether messages are leaving."""
        return self.issue.status == Status.SENDING

    @property
    def pace(self) -> str:
        """How fast, and how long it takes."""
        if not self.moving or not self.progress.going:
            return ""
        words = (rate_words(self.progress.rate), left_words(self.progress.left))
        return ", ".join(filter(None, words)) or "nothing has left in the last minute"

    @property
    def held(self) -> str:
        """What waits for its hour, or for a decision, and until when."""
        return held_words(self.progress.held, self.progress.until, current().time_zone_of(self.issue.newsletter))

    @property
    def ways(self) -> list[dict[str, Any]]:
        """What each transport has of it."""
        shown = [way for way in self.progress.ways if way.states.keys() - {Message.State.EXCLUDED}]
        rests = limits.resting([way.name for way in shown], now := timezone.now())
        return [
            {"way": way, "pace": rate_words(way.rate) if self.moving else "", **_standing(way.name, rests, now)}
            for way in shown
        ]

    @property
    def failures(self) -> list[dict[str, Any]]:
        """What went wrong, with the colour of its state."""
        return [
            {"failure": one, "colour": STATES.get(Message.State(one.state), "default")}
            for one in self.progress.failures
        ]


def _standing(name: str, rests: dict[str, tuple[datetime | None, str]], now: datetime) -> dict[str, Any]:
    """What a transport may do at this moment, in words; nothing of one that config.yaml has no more."""
    config = current()
    if name not in config.transports:
        return {"limits": "config.yaml has no such transport", "open": 0, "rest": "", "stopped": False}
    until, reason = rests.get(name, (None, ""))
    rest = f"rests until {timezone.localtime(until):%H:%M:%S}: {reason}" if until else f"stopped: {reason}"
    open_now = len(Slot.held(name, now, config.send.lease))
    return {
        "limits": limits.in_words(config, name, now), "open": open_now, "rest": rest if name in rests else "",
        "stopped": name in rests and until is None,
    }  # fmt: skip


def context_of(request: HttpRequest, issue: Issue) -> dict[str, Any]:
    """What the template of the panel needs."""
    told = Told.of(issue)
    return {
        "told": told,
        "live": issue.status == Status.SENDING,
        "on_its_way": issue.status in LIVE,
        "shown": issue.status in LIVE or bool(told.progress.failures),
        "retried": _retried(issue, told.progress.count(Message.State.FAILED)),
        "may_steer": roles.may(request.user, STEER, issue),
    }


def _retried(issue: Issue, failed: int) -> int:
    """How many messages Retry is for; of very many, those that somebody gave up are not told apart."""
    return repairing.failed(issue).count() if 0 < failed <= SAMPLE else failed


@staff_page("newsletter.view_issue")
def sending(request: HttpRequest, number: int) -> HttpResponse:
    """The panel alone for a page that looks again by itself, or all of it once the issue's status is another."""
    issue = get_object_or_404(Issue, pk=number)
    context = {"object": issue, **context_of(request, issue)}
    if "HX-Request" not in request.headers:
        return desk_page(request, "sending_page.html", "Sending", **context)
    answer = render(request, "sending.html", context)
    if request.GET.get("was") != issue.status:
        answer["HX-Refresh"] = "true"
    answer["Cache-Control"] = "no-store"
    return answer
