"""A lane: sends issue after issue, sheet after sheet, each by a transport that may go now. Many run side by side."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from types import TracebackType
from typing import Self

from django.utils import timezone

from newsletter.config import Config
from newsletter.models import Edition, Hitch, Issue
from newsletter.models.hours import ahead
from newsletter.models.message import Reached
from newsletter.send import limits, machine
from newsletter.send.alarms import alarm, warn
from newsletter.send.breaker import Breaker
from newsletter.send.hindrance import Hindrance, hindrance
from newsletter.send.journal import Journal
from newsletter.send.ledger import PULSE, Clock, Done, Sender
from newsletter.send.mailing import Mailing
from newsletter.send.recovery import journals
from newsletter.send.routes import OWN, Routes
from newsletter.send.transports import Transport, TransportDown, open_transport

log = logging.getLogger(__name__)

SHORT = timedelta(seconds=2)
"""What a lane waits for, where a limit tells it to wait; for longer, it ends its turn."""


FEW = 20
"""Messages in a sheet, at least, and before it is known how fast a transport takes them."""
CALLS = 4
"""Calls in a sheet, at most, of a transport that takes several messages in one."""


@dataclass
class Way:
    """A transport that a lane has open, what it has lately answered, and how many messages it takes in a moment."""

    transport: Transport
    breaker: Breaker
    pace: int = FEW


@dataclass
class Lane:
    """One lane's turn: its journal, and the transports that it has opened, all of which ends with it.

    `given` is a transport to use instead of those of config.yaml, and without their limits.
    """

    config: Config
    key: str
    clock: Clock
    stop: Event
    given: Transport | None = None
    pulse: float = PULSE
    wall: Clock = timezone.now
    """This machine's own clock, which is compared with the database's where messages are held until an hour."""
    _last: str = ""
    _ahead: timedelta = timedelta(0)
    _mailings: dict[tuple[int, int, str], Mailing] = field(default_factory=dict)
    _reached: Reached = field(default_factory=dict)
    _ways: dict[str, Way] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self._journal = self._stack.enter_context(Journal(journals(self.config)))
        self._stack.callback(limits.disconnect, self._journal.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def mailings(self, issue: Issue, edition: Edition) -> list[Mailing]:
        """Those of an issue's own edition and of each of its variants; the same ones while the lane stays with it, so
        that each is taken apart once."""
        self._ahead = ahead(self.wall()) if issue.local_time else timedelta(0)
        keys = {"": edition.pk, **issue.variants}
        self._mailings = {
            key: self._mailings.get(key) or self._taken_apart(issue, edition, variant)
            for variant, number in keys.items()
            for key in ((issue.pk, number, variant),)
        }
        return list(self._mailings.values())

    def _taken_apart(self, issue: Issue, edition: Edition, variant: str) -> Mailing:
        return Mailing.of(issue, Edition.of(issue, variant) or edition, self.config, variant=variant)

    def step(self, issue: Issue, mailing: Mailing) -> bool:
        """Send one sheet of an issue, by the first transport that has something to send; say whether to go on."""
        if self.given:
            done = self._send(issue, mailing, self.given.name, [OWN], self.config.send.batch)
            return bool(done.taken) and not (done.down or self.stop.is_set())
        routes, now = Routes.of(self.config, issue.newsletter), self.clock()
        resting = limits.resting(routes.names, now)
        later: list[datetime] = []
        for name in self._in_turn(routes.names):
            carried = routes.carried_by(name, resting)
            if carried and self._by(issue, mailing, name, carried, later):
                self._last = name
                return True
        if resting and not later:
            self._explain(issue)
        wait = min(later, default=now + SHORT) - now
        return bool(later) and wait < SHORT and not self.stop.wait(max(wait.total_seconds(), 0.01))

    def _in_turn(self, names: list[str]) -> list[str]:
        """The transports, beginning after the one that was used last: a slow one must not keep the others waiting."""
        start = names.index(self._last) + 1 if self._last in names else 0
        return names[start:] + names[:start]

    def _by(self, issue: Issue, mailing: Mailing, name: str, routes: Sequence[str], later: list[datetime]) -> bool:
        """Send one sheet by this transport, as far as its limits allow; if they do not, say when they will."""
        now = self.clock()
        if not self._connected(name, now):
            if name in self._ways:
                self._ways[name].transport.close()  # it was unused for so long that its place has become another's
            return False
        grant = limits.allow(self.config, name, self._size(self._way(name), mailing), now)
        if not grant.number:
            later.append(grant.at)
            return False
        self.stop.wait(max((grant.at - now).total_seconds(), 0))
        done = self._send(issue, mailing, name, routes, grant.number)
        limits.give_back(self.config, name, grant.number - done.taken, self.clock(), grant)
        return done.taken > 0

    def _connected(self, name: str, now: datetime) -> bool:
        """Take one of the transport's connections, or hold on to ours."""
        return limits.connect(self.config, name, self._journal.name, now)

    def _send(self, issue: Issue, mailing: Mailing, name: str, routes: Sequence[str], most: int) -> Done:
        """Send up to so many messages of these routes, and see to it if the transport went down over it."""
        way = self._way(name)
        sender = Sender(
            self.config, self.key, issue, mailing, way.transport, way.breaker, self._journal, self.clock, self.stop,
            self.pulse, self._reached, self._ahead, keep=lambda now: bool(self.given) or self._connected(name, now),
        )  # fmt: skip
        began = time.monotonic()
        done = sender.step(routes, most)
        way.pace = max(FEW, int(done.taken / max(time.monotonic() - began, 0.001)))
        if done.fault:
            # That is about this machine: others may have room, and the transport is as well as it was.
            machine.tell(self.config, [issue], done.fault, self.clock())
        elif done.down:
            self._rest(issue, name, done.down)
        else:
            machine.well(self.clock())
            if done.taken:
                self._all_well(issue, name)
        return done

    def _size(self, way: Way, mailing: Mailing) -> int:
        """As many messages as the transport takes in about a second: all of them are uncertain if the power fails.

        Readers of different texts are sorted before the first call, and cannot be looked after between calls.
        """
        at_once = way.transport.at_once
        calls = CALLS if at_once > 1 and not mailing.differs else 1
        return max(min(way.pace, max(self.config.send.batch, calls * at_once)), at_once)

    def _way(self, name: str) -> Way:
        if name not in self._ways:
            transport = self.given or open_transport(name, self.config)
            self._stack.callback(transport.close)
            self._ways[name] = Way(transport, Breaker(self.config.send.breaker))
        return self._ways[name]

    def _rest(self, issue: Issue, name: str, down: TransportDown) -> None:
        """Nothing was burnt: the messages wait, or go another way, and staff see why."""
        now = self.clock()
        until = None if down.permanent else now + (down.wait or timedelta())
        log.warning("the transport %s rests: %s", name, down.reason)
        limits.rest(name, down.reason, until, now, self.config.send.breaker.patience)
        self._explain(issue)

    def _explain(self, issue: Issue) -> None:
        """Say at the issue what its messages wait for; pause it if only a person can help, and nothing else is left."""
        found, now = self._hindrance(issue), self.clock()
        if found.stopped and not found.others:
            alarm(self.config, issue, found.reason, now, found.since)
        elif found.stopped:
            warn(self.config, issue, found.reason, now, found.since)
        elif found.resting:
            # Only where nothing else can go does the whole issue wait.
            sending = Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING)
            sending.update(reason=found.reason, retry_at=found.until)

    def _hindrance(self, issue: Issue) -> Hindrance:
        routes = Routes.of(self.config, issue.newsletter)
        return hindrance(issue, routes, self.clock(), self.given.name if self.given else "")

    def _all_well(self, issue: Issue, name: str) -> None:
        """Take back the hindrance that this lane was told of; a newer one, another transport's, or a person's word,
        stays."""
        limits.well(name, self.clock())
        if not (issue.reason or issue.retry_at):
            return
        if self._hindrance(issue).reason:
            self._explain(issue)
        elif not Hitch.standing(self.clock(), machine.KIND).exists():
            told = Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING, reason=issue.reason)
            told.update(reason="", retry_at=None)
            issue.reason, issue.retry_at = "", None
