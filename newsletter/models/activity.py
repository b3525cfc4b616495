"""What segments can ask about issues: who was sent one, opened it, clicked in it; and how many somebody received."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from newsletter.models.event import Event
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.sign import Sign
from subscribers.segments import Kind, Question, Rows, Subjects, asks, register, values

_LATEST = 200
_LEFT = (Message.State.SUBMITTED, Message.State.DELIVERED)


_ANY = "*"


def _named(names: Collection[str]) -> Mapping[str, Any]:
    pairs = [name.partition("/") for name in names]
    wanted = Q()
    for newsletter, _, slug in pairs:
        wanted |= Q(newsletter=newsletter, slug=slug)
    return {str(issue): issue for issue in Issue.objects.filter(wanted)}


def _latest() -> Sequence[tuple[str, str]]:
    begun = Issue.objects.filter(started_at__isnull=False).only("newsletter", "slug", "due_at")
    return [(str(issue), str(issue)) for issue in begun[:_LATEST]]


def _answered(kind: str) -> Callable[[Issue, Any, datetime], Rows]:
    return lambda issue, value, now: Rows(
        Sign.objects.filter(kind=kind, link=None, message__issue=issue), "message__subscriber"
    )


def _sent(issue: Issue, value: Any, now: datetime) -> Rows:
    return Rows(Message.objects.filter(issue=issue, state__in=_LEFT))


_OPENED, _CLICKED = _answered(Event.Kind.OPEN), _answered(Event.Kind.CLICK)
ISSUE = Kind(
    "issue", "One issue", "Activity",
    asks(
        Question("opened", "opened it", "opened {of}", _OPENED),
        Question("not_opened", "did not open it", "did not open {of}", _OPENED, otherwise=True),
        Question("clicked", "clicked in it", "clicked in {of}", _CLICKED),
        Question("not_clicked", "did not click in it", "did not click in {of}", _CLICKED, otherwise=True),
        Question("sent", "was sent it", "was sent {of}", _sent),
        Question("not_sent", "was not sent it", "was not sent {of}", _sent, otherwise=True),
    ),
    Subjects("issue", _named, _latest),
)  # fmt: skip


@dataclass(frozen=True)
class _Letters:
    """Whose issues are counted: one newsletter's, or, without a name, all."""

    newsletter: str = ""

    def __str__(self) -> str:
        return self.newsletter or "any newsletter"


def _newsletters() -> list[str]:
    return sorted(
        Issue.objects.filter(started_at__isnull=False).order_by().values_list("newsletter", flat=True).distinct()
    )


def _letters(names: Collection[str]) -> Mapping[str, _Letters]:
    known = {_ANY: _Letters(), **{name: _Letters(name) for name in _newsletters()}}
    return {name: known[name] for name in names if name in known}


def _choices() -> Sequence[tuple[str, str]]:
    return [(_ANY, str(_Letters())), *((name, name) for name in _newsletters())]


def _received(letters: _Letters, least: int, now: datetime) -> Rows:
    """Counted person by person, whose messages an index finds."""
    rows = Message.objects.filter(state__in=_LEFT)
    if letters.newsletter:
        rows = rows.filter(issue__in=Issue.objects.filter(newsletter=letters.newsletter).values("pk"))
    return Rows(rows.order_by().values("subscriber").annotate(received=Count("pk")).filter(received__gte=least))


def _more_than(letters: _Letters, most: int, now: datetime) -> Rows:
    return _received(letters, most + 1, now)


RECEIVED = Kind(
    "received", "Issues received", "Activity",
    asks(
        Question("at_least", "so many or more", "received {value} or more of {of}", _received, values.ISSUES),
        Question(
            "at_most", "so many or fewer", "received {value} or fewer of {of}", _more_than, values.ISSUES,
            otherwise=True,
        ),
        Question(
            "none", "none at all", "received no issue of {of}", lambda about, value, now: _received(about, 1, now),
            otherwise=True,
        ),
    ),
    Subjects("newsletter", _letters, _choices),
)  # fmt: skip


def register_kinds() -> None:
    """Let segments ask about issues."""
    register(ISSUE, RECEIVED)
