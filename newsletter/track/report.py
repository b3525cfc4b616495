"""The report of an issue: who it was for, what became of each message, and what came back, all counted anew."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from newsletter.models import Event, Issue, Link, Message, Reply

State = Message.State
SENT = (State.SUBMITTED, State.DELIVERED)
FAILED = (State.FAILED, State.BOUNCED, State.COMPLAINED, State.UNCERTAIN)


@dataclass(frozen=True)
class LinkClicks:
    """How often one address was clicked, and by how many people."""

    url: str
    clicks: int
    people: int


@dataclass(frozen=True)
class PollVotes:
    """A poll of the issue, and how often each answer was given."""

    question: str
    answers: dict[str, int]


@dataclass(frozen=True)
class Report:
    """What became of an issue. `opens` and `clicks` count events, `opened` and `clicked` the messages behind them."""

    issue: str
    status: str
    reason: str
    audience: int
    excluded: dict[str, int]
    states: dict[str, int]
    sent: int
    failed: int
    opens: int
    opened: int
    clicks: int
    clicked: int
    unsubscribed: int
    replies: int
    likes: int
    votes: int
    polls: tuple[PollVotes, ...]
    links: tuple[LinkClicks, ...]

    @property
    def open(self) -> int:
        """Messages that are still to be sent or answered."""
        return sum(self.states.get(state, 0) for state in (State.PENDING, State.SUBMITTING, State.DEFERRED))

    @property
    def open_rate(self) -> float | None:
        """The share of messages opened among those submitted or delivered; None where there are none."""
        return self._rate(self.opened)

    @property
    def click_rate(self) -> float | None:
        """The share of messages with a click among those submitted or delivered; None where there are none."""
        return self._rate(self.clicked)

    @property
    def unsubscribe_rate(self) -> float | None:
        """The share of messages whose reader left among those submitted or delivered; None where there are none."""
        return self._rate(self.unsubscribed)

    def as_dict(self) -> dict[str, Any]:
        """The report in plain values, ready for JSON."""
        rates = {name: getattr(self, name) for name in ("open_rate", "click_rate", "unsubscribe_rate")}
        polls = [asdict(poll) for poll in self.polls]
        return {**asdict(self), "links": [asdict(link) for link in self.links], "polls": polls, **rates}

    def _rate(self, part: int) -> float | None:
        return round(part / self.sent, 4) if self.sent else None


def report(issue: Issue) -> Report:
    """Count what the ledger and the events say about an issue."""
    states = Message.counts(issue)
    return Report(
        issue=str(issue),
        status=issue.status,
        reason=issue.reason,
        audience=sum(states.values()),
        excluded=_excluded(issue),
        states=states,
        sent=sum(states.get(state, 0) for state in SENT),
        failed=sum(states.get(state, 0) for state in FAILED),
        **_said(issue),
        links=_links(issue),
        **_events(issue),
    )


def failures(issue: Issue) -> QuerySet[Message]:
    """The messages that did not arrive or may not have, each with its subscriber, state and reason."""
    return issue.messages.filter(state__in=FAILED).select_related("subscriber").order_by("pk")


def _excluded(issue: Issue) -> dict[str, int]:
    rows = issue.messages.filter(state=State.EXCLUDED).values_list("reason").annotate(Count("pk")).order_by("reason")
    return dict(rows)


def _events(issue: Issue) -> dict[str, Any]:
    """Each kind of event: how many there were, and from how many messages."""
    rows = issue.tallies.filter(link=None).values_list("kind").annotate(Sum("events"), Sum("messages")).order_by()
    found = {kind: (events, messages) for kind, events, messages in rows}
    opens, opened = found.get(Event.Kind.OPEN, (0, 0))
    clicks, clicked = found.get(Event.Kind.CLICK, (0, 0))
    unsubscribed = found.get(Event.Kind.UNSUBSCRIBE, (0, 0))[1]
    return {"opens": opens, "opened": opened, "clicks": clicks, "clicked": clicked, "unsubscribed": unsubscribed}


def _said(issue: Issue) -> dict[str, Any]:
    """What readers said: their replies, whether or not they are shown, their likes and their votes."""
    polls = tuple(
        PollVotes(poll.question, {bar.answer: bar.votes for bar in poll.bars()}) for poll in issue.polls.all()
    )
    written = Reply.objects.filter(issue=issue).exclude(via=Reply.Via.DESK).exclude(state=Reply.State.UNCONFIRMED)
    votes = sum(sum(poll.answers.values()) for poll in polls)
    return {"replies": written.count(), "likes": issue.likes.count(), "votes": votes, "polls": polls}


def _links(issue: Issue) -> tuple[LinkClicks, ...]:
    """Every address in the mail, the most clicked first; those that nobody clicked too.

    Tests leave links behind, of posts that were taken out before the approval: they are not the mail's.
    """
    rows = Link.objects.filter(issue=issue).annotate(
        clicks=Coalesce(Sum("tallies__events"), 0), people=Coalesce(Sum("tallies__messages"), 0)
    )
    mailed = _in_the_mail(issue)
    found = rows.filter(Q(pk__in=mailed) | Q(clicks__gt=0)).order_by("-clicks", "url")
    return tuple(LinkClicks(row.url, row.clicks, row.people) for row in found)


def _in_the_mail(issue: Issue) -> set[int]:
    if issue.edition is None:
        return set()
    return {int(number) for number in re.findall(rf"/c/(\d+)/{issue.edition.marker}-", issue.edition.html)}
