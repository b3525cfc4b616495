"""Rules about lists and tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from subscribers.models import List, Subscription, Tag, Tagging
from subscribers.segments.people import moments
from subscribers.segments.vocabulary import Kind, Question, Rows, Subjects, Test, asks, found, titled

_Status = Subscription.Status


def _tagged(tag: Tag, value: Any, now: datetime) -> Test:
    return Rows(Tagging.objects.filter(tag=tag))


def _on(status: str, **also: str) -> Callable[[List, Any, datetime], Test]:
    return lambda wanted, value, now: Rows(Subscription.objects.filter(list=wanted, status=status, **also))


def _joined(question: Question) -> Question:
    """The same question about the moment somebody joined the list that they are still on."""

    def test(wanted: List, value: Any, now: datetime) -> Test:
        when = question.test(None, value, now)
        return Rows(Subscription.objects.filter(when, list=wanted, status=_Status.ACTIVE))

    return Question(f"joined_{question.name}", f"joined {question.label}", question.words, test, question.value)


_ACTIVE = _on(_Status.ACTIVE)
TAG = Kind(
    "tag", "Tag", "Lists and tags",
    asks(
        Question("has", "has the tag", "tagged {of}", _tagged),
        Question("has_not", "does not have the tag", "not tagged {of}", _tagged, otherwise=True),
    ),
    Subjects("tag", found(Tag.objects.all()), titled(Tag.objects.all())),
)  # fmt: skip
LIST = Kind(
    "list", "List", "Lists and tags",
    asks(
        Question("active", "is on it", "on {of}", _ACTIVE),
        Question("not_active", "is not on it", "not on {of}", _ACTIVE, otherwise=True),
        Question("pending", "has not confirmed yet", "not confirmed on {of} yet", _on(_Status.PENDING)),
        Question("unsubscribed", "has left it", "unsubscribed from {of}", _on(_Status.UNSUBSCRIBED)),
        Question(
            "monthly", "gets the monthly summary", "gets the monthly summary of {of}",
            _on(_Status.ACTIVE, frequency=Subscription.Frequency.MONTHLY),
        ),
        *map(_joined, moments("joined_at", "joined {of}")),
    ),
    Subjects("list", found(List.objects.all()), titled(List.objects.all())),
)  # fmt: skip
