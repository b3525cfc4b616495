"""One batch's way through the ledger: claim, announce, hand over, settle. Any number of workers may do this at once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from newsletter.config import Config
from newsletter.models import Issue, Message
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports import Outcome, State, Transport, TransportDown

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)


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
        """Send one batch; say whether there was anything to do. A transport that is down ends the batch unharmed."""
        settings = self.config.send
        batch = Message.claim_batch(self.issue, settings.batch, self.clock(), settings.lease)
        if not batch:
            return False
        try:
            for chunk in _chunks(batch, self.transport.at_once):
                if self.stop.is_set() or not self._send(chunk):
                    return False
        except TransportDown as down:
            self._rest(down)
            return False
        finally:
            Message.release(batch[0].claim)
        return True

    def _send(self, chunk: list[Message]) -> bool:
        """Hand over one call's worth; say whether the issue may go on."""
        now = self.clock()
        lists = [ref.name for ref in self.mailing.newsletter.lists]
        ready = Message.begin(chunk, lists, self.transport.name, now, self.config.send.lease)
        if len(ready) < len(chunk):
            Message.withhold_gone(chunk, lists)
        if not ready:
            return Issue.objects.filter(pk=self.issue.pk, status=Issue.Status.SENDING).exists()
        readers = [Reader.of(message, self.key) for message in ready]
        try:
            outcomes = self.transport.submit(self.mailing, readers)
        except TransportDown:
            Message.unbegin(ready[0].claim, [message.pk for message in ready])
            raise
        except Exception as error:
            self._unforeseen(ready, error)
            raise
        self._settle(ready, outcomes)
        return True

    def _settle(self, messages: Sequence[Message], outcomes: Sequence[Outcome]) -> None:
        """Record the answers, with one statement for all that fared alike."""
        by_ref, alike, now = {str(message.pk): message for message in messages}, defaultdict(list), self.clock()
        for outcome in outcomes:
            message = by_ref[outcome.ref]
            # `attempts` was read before this attempt was counted.
            alike[self._verdict(outcome, message.attempts + 1, now)].append(message.pk)
        for (state, reason, retry_at), ids in alike.items():
            Message.settle(messages[0].claim, ids, state, reason, now, retry_at=retry_at)
        if self.issue.reason:
            self.issue.note("")

    def _verdict(self, outcome: Outcome, attempts: int, now: datetime) -> tuple[State, str, datetime | None]:
        if outcome.state != State.DEFERRED:
            return outcome.state, outcome.reason, None
        retry = self.config.send.retry
        if attempts >= retry.attempts:
            return State.FAILED, f"given up after {attempts} attempts: {outcome.reason}", None
        return State.DEFERRED, outcome.reason, now + min(retry.first * 2 ** (attempts - 1), retry.longest)

    def _rest(self, down: TransportDown) -> None:
        """Nothing was burnt: the messages wait, and staff see why."""
        if down.permanent:
            log.error("%s paused: %s", self.issue, down.reason)
            paused = Issue.objects.filter(pk=self.issue.pk, status=Issue.Status.SENDING)
            paused.update(status=Issue.Status.PAUSED, reason=down.reason)
            return
        wait = down.wait or timedelta(minutes=1)
        log.warning("%s waits %d s: %s", self.issue, wait.total_seconds(), down.reason)
        self.issue.note(down.reason, self.clock() + wait)

    def _unforeseen(self, messages: Sequence[Message], error: Exception) -> None:
        """A fault of ours in the middle of a call: nobody knows what was sent, and a person has to look."""
        reason = f"sending broke off with {type(error).__name__}: {error}"
        Message.settle(messages[0].claim, [message.pk for message in messages], State.UNCERTAIN, reason, self.clock())
        Issue.objects.filter(pk=self.issue.pk, status=Issue.Status.SENDING).update(
            status=Issue.Status.PAUSED, reason=reason
        )


def _chunks(batch: list[Message], size: int) -> Iterator[list[Message]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
