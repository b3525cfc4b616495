"""What the page of an A/B test shows: its cards before it is sent, and how its variants stand afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from newsletter import preflight, render, roles, track
from newsletter.desk.admin.labels import STATUSES
from newsletter.desk.pages import ab_form
from newsletter.desk.saying import number, percent
from newsletter.models import Edition, Issue, Message, Trial, trial
from newsletter.models.counting import by_state
from newsletter.models.trial import FIRST, LETTERS
from newsletter.settings import current
from newsletter.track.report.odds import Counted, interval
from newsletter.track.report.outlook import outlook
from newsletter.track.report.variants import Standings, Tried, standings

STEER = "newsletter.send_issue"


@dataclass(frozen=True)
class Card:
    """A variant beside the others: its line in the inbox, and the fields in which it is written."""

    letter: str
    sender: str
    subject: str
    preheader: str
    opening: str = ""
    fields: list[tuple[str, Any, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """How a variant stands, in words; `at`, `low` and `wide` are per cent of the bar's length."""

    tried: Tried
    sender: str
    subject: str
    rate: str
    between: str
    chance: str
    at: float
    low: float
    wide: float
    won: bool
    opened: str
    opened_between: str
    clicked: str
    clicked_between: str


def context_of(
    request: HttpRequest, issue: Issue, found: Trial | None, form: ab_form.TrialForm | None
) -> dict[str, Any]:  # fmt: skip
    """Everything that the page needs."""
    begun = issue.status not in Issue.EDITABLE
    shared = {
        "object": issue, "colour": STATUSES[Issue.Status(issue.status)], "trial": found, "over": begun,
        "may_edit": not begun and request.user.has_perm("newsletter.change_issue"),
    }  # fmt: skip
    if found is None:
        return shared
    found.issue = issue
    if issue.started_at is not None:
        return {**shared, **standings_of(request, issue, found)}
    form = form or ab_form.TrialForm(trial.state_of(issue) or trial.begun())
    people = people_of(issue, found) if "people" in request.GET else {}
    return {**shared, **_plan(issue, found), **people, "form": form, "cards": _cards(issue, found, form),
            "may_add": len(form.letters) + 1 < len(LETTERS)}  # fmt: skip


def people_of(issue: Issue, found: Trial) -> dict[str, Any]:
    """How many readers that is, and what they can show; of very many this takes a moment, so pages ask for it apart."""
    letter = current().newsletters.get(issue.newsletter)
    counted = preflight.count_for(issue, letter, timezone.now()) if letter else None
    told = outlook(found, counted.whole) if counted else None
    return {"asked": True, "counted": counted, "outlook": told, "letters": len(found.letters)}


def _plan(issue: Issue, found: Trial) -> dict[str, Any]:
    """What stands in its way."""
    config = current()
    letter = config.newsletters.get(issue.newsletter)
    faults = found.faults()
    if found.way == Trial.Way.AUTOMATIC and not track.countable(config, issue.newsletter, found.measure):
        faults.append(
            f"no winner can be found: config.yaml does not have {found.measure} counted by reader for this newsletter; "
            "choose another measure, or decide by hand"
        )
    local = issue.local_time or bool(letter and letter.schedule and letter.schedule.local_time)
    return {"local": local, "faults": faults}


def _cards(issue: Issue, found: Trial, form: ab_form.TrialForm) -> list[Card]:
    """The variants; of one that cannot be rendered, what was written."""
    cards = []
    for letter in (FIRST, *form.letters):
        sender, subject, preheader = line_of(issue, found, letter)
        fields = form.of(letter) if letter != FIRST else []
        opening = issue.opening if letter == FIRST and "opening" in found.varies else ""
        cards.append(Card(letter, sender, subject, preheader, opening, fields))
    return cards


def line_of(issue: Issue, found: Trial, letter: str) -> tuple[str, str, str]:
    """Sender, subject and preheader of a variant as the inbox shows them."""
    config = current()
    settings = config.newsletters.get(issue.newsletter)
    own = (settings.sender.name or settings.sender.address) if settings else issue.newsletter
    said = found.said(letter)
    sender = said.get("sender_name") or own
    bound = Edition.of(issue, letter) if issue.started_at and letter in issue.variants else None
    if bound is not None:
        return bound.sender_name or own, render.for_nobody(bound, "subject"), render.for_nobody(bound, "preheader")
    try:
        return (sender, *render.inbox_line(issue, config, found, letter))
    except render.RenderError:
        return sender, said.get("subject", issue.subject), said.get("preheader", issue.preheader)


# ── how it stands ────────────────────────────────────────────────────────────────────────────────────────────────────


def standings_of(request: HttpRequest, issue: Issue, found: Trial) -> dict[str, Any]:
    """How the variants stand, and what is waited for."""
    found.issue = issue
    states = by_state(issue)
    told = standings(found, sum(states.values()))
    waiting = issue.status in (Issue.Status.SENDING, Issue.Status.PAUSED)
    decidable = not found.winner and issue.status != Issue.Status.CANCELLED
    return {
        "rows": rows_of(issue, found, told), "as_of": told.as_of if told else None, "counting": told is None,
        "did": ab_form.measure_words(found), "held": number(states.get(Message.State.HELD, 0)),
        "live": decidable, "waiting": waiting, "wait": ab_form.wait_words(round(found.wait.total_seconds())),
        "late": found.ends_at is not None and found.ends_at <= timezone.now(),
        "confidence": percent(found.confidence) if found.confidence is not None else "",
        "may_decide": decidable and roles.may(request.user, STEER, issue),
    }  # fmt: skip


def rows_of(issue: Issue, found: Trial, told: Standings | None) -> list[Row]:
    """The variants with their bars, all to the same scale."""
    if told is None:
        return []
    reach = max((interval(one.counted(found.measure)) or (0.0, 0.0))[1] for one in told.rows) or 1.0
    likely = told.chances
    return [_row(issue, found, one, likely[one.letter], reach) for one in told.rows]


def _row(issue: Issue, found: Trial, one: Tried, chance: float, reach: float) -> Row:
    counted = one.counted(found.measure)
    low, high = interval(counted) or (0.0, 0.0)
    rate, between = _share(counted)
    sender, subject, _ = line_of(issue, found, one.letter)
    return Row(
        one, sender if "sender_name" in found.varies else "", subject, rate, between, percent(chance),
        100 * (counted.rate or 0) / reach, 100 * low / reach, 100 * (high - low) / reach, one.letter == found.winner,
        *_share(one.counted("opens")), *_share(one.counted("clicks")),
    )  # fmt: skip


def _share(counted: Counted) -> tuple[str, str]:
    """A share, and the interval in which the true one lies 95 times in a hundred."""
    ends = interval(counted)
    return percent(counted.rate), f"{percent(ends[0])} to {percent(ends[1])}" if ends else ""
