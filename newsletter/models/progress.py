"""How an issue's sending goes: counted, never kept. Each question is bounded, however many people the issue is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Min

from newsletter.models.carried import moved
from newsletter.models.counting import Counts, counts
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.reasons import gist
from newsletter.models.tail import Held, held

State = Message.State
OPEN = (State.PENDING, State.SUBMITTING, State.DEFERRED, State.HELD)
AT_ONCE = (State.PENDING, State.SUBMITTING)
"""What can go now, as opposed to what waits for its next attempt."""
TAKEN = (State.SUBMITTED, State.DELIVERED)
"""What was submitted, whatever the other side said afterwards."""
TOLD = (State.FAILED, State.BOUNCED, State.UNCERTAIN, State.DEFERRED)
"""The states whose reasons are told."""
WINDOW = timedelta(minutes=1)
"""The rate is that of so long."""
SAMPLE = 2000
"""Rows that are looked at to learn a rate or the reasons of a state: of more, they stand for the rest."""
REASONS = 20
"""Kinds of reasons that are told, the most frequent first."""


@dataclass(frozen=True)
class Way:
    """What one transport has carried of an issue, and what waits for it: messages by state, how many leave in a second,
    and the next attempt."""

    name: str
    states: dict[str, int]
    rate: float = 0.0
    next_retry: datetime | None = None

    def count(self, *states: str) -> int:
        """How many are in any of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def submitted(self) -> int:
        """Messages that it has submitted."""
        return self.count(*TAKEN)

    @property
    def waiting(self) -> int:
        """Messages that can go now."""
        return self.count(*AT_ONCE)

    @property
    def deferred(self) -> int:
        """Messages that wait for their next attempt."""
        return self.count(State.DEFERRED)

    @property
    def held(self) -> int:
        """Messages that wait for their hour, or for a decision."""
        return self.count(State.HELD)

    @property
    def lost(self) -> int:
        """Messages that failed or came back."""
        return self.count(State.FAILED, State.BOUNCED, State.COMPLAINED)


@dataclass(frozen=True)
class Failure:
    """Messages in one state for one reason."""

    state: str
    reason: str
    count: int


@dataclass(frozen=True)
class Progress:
    """How far an issue is."""

    ways: tuple[Way, ...]
    failures: tuple[Failure, ...] = ()
    sampled: bool = False
    until: Held | None = None
    """Of what is held until an hour, when the next go, and the last."""
    states: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        states: Counter[str] = Counter()
        for way in self.ways:
            states.update(way.states)
        object.__setattr__(self, "states", dict(states))

    def count(self, *states: str) -> int:
        """How many are in any of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """Everybody whom the issue is for."""
        return sum(self.states.values()) - self.count(State.EXCLUDED)

    @property
    def open(self) -> int:
        """Messages that are still to be sent or answered."""
        return self.count(*OPEN)

    @property
    def going(self) -> int:
        """Of those, what is not held."""
        return self.open - self.held

    @property
    def answered(self) -> int:
        """Messages of which it is known, or will never be, what became of them."""
        return self.total - self.open

    @property
    def percent(self) -> int:
        """The share of them, never 100 before all are."""
        return 100 * self.answered // self.total if self.total else 0

    @property
    def rate(self) -> float:
        """Messages submitted in a second, over the last minute."""
        return sum(way.rate for way in self.ways)

    @property
    def left(self) -> timedelta | None:
        """How long it takes to send, at this rate, what can go now; None where nobody can say."""
        waiting = self.count(*AT_ONCE)
        if not waiting:
            return timedelta(0)
        return timedelta(seconds=ceil(waiting / self.rate)) if self.rate else None

    @property
    def next_retry(self) -> datetime | None:
        """When the first of those that were deferred is tried again."""
        return min((way.next_retry for way in self.ways if way.next_retry), default=None)

    @property
    def submitted(self) -> int:
        """Messages that were submitted."""
        return self.count(*TAKEN)

    @property
    def lost(self) -> int:
        """Messages that failed or came back."""
        return self.count(State.FAILED, State.BOUNCED, State.COMPLAINED)

    @property
    def held(self) -> int:
        """Messages that wait for their hour, or for a decision."""
        return self.count(State.HELD)

    @property
    def uncertain(self) -> int:
        """Messages about which a person has to decide."""
        return self.count(State.UNCERTAIN)


def outcome(issue: Issue, default: str, states: dict[str, int]) -> Progress:
    """How far an issue came that is not being sent, from its messages by state: not by transport, and at no rate."""
    sampled = any(states.get(state, 0) > SAMPLE for state in TOLD)
    return Progress((Way(default, states),), tuple(failures(issue, states)), sampled)


def progress(
    issue: Issue, default: str, now: datetime, reasons: bool = True, possible: Collection[str] = ()
) -> Progress:
    """Count how far an issue is; `default` is the transport of those messages that are meant for none in particular,
    and `possible` are all that may carry some.

    What has gone counts for the transport by which it went, and what waits for the one that it is meant for.
    """
    found = counts(issue)
    rates = _rates(issue, default, found, now)
    ways = [
        Way(name, states, rates.get(name, 0.0), _next_retry(issue, name, states, default))
        for name, states in _by_transport(issue, default, found, possible)
    ]
    whole = Progress(tuple(ways))
    whole = replace(whole, until=held(issue) if whole.held else None)
    if not reasons:
        return whole
    sampled = any(whole.count(state) > SAMPLE for state in TOLD)
    return replace(whole, failures=tuple(failures(issue, whole.states)), sampled=sampled)


def _by_transport(
    issue: Issue, default: str, found: Counts, possible: Collection[str]
) -> Iterator[tuple[str, dict[str, int]]]:
    by: dict[str, Counter[str]] = {}
    for (route, state), number in found.items():
        by.setdefault(route or default, Counter())[state] += number
    for (route, went, state), number in moved(issue, default, found, possible).items():
        mine = by.setdefault(route or default, Counter())
        number = min(number, mine[state])  # it was counted at another moment
        mine[state] -= number
        by.setdefault(went, Counter())[state] += number
    for name, states in sorted(by.items()):
        if left := {state: number for state, number in states.items() if number}:
            yield name, left


def failures(issue: Issue, states: dict[str, int]) -> list[Failure]:
    """What went wrong, by state and kind of reason, the most frequent first; of many, as a sample has it."""
    found: Counter[tuple[str, str]] = Counter()
    for state in TOLD:
        if states.get(state):
            # In the order of the index: any would do, but then the database might read the table from its beginning.
            rows = Message.objects.filter(issue=issue, state=state).order_by("route", "retry_at", "pk")
            kinds = Counter(map(gist, rows.values_list("reason", flat=True)[:SAMPLE]))
            share = max(states[state] / (kinds.total() or 1), 1)
            found.update({(str(state), kind): round(number * share) for kind, number in kinds.items()})
    return [Failure(state, reason, count) for (state, reason), count in found.most_common(REASONS)]


def _next_retry(issue: Issue, name: str, states: dict[str, int], default: str) -> datetime | None:
    if not states.get(State.DEFERRED):
        return None
    routes = [name, ""] if name == default else [name]
    deferred = Message.objects.filter(issue=issue, state=State.DEFERRED, route__in=routes).order_by()
    first: datetime | None = deferred.aggregate(first=Min("retry_at"))["first"]
    return first


def _rates(issue: Issue, default: str, found: Counts, now: datetime) -> dict[str, float]:
    """How many messages each transport submits in a second: they leave about in the order of their numbers."""
    rates: dict[str, float] = {}
    for route, state in found:
        if state not in TAKEN:
            continue
        # Those that were settled wait for nothing. Said like this, the index has them in the order that is asked for.
        rows = Message.objects.filter(issue=issue, route=route, state=state, retry_at=None)
        latest = rows.order_by("-retry_at", "-pk").values_list("submitted_at", "transport")[:SAMPLE]
        went = [(at, by or route or default) for at, by in latest if at is not None and at >= now - WINDOW]
        rate = pace([at for at, _ in went], issue.started_at or now, now)
        for name, number in Counter(name for _, name in went).items():
            rates[name] = rates.get(name, 0.0) + rate * number / len(went)
    return rates


def pace(moments: Sequence[datetime], since: datetime, now: datetime, sample: int = SAMPLE) -> float:
    """Messages in a second, from the moments at which the latest were submitted; sending has begun at `since`."""
    recent = [at for at in moments if at >= now - WINDOW]
    if not recent:
        return 0.0
    if len(recent) >= sample:
        since = min(recent)  # there were more in the last minute than are looked at
    span = min(max(now - since, timedelta(seconds=1)), WINDOW)
    return len(recent) / span.total_seconds()
