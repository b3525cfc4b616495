"""What a person does about messages that did not go as they should: try again, or say what became of them.

Each is a guarded update like the ledger's own: it names the states it starts from, so that pressing twice, or two
people at once, do it once, and none of them touches what a worker has in hand. A person's word ends the claim of the
worker that had the message: should that worker's answer come after all, it finds no row, and the person's word stands.
Only a message that is uncertain and that nobody has decided about still takes a late answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Concat

from newsletter.models.issue import Issue, TransitionRefused
from newsletter.models.message import Message
from newsletter.models.reasons import says

State, Status = Message.State, Issue.Status

NAMED = (State.FAILED, State.BOUNCED, State.COMPLAINED)
"""What may be tried again if somebody names the very message; without a name only what failed."""
GIVEN_UP = "given up by "
"""How the reason begins of what a person gave up. It may have arrived, so it is not tried again with all the others."""
_ALIVE = (Status.SENDING, Status.PAUSED, Status.SENT)
_CHUNK = 1000


def failed(issue: Issue) -> QuerySet[Message]:
    """The messages that are tried again when nobody names any."""
    rows = Message.objects.filter(issue=issue, state=State.FAILED, subscriber__isnull=False)
    return rows.exclude(reason__startswith=GIVEN_UP)


def uncertain(issue: Issue) -> QuerySet[Message]:
    """The messages whose answer was lost, and about which nobody has decided."""
    return Message.objects.filter(issue=issue, state=State.UNCERTAIN)


def retry(issue: Issue, numbers: Collection[int] | None = None, saying: str = "") -> int:
    """Send again what failed: all of it, the messages of these numbers, or those of one reason; return how many.

    What bounced or was complained about is sent again only by number. An issue that was sent goes on; a paused one
    waits until it is resumed. Raises TransitionRefused where the issue is not of a kind that can go on.
    """
    if numbers is not None:
        return _again(issue, Message.objects.filter(issue=issue, state__in=NAMED, subscriber__isnull=False), numbers)
    if not saying:
        return _again(issue, failed(issue))
    # Whoever names the reason of what a person gave up means it.
    rows = Message.objects.filter(issue=issue, state=State.FAILED, subscriber__isnull=False)
    return _again(issue, rows, [pk for pk, reason in _all(rows) if says(reason, saying)])


def resend(issue: Issue, numbers: Collection[int] | None = None) -> int:
    """Send again what is uncertain, though it may be a second copy; return how many."""
    return _again(issue, uncertain(issue).filter(subscriber__isnull=False), numbers)


def give_up(issue: Issue, by: str, numbers: Collection[int] | None = None) -> int:
    """Call failed what is uncertain; return how many."""
    words = Concat(Value(f"{GIVEN_UP}{by}; before: "), F("reason"))
    return _set(uncertain(issue), numbers, state=State.FAILED, reason=words)


def arrived(issue: Issue, by: str, now: datetime, numbers: Collection[int] | None = None) -> int:
    """Call submitted what is uncertain, because a person knows that it arrived; return how many."""
    said = f"it arrived, says {by}"
    return _set(uncertain(issue), numbers, state=State.SUBMITTED, reason=said, submitted_at=now)


def _again(issue: Issue, rows: QuerySet[Message], numbers: Collection[int] | None = None) -> int:
    with transaction.atomic():
        count = _set(rows, numbers, state=State.PENDING, reason="", attempts=0, submitted_at=None, transport="")
        _go_on(issue, count)
    issue.refresh_from_db()
    return count


def _go_on(issue: Issue, count: int) -> None:
    """Let an issue that was sent go on if it has something to send. Messages first, then the issue, as the ledger does:
    the other way round the two could wait for each other."""
    held = Issue.objects.filter(pk=issue.pk, status__in=_ALIVE)
    was_sent = When(status=Status.SENT, then=Value(Status.SENDING))
    changes: dict[str, Any] = {"status": Case(was_sent, default=F("status")), "finished_at": None} if count else {}
    # Asked with the row locked, so that an issue cancelled meanwhile keeps its messages as they are.
    if not (held.update(**changes) if changes else held.exists()):
        issue.refresh_from_db()
        raise TransitionRefused(f"{issue} is {issue.get_status_display().lower()}: nothing of it is sent any more")


def _set(rows: QuerySet[Message], numbers: Collection[int] | None, **changes: Any) -> int:
    changes |= {"claim": None, "lease_until": None, "retry_at": None}
    if numbers is None:
        return rows.update(**changes)
    wanted = sorted(numbers)
    with transaction.atomic():
        return sum(
            rows.filter(pk__in=wanted[at : at + _CHUNK]).update(**changes) for at in range(0, len(wanted), _CHUNK)
        )


def _all(rows: QuerySet[Message]) -> Iterator[tuple[int, str]]:
    return rows.order_by("pk").values_list("pk", "reason").iterator(_CHUNK)
