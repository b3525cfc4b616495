"""What segments can ask about a single issue: who was sent it, opened it, clicked in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from newsletter.models.event import Event
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from subscribers.segments import Kind, Question, Rows, Subjects, asks, register

_LATEST = 200


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
    return lambda issue, value, now: Rows(Event.objects.filter(issue=issue, kind=kind), "message__subscriber")


def _sent(issue: Issue, value: Any, now: datetime) -> Rows:
    left = (Message.State.SUBMITTED, Message.State.DELIVERED)
    return Rows(Message.objects.filter(issue=issue, state__in=left))


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


def register_kinds() -> None:
    """Let segments ask about issues."""
    register(ISSUE)
