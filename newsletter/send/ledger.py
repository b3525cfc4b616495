"""A lane's work: take a sheet of messages, hand it to a transport, record what became of each. Any number may do so.

What the database has not heard yet is in the journal; see `newsletter.send.journal`.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import NamedTuple

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from newsletter import links
from newsletter.config import Config, Smtp
from newsletter.models import Due, Hold, Issue, Message, Verdict, reachable, still_wanting
from newsletter.models.message import GONE, SPARED, Reached
from newsletter.send.alarms import alarm
from newsletter.send.breaker import Breaker
from newsletter.send.journal import Journal
from newsletter.send.mailing import NOWHERE, Mailing, Reader
from newsletter.send.recovery import OPEN, reopen, verdict_on
from newsletter.send.sheet import Looked, Sheet
from newsletter.send.transports import State, Transport, TransportDown
from subscribers.audience import Audience

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)

PATIENCE = 20
"""Seconds for which answers that the database does not take are offered again; then the journal keeps them."""
PULSE = 0.5
"""Seconds after which a lane looks again whether it is to go on, and who has left meanwhile."""


class Done(NamedTuple):
    """How many messages were taken in hand, and what is wrong with the transport or with this machine, if anything."""

    taken: int
    down: TransportDown | None = None
    fault: str = ""


@dataclass(frozen=True)
class Sender:
    """One lane's hold on one issue: its mailing, its way out, and the journal it keeps."""

    config: Config
    key: str
    issue: Issue
    mailing: Mailing
    transport: Transport
    breaker: Breaker
    journal: Journal
    clock: Clock
    stop: Event
    pulse: float = PULSE
    reached: Reached = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    keep: Callable[[datetime], bool] = lambda now: True
    """Hold on to the transport's connection; it is nobody else's as long as this is asked often enough."""

    def step(self, routes: Sequence[str], most: int) -> Done:
        """Send one sheet of up to so many messages of these routes. A transport that is down ends it unharmed."""
        now = self.clock()
        hold = Hold(uuid.uuid4(), self.transport.name, now, now + self.config.send.lease, self.ahead)
        try:
            # Written before the database hears of it: of a claim in no journal all would be uncertain.
            self.journal.open(hold.claim, most)
        except OSError as error:
            return Done(0, fault=error.strerror or str(error))
        due = Message.take(
            self.issue, routes, most, hold, self._audience, reached=self.reached, fields=self.mailing.asks_fields,
            variant=self.mailing.variant,
        )  # fmt: skip
        done = Done(len(due), self._send(hold, due) if due else None)
        self.journal.clear()
        return done

    def _send(self, hold: Hold, due: Sequence[Due]) -> TransportDown | None:
        """Hand the sheet over and settle it; return what is wrong with the transport, if anything is."""
        sheet = self._sheet(hold, due)
        down = None
        try:
            self.transport.submit(self.mailing, sheet.readers(), sheet)
        except TransportDown as error:
            down = error
        except Exception as error:
            # A fault of ours in the middle of a call: nobody knows what was sent, and a person has to look.
            reason = f"sending broke off with {type(error).__name__}: {error}"
            sheet.lost(reason)
            self._settle(hold, sheet)
            self.journal.clear()
            alarm(self.config, self.issue, reason, self.clock())
            raise
        sheet.lost("the transport did not say what became of it")
        self._settle(hold, sheet)
        return sheet.trouble or down or self._silence(sheet)

    def _sheet(self, hold: Hold, due: Sequence[Due]) -> Sheet:
        # Asked once for the sheet: what a reader has left since then is seen to by `_look`.
        places, until = self.mailing.places(one.person for one in due), (self._answers_until, self._bounces_until)
        return Sheet(
            due, self.journal, self.breaker, self.stop,
            as_reader=lambda one: Reader.of(one, self.key, places.get(one.person, NOWHERE), *until),
            look=lambda rest: self._look(hold, rest),
            pulse=self.pulse, patience=self.config.send.lease.total_seconds() / 2,
        )  # fmt: skip

    def _look(self, hold: Hold, rest: Sequence[Due]) -> Looked | None:
        """Whether the issue is still being sent, which of these messages are still ours, and who still wants them."""
        now = self.clock()
        try:
            if not self._still_sending().exists() or not self.keep(now):
                return None
            held = Message.renew(hold.claim, (one.number for one in rest), now + self.config.send.lease)
            wanting = reachable(self._audience, (one.person for one in rest), now, fields=False)
        except OperationalError as error:
            log.warning("%s: the database is away, and the rest of the sheet waits: %s", self.issue, error)
            connection.close()
            return None
        gone = {one.number for one in rest if one.person not in wanting}
        return Looked(gone, {one.number for one in rest} - held)

    @property
    def _audience(self) -> Audience:
        return still_wanting(self.issue, self.mailing.newsletter)

    @property
    def _answers_until(self) -> datetime | None:
        """Until when answers by mail are taken; where no address of ours takes any, their tokens need not be made."""
        if not self.mailing.newsletter.replies.address:
            return None
        return (self.issue.started_at or self.clock()) + self.config.track.replies.valid

    @property
    def _bounces_until(self) -> datetime | None:
        """The same of bounces, where the envelope is ours; equal at each attempt, for greylisting's sake."""
        by_smtp = isinstance(self.config.transports.get(self.transport.name), Smtp)
        if not (by_smtp and links.bounces_of(self.config, self.issue.newsletter)):
            return None
        return (self.issue.started_at or self.clock()) + self.config.track.bounces.valid

    def _settle(self, hold: Hold, sheet: Sheet) -> None:
        """Record what became of each message of a sheet; put back those that were not begun."""
        now, retry = self.clock(), self.config.send.retry
        # Refused by a server that takes nothing from us: that is not about them.
        spared = set(self.breaker.refused()) if sheet.stopped else set()

        def verdict(one: Due) -> Verdict:
            if one.number in sheet.seen.gone:
                return Verdict(one.number, State.WITHHELD, GONE)
            outcome = sheet.answers.get(str(one.number))
            if one.number in spared and outcome:
                return Verdict(one.number, State.PENDING, SPARED + outcome.reason)
            return verdict_on(one.number, outcome, one.attempts + 1, retry, now)

        verdicts = [verdict(one) for one in sheet.due]
        before = spared - {one.number for one in sheet.due}

        def record() -> None:
            Message.settle(hold.claim, verdicts, now)
            # A lane sends several issues in turn: some that were spared may be of one that was sent meanwhile.
            issues = Message.spare(before) if before else set()
            if any(one.state in OPEN for one in verdicts):
                issues.add(self.issue.pk)
            if issues:
                reopen(issues)

        self._record(record)

    def _record(self, change: Callable[[], object]) -> None:
        """Write what is known of messages on the wire; a database that is away for a moment must not forget it."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with transaction.atomic():
                    change()
                return
            except OperationalError:
                if time.monotonic() > until or connection.in_atomic_block:
                    raise
                log.warning("%s: the database does not take the answers; trying again", self.issue, exc_info=True)
                connection.close()
                time.sleep(1)

    def _silence(self, sheet: Sheet) -> TransportDown | None:
        """One answer may get lost. If the first after a rest is lost too, going on would lose the whole list."""
        lost = [one.reason for one in sheet.answers.values() if one.state == State.UNCERTAIN]
        if lost and not any(one.state == State.SUBMITTED for one in sheet.answers.values()):
            return TransportDown(lost[0], permanent=self.issue.retry_at is not None)
        return None

    def _still_sending(self) -> QuerySet[Issue]:
        return Issue.objects.filter(pk=self.issue.pk, status=Issue.Status.SENDING)
