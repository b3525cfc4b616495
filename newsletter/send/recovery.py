"""Recovery: what becomes of messages whose lane has died, by what its journal says."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction

from newsletter.config import Config
from newsletter.config.sending import Retry
from newsletter.models import Issue, Message, Verdict
from newsletter.models.claims import SILENT
from newsletter.send import limits
from newsletter.send.journal import Left, left_behind
from newsletter.send.transports import Outcome, State

log = logging.getLogger(__name__)

OPEN = (State.PENDING, State.DEFERRED)
"""What leaves work to an issue."""


def verdict_on(number: int, outcome: Outcome | None, attempts: int, retry: Retry, now: datetime) -> Verdict:
    """What is recorded of a message after an answer, or after none because it was not begun."""
    if outcome is None:
        return Verdict(number, State.PENDING)
    if outcome.state != State.DEFERRED:
        return Verdict(number, outcome.state, outcome.reason)
    if attempts >= retry.attempts:
        return Verdict(number, State.FAILED, f"given up after {attempts} attempts: {outcome.reason}")
    # Twenty doublings are far beyond any `longest`; a hundred would be more than a timedelta holds.
    wait = min(retry.first * 2 ** min(attempts - 1, 20), retry.longest)
    return Verdict(number, State.DEFERRED, outcome.reason, now + wait)


def recover(config: Config, now: datetime) -> int:
    """Settle what lanes that died have left in their journals; return how many messages that was.

    What they had begun and not heard of is uncertain; what they had not begun is sent by whoever comes next.
    """
    number = 0
    for left in left_behind(journals(config)):
        if left.claim:
            number += _recover(config, left, left.claim, now)
        if left.lane:
            limits.disconnect(left.lane)
    return number


def _recover(config: Config, left: Left, claim: uuid.UUID, now: datetime) -> int:
    def verdict(row: Message) -> Verdict:
        ref = str(row.pk)
        if ref in left.answers or (left.whole and ref not in left.begun):
            return verdict_on(row.pk, left.answers.get(ref), row.attempts, config.send.retry, now)
        return Verdict(row.pk, State.UNCERTAIN, SILENT)

    with transaction.atomic():
        rows = list(Message.held_by(claim))
        if not rows:
            left.later = left.is_young
            return 0
        verdicts = [verdict(row) for row in rows]
        Message.settle(claim, verdicts, now)
        if any(one.state in OPEN for one in verdicts):
            reopen({row.issue_id for row in rows})
    uncertain = sum(one.state == State.UNCERTAIN for one in verdicts)
    log.warning("a process died in the middle of %d messages; %d of them are uncertain", len(rows), uncertain)
    return len(rows)


def journals(config: Config) -> Path:
    """The folder of the lanes' journals."""
    return config.var / "journals"


def reopen(issues: Iterable[int]) -> None:
    """An answer that comes late may leave work to an issue that was called sent without it."""
    Issue.objects.filter(pk__in=issues, status=Issue.Status.SENT).update(status=Issue.Status.SENDING, finished_at=None)
