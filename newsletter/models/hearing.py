"""Hearing: what a provider says, afterwards, became of messages; it settles what was left open between it and us.

A provider says things twice, late and in any order. So each word counts only from the states before it: who was
delivered to is never called submitted again, and who bounced never delivered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, F, TextField, Value, When
from django.db.models.functions import Coalesce

from newsletter.markup.text import scrub
from newsletter.models.message import Message
from subscribers.traces import without_addresses

State = Message.State

_BEGUN = (State.SUBMITTING, State.UNCERTAIN)
# Put back because a server seemed to have refused it; if it took it after all, it must not go out again.
_WAITING = (State.PENDING, State.DEFERRED)
FROM: dict[str, tuple[State, ...]] = {
    State.SUBMITTED: (*_BEGUN, *_WAITING),
    State.DELIVERED: (*_BEGUN, *_WAITING, State.SUBMITTED, State.FAILED),
    State.FAILED: (*_BEGUN, State.SUBMITTED),
    State.BOUNCED: (*_BEGUN, State.SUBMITTED, State.DELIVERED),
    State.COMPLAINED: (*_BEGUN, State.SUBMITTED, State.DELIVERED),
}
"""The states that each word changes, in the order in which they are said of one message."""


class Word(NamedTuple):
    """What is said of one message: SUBMITTED, DELIVERED, FAILED, BOUNCED or COMPLAINED, and why."""

    number: int
    state: State
    reason: str = ""


def hear(words: Iterable[Word], now: datetime) -> int:
    """Record what a provider says, with one statement for all of whom it says the same; return how many rows changed.

    Of a number that no message has, or of a message that is past this, nothing changes.
    """
    alike: dict[tuple[State, str], list[int]] = defaultdict(list)
    for word in words:
        alike[word.state, scrub(word.reason)].append(word.number)
    order = list(FROM)
    return sum(
        _settle(state, reason, numbers, now)
        for (state, reason), numbers in sorted(alike.items(), key=lambda one: order.index(one[0][0]))
    )


def _settle(state: State, reason: str, numbers: Iterable[int], now: datetime) -> int:
    changes: dict[str, Any] = {
        "state": state,
        "reason": _kept(reason),
        "claim": None,
        "lease_until": None,
        "retry_at": None,
    }
    if state in (State.SUBMITTED, State.DELIVERED):
        changes["submitted_at"] = Coalesce(F("submitted_at"), now)
    return Message.objects.filter(pk__in=set(numbers), state__in=FROM[state]).update(**changes)


def _kept(reason: str) -> Case | str:
    """A reason without the address in it where the person is no longer there."""
    if (clean := without_addresses(reason)) == reason:
        return reason
    return Case(When(subscriber=None, then=Value(clean)), default=Value(reason), output_field=TextField())
