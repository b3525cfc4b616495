"""One batch's way through the ledger: claim, announce, hand over, settle. Any number of workers may do this at once."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from newsletter.config import Config
from newsletter.models import Issue, Message, still_wanting
from newsletter.send.mailing import NOWHERE, Mailing, Reader
from newsletter.send.transports import Heard, Outcome, State, Transport, TransportDown
from subscribers.models.subscription import Membership

Clock = Callable[[], datetime]
Places = Mapping[int, Membership]
"""The lists that people are on, their tags, and the topics they have left out."""
Item = TypeVar("Item")

log = logging.getLogger(__name__)

PATIENCE = 20
"""Seconds for which answers that the database does not take are offered again; then they are uncertain."""


@dataclass(frozen=True)
class Sender:
    """One worker's hold on one issue: its mailing, its way out, and the keys and limits it works by."""

    config: Config
    key: str
    issue: Issue
    mailing: Mailing
    transport: Transport
    clock: Clock
    stop: Event

    def step(self) -> bool:
        """Send one batch; say whether to go on with another. A transport that is down ends the batch unharmed."""
        settings = self.config.send
        batch = Message.claim_batch(self.issue, settings.batch, self.clock(), settings.lease)
        if not batch:
            return False
        try:
            # Asked once for the batch: what a reader has left since then is seen to by `Message.begin`.
            places = self.mailing.places(one.subscriber_id for one in batch)
            for chunk in chunks(batch, self.transport.at_once):
                if self.stop.is_set() or not self._send(chunk, places):
                    return False
        except TransportDown as down:
            self._rest(down)
            return False
        finally:
            Message.release(batch[0].claim)
        return True

    def _reader(self, message: Message, places: Places) -> Reader:
        return Reader.of(message, self.key, places.get(message.subscriber_id or 0, NOWHERE), self._answers_until)

    def _send(self, chunk: list[Message], asked: Places) -> bool:
        """Hand over one call's worth; say whether the batch may go on."""
        now = self.clock()
        audience = still_wanting(self.issue, self.mailing.newsletter)
        ready = Message.begin(chunk, audience, self.transport.name, now, self.config.send.lease)
        withheld = Message.withhold_gone(chunk, audience, now) if len(ready) < len(chunk) else 0
        if not ready:
            # If not for people who have left, then the issue was stopped or our claim has lapsed: with it the batch.
            return withheld > 0
        heard, readers = Heard(), [self._reader(message, asked) for message in ready]
        down = None
        try:
            self.transport.submit(self.mailing, readers, heard)
        except TransportDown as error:
            down = error
        except Exception as error:
            self._unforeseen(ready, error)
            raise
        outcomes = heard.outcomes
        known = {outcome.ref for outcome in outcomes}
        if unsent := [message.pk for message in ready if str(message.pk) not in known]:
            self._record(lambda: Message.unbegin(ready[0].claim, unsent), reopen=True)
        self._settle(ready, outcomes)
        if down:
            raise down
        lost = [outcome.reason for outcome in outcomes if outcome.state == State.UNCERTAIN]
        if lost and not any(outcome.state == State.SUBMITTED for outcome in outcomes):
            # One answer may get lost. If the first after a rest is lost too, going on would lose the whole list.
            raise TransportDown(lost[0], permanent=self.issue.retry_at is not None)
        self._all_well()
        return True

    @property
    def _answers_until(self) -> datetime | None:
        """Until when answers by mail are taken; where no address of ours takes any, their tokens need not be made."""
        if not self.mailing.newsletter.replies.address:
            return None
        return (self.issue.started_at or self.clock()) + self.config.track.replies.valid

    def _settle(self, messages: Sequence[Message], outcomes: Sequence[Outcome]) -> None:
        """Record the answers, with one statement for all that fared alike."""
        by_ref, alike, now = {str(message.pk): message for message in messages}, defaultdict(list), self.clock()
        for outcome in outcomes:
            message = by_ref[outcome.ref]
            # `attempts` was read before this attempt was counted.
            alike[self._verdict(outcome, message.attempts + 1, now)].append(message.pk)

        def settle() -> None:
            for (state, reason, retry_at), ids in alike.items():
                Message.settle(messages[0].claim, ids, state, reason, now, retry_at=retry_at)

        self._record(settle, reopen=any(retry_at for _, _, retry_at in alike))

    def _record(self, change: Callable[[], object], reopen: bool) -> None:
        """Write what is known of messages on the wire; a database that is away for a moment must not forget it."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with transaction.atomic():
                    change()
                    if reopen:
                        self._reopen()
                return
            except OperationalError:
                if time.monotonic() > until or connection.in_atomic_block:
                    raise
                log.warning("%s: the database does not take the answers; trying again", self.issue, exc_info=True)
                connection.close()
                time.sleep(1)

    def _verdict(self, outcome: Outcome, attempts: int, now: datetime) -> tuple[State, str, datetime | None]:
        if outcome.state != State.DEFERRED:
            return outcome.state, outcome.reason, None
        retry = self.config.send.retry
        if attempts >= retry.attempts:
            return State.FAILED, f"given up after {attempts} attempts: {outcome.reason}", None
        # Twenty doublings are far beyond any `longest`; a hundred would be more than a timedelta holds.
        return State.DEFERRED, outcome.reason, now + min(retry.first * 2 ** min(attempts - 1, 20), retry.longest)

    def _rest(self, down: TransportDown) -> None:
        """Nothing was burnt: the messages wait, and staff see why."""
        if down.permanent:
            log.error("%s paused: %s", self.issue, down.reason)
            self._still_sending().update(status=Issue.Status.PAUSED, reason=down.reason)
            return
        wait = down.wait or timedelta(minutes=1)
        log.warning("%s waits %d s: %s", self.issue, wait.total_seconds(), down.reason)
        self._still_sending().update(reason=down.reason, retry_at=self.clock() + wait)

    def _all_well(self) -> None:
        """Take back the hindrance that this worker was told of; a newer one, or a person's word, stays."""
        if self.issue.reason or self.issue.retry_at:
            self._still_sending().filter(reason=self.issue.reason).update(reason="", retry_at=None)
            self.issue.reason, self.issue.retry_at = "", None

    def _reopen(self) -> None:
        """An answer that comes after its lease may leave work to an issue that was called sent without it."""
        Issue.objects.filter(pk=self.issue.pk, status=Issue.Status.SENT).update(
            status=Issue.Status.SENDING, finished_at=None
        )

    def _still_sending(self) -> QuerySet[Issue]:
        return Issue.objects.filter(pk=self.issue.pk, status=Issue.Status.SENDING)

    def _unforeseen(self, messages: Sequence[Message], error: Exception) -> None:
        """A fault of ours in the middle of a call: nobody knows what was sent, and a person has to look."""
        reason = f"sending broke off with {type(error).__name__}: {error}"
        Message.settle(messages[0].claim, [message.pk for message in messages], State.UNCERTAIN, reason, self.clock())
        self._still_sending().update(status=Issue.Status.PAUSED, reason=reason)


def chunks(items: list[Item], size: int) -> Iterator[list[Item]]:
    """The items in so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
