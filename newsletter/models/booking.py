"""Double booking: other issues that the same people get at about the same time, and how many people these are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from newsletter.config import Config
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.recipients import AudienceUnknown, audience_of
from subscribers.finding import drawn
from subscribers.limits import TooLong, within
from subscribers.models import Subscriber

MOST = 2
"""Other issues that are looked at: the nearest in time."""
_FEW = 20_000
"""People who are counted; of more, a sample is."""
_PATIENCE = 0.15
"""Seconds for a sample: somebody waits for the page."""
_STARTED = (Issue.Status.SENDING, Issue.Status.PAUSED, Issue.Status.SENT)


@dataclass(frozen=True)
class Clash:
    """Another issue that people get within `compose.apart`; `people` is None where nobody could count so fast."""

    issue: Issue
    at: datetime
    people: int | None
    exact: bool = True

    @property
    def is_over(self) -> bool:
        """Whether it has gone out already, or begun to."""
        return self.issue.started_at is not None


def clashes(config: Config, issue: Issue, at: datetime, now: datetime) -> list[Clash]:
    """What else goes to people of this issue around that moment, nearest first; what shares nobody is left out."""
    apart = config.compose.apart
    letter = config.newsletters.get(issue.newsletter)
    if not apart or letter is None:
        return []
    around = (at - apart, at + apart)
    scheduled = Q(status=Issue.Status.SCHEDULED, send_at__range=around)
    others = Issue.objects.exclude(pk=issue.pk).filter(scheduled | Q(status__in=_STARTED, started_at__range=around))
    times = [(other, other.started_at or other.send_at or other.due_at) for other in others[:50]]
    times.sort(key=lambda one: abs(one[1] - at))
    try:
        mine = audience_of(issue, letter).reachable(now)
    except AudienceUnknown:
        return []
    found = (Clash(other, when, *_shared(config, mine, other, now)) for other, when in times[:MOST])
    return [one for one in found if one.people != 0]


def _shared(config: Config, mine: QuerySet[Subscriber], other: Issue, now: datetime) -> tuple[int | None, bool]:
    """How many of these people get another issue too, and whether that is exact."""
    theirs = _people_of(config, other, now)
    if theirs is None:
        return None, False
    if (Subscriber.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) <= _FEW:
        return mine.filter(pk__in=theirs).order_by().count(), True
    some, each = drawn()
    try:
        with within(_PATIENCE):
            # Each by itself: as one question, databases look at everybody.
            ours = set(mine.filter(pk__in=some).order_by().values_list("pk", flat=True))
            others = theirs.filter(**{f"{_number_of(theirs)}__in": some}).values_list(_number_of(theirs), flat=True)
            return _round(len(ours.intersection(others)) * each), False
    except TooLong:
        return None, False


def _people_of(config: Config, issue: Issue, now: datetime) -> QuerySet[Any, Any] | None:
    """The numbers of the people who get an issue: of one that has begun, those of its messages."""
    if issue.started_at is not None:
        return Message.objects.filter(issue=issue).exclude(state=Message.State.EXCLUDED).order_by().values("subscriber")
    letter = config.newsletters.get(issue.newsletter)
    try:
        return audience_of(issue, letter).reachable(now).order_by().values("pk") if letter else None
    except AudienceUnknown:
        return None


def _number_of(theirs: QuerySet[Any, Any]) -> str:
    return "subscriber" if theirs.model is Message else "pk"


def _round(number: float) -> int:
    """To two digits, so that nobody takes it for exact; never to nobody where there is somebody."""
    digits = len(str(int(number)))
    return int(round(number, 2 - digits)) if digits > 2 else int(number)
