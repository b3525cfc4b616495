"""The figures of an issue: who it was for, what became of each message, and what came back.

What was opened and clicked is told twice, always side by side: raw, every fetch, also by machines; and adjusted, what
seems to be people. All of it comes from tallies, so that it takes no longer with a million messages.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Count, QuerySet, Sum

from newsletter.models import Event, Issue, Message, Reply, Rollup, Tally
from newsletter.models.counting import by_state
from newsletter.track.report.clicks import LinkClicks, link_clicks

State, Kind = Message.State, Event.Kind
SENT = (State.SUBMITTED, State.DELIVERED, State.COMPLAINED)
"""Messages that were taken and have not come back. Who complains has it."""
ARRIVED = (State.DELIVERED, State.COMPLAINED)
"""Messages of which the receiving side has said so."""
OPEN = (State.PENDING, State.SUBMITTING, State.DEFERRED, State.HELD)
FAILED = (State.FAILED, State.BOUNCED, State.COMPLAINED, State.UNCERTAIN)
BOUNCES = {Kind.BOUNCED: "hard", Kind.SOFT_BOUNCED: "soft", Kind.BLOCKED: "blocked", Kind.DROPPED: "dropped"}
"""The classes of what came back undelivered, by the kinds of events that tell them."""
MANY = 2_000
"""Of more people than that, why they were left out is not counted anew each time."""


@dataclass(frozen=True)
class Seen:
    """One kind of event: how many there were, how each was judged, and from how many messages they came.

    `messages` had any, `readers` one at least that was judged human.
    """

    events: int = 0
    human: int = 0
    prefetch: int = 0
    bot: int = 0
    messages: int = 0
    readers: int = 0

    @property
    def unnamed(self) -> bool:
        """Whether it was counted, but not by reader: that is how the newsletter or its readers want it."""
        return self.events > 0 and not self.messages


NAMES = ("events", "human", "prefetch", "bot", "messages", "readers")
"""The fields of Seen, which are columns of tallies."""


@dataclass(frozen=True)
class PollVotes:
    """A poll of the issue, and how often each answer was given."""

    question: str
    answers: dict[str, int]


@dataclass(frozen=True)
class Report:
    """What became of an issue, in numbers."""

    issue: str
    status: str
    reason: str
    states: dict[str, int]
    excluded: dict[str, int]
    seen: dict[str, Seen]
    replies: int
    likes: int
    polls: tuple[PollVotes, ...]
    links: tuple[LinkClicks, ...] = field(repr=False)

    def count(self, *states: str) -> int:
        """How many messages are in any of these states."""
        return sum(self.states.get(state, 0) for state in states)

    def of(self, kind: str) -> Seen:
        """What came back of one kind."""
        return self.seen.get(kind, Seen())

    def rate(self, part: int) -> float | None:
        """A share of the messages that were sent; None where there are none."""
        return round(part / self.sent, 4) if self.sent else None

    @property
    def audience(self) -> int:
        """Everybody whom it was for, those left out too."""
        return sum(self.states.values())

    @property
    def sent(self) -> int:
        """Messages that were taken and have not come back."""
        return self.count(*SENT)

    @property
    def delivered(self) -> int:
        """Messages that have arrived, as the receiving side says. Many servers and providers never say."""
        return self.count(*ARRIVED)

    @property
    def failed(self) -> int:
        """Messages that did not arrive, or may not have, or were complained about."""
        return self.count(*FAILED)

    @property
    def open(self) -> int:
        """Messages that are still to be sent or answered."""
        return self.count(*OPEN)

    @property
    def votes(self) -> int:
        """Votes in all its polls."""
        return sum(sum(poll.answers.values()) for poll in self.polls)

    @property
    def bounces(self) -> dict[str, int]:
        """What came back undelivered, by class; `refused` is what a server did not take in the first place."""
        told = {name: self.of(kind).messages for kind, name in BOUNCES.items()}
        told["refused"] = max(self.count(State.BOUNCED) - told["hard"] - told["soft"], 0)
        return told

    def as_dict(self) -> dict[str, Any]:
        """The report in plain values, ready for JSON."""
        return {
            **{name: getattr(self, name) for name in ("issue", "status", "reason", "audience", "excluded", "states")},
            **{name: getattr(self, name) for name in ("sent", "delivered", "failed")},
            **self._reading(Kind.OPEN, "opens", "opened", "open"),
            **self._reading(Kind.CLICK, "clicks", "clicked", "click"),
            "unsubscribed": self.of(Kind.UNSUBSCRIBE).messages, "complained": self.count(State.COMPLAINED),
            "unsubscribe_rate": self.rate(self.of(Kind.UNSUBSCRIBE).messages),
            "bounced": self.count(State.BOUNCED), "bounces": self.bounces, "uncertain": self.count(State.UNCERTAIN),
            "replies": self.replies, "likes": self.likes, "votes": self.votes,
            "links": [asdict(link) for link in self.links], "polls": [asdict(poll) for poll in self.polls],
        }  # fmt: skip

    def _reading(self, kind: str, events: str, messages: str, one: str) -> dict[str, Any]:
        """Raw and adjusted, side by side; None where it is not known of whom they were."""
        seen = self.of(kind)
        raw, adjusted = (None, None) if seen.unnamed else (seen.messages, seen.readers)
        return {
            events: seen.events, f"{events}_adjusted": seen.human, f"{events}_prefetch": seen.prefetch,
            f"{events}_bot": seen.bot, messages: raw, f"{messages}_adjusted": adjusted,
            f"{one}_rate": None if raw is None else self.rate(raw),
            f"{one}_rate_adjusted": None if adjusted is None else self.rate(adjusted),
        }  # fmt: skip


def report(issue: Issue) -> Report:
    """Say what is known of an issue now."""
    states = by_state(issue)
    return Report(
        issue=str(issue), status=issue.status, reason=issue.reason, states=states,
        excluded=_excluded(issue, states.get(State.EXCLUDED, 0)), seen=seen(issue), links=link_clicks(issue),
        **_said(issue),
    )  # fmt: skip


def seen(issue: Issue) -> dict[str, Seen]:
    """What came back, by kind."""
    return seen_of([issue.pk]).get(issue.pk, {})


def seen_of(issues: list[int]) -> dict[int, dict[str, Seen]]:
    """What came back of each of these issues, by kind."""
    found: dict[int, dict[str, Seen]] = {}
    tallies = Tally.objects.filter(issue__in=issues, link=None)
    rows = tallies.values_list("issue", "kind").annotate(*map(Sum, NAMES)).order_by()
    for issue, kind, *numbers in rows:
        found.setdefault(issue, {})[kind] = Seen(*numbers)
    return found


def failures(issue: Issue) -> QuerySet[Message]:
    """The messages that did not arrive or may not have, by state, each with its subscriber and reason."""
    # In the order of the index: by number alone, a database goes through all messages for the first few of these.
    failed = issue.messages.filter(state__in=FAILED).select_related("subscriber")
    return failed.order_by("state", "route", "retry_at", "pk")


def excluded(issue: Issue) -> dict[str, int]:
    """How many people were left out for each reason, counted anew."""
    rows = issue.messages.filter(state=State.EXCLUDED).values_list("reason").annotate(Count("pk")).order_by("reason")
    return dict(rows)


def _excluded(issue: Issue, number: int) -> dict[str, int]:
    """The same; of very many people as it was counted in the background, for it does not change any more."""
    if number <= MANY:
        return excluded(issue) if number else {}
    kept = issue.rollups.filter(of=Rollup.Of.EXCLUDED).values_list("rows", flat=True).first()
    return dict(kept) if kept else {"(being counted)": number}


def _said(issue: Issue) -> dict[str, Any]:
    """What readers said: their replies, whether or not they are shown, their likes and their votes."""
    polls = tuple(
        PollVotes(poll.question, {bar.answer: bar.votes for bar in poll.bars()}) for poll in issue.polls.all()
    )
    written = Reply.objects.filter(issue=issue).exclude(via=Reply.Via.DESK).exclude(state=Reply.State.UNCONFIRMED)
    return {"replies": written.count(), "likes": issue.likes.count(), "polls": polls}
