"""The pacer: lets each message of a sheet go at a moment that a paced transport has for it, and not much later.

A moment that has passed is given up for another, further on. So whatever holds a lane up, and however many there are,
no stretch of a second sees more messages begun than the rate says: for more there are no moments in a second and in as
long as one may be late.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event

from newsletter.config import Config
from newsletter.send import limits
from newsletter.send.ledger import Clock
from newsletter.send.limits import LATENESS, Grant

_SHARE = 0.25
"""What one message weighs in how long messages take."""


@dataclass
class Pacer:
    """One lane's turns at one transport; `seconds` is how long it takes for a message, waiting not included."""

    config: Config
    name: str
    clock: Clock
    stop: Event
    seconds: float = 0.0
    grant: Grant | None = None
    used: int = 0
    _left: int = 0
    _began: float = 0.0

    @property
    def at_a_time(self) -> int:
        """For how many messages time is taken: of a lane that is slower than the transport's pace, most would pass."""
        behind = self.seconds - limits.gap(self.config, self.name)
        return 1 + int(LATENESS.total_seconds() / behind) if behind > 0 else 1_000_000

    def begin(self, grant: Grant) -> None:
        """Go by this grant from now on."""
        self.grant, self.used, self._left, self._began = grant, 0, grant.number, 0.0

    def turn(self, number: int) -> bool:
        """Wait until so many messages may be begun together; say whether they may, or the lane is to stop."""
        if self.grant is None or self.grant.until is None:
            return True
        if self._began:
            self.seconds += _SHARE * ((time.monotonic() - self._began) / number - self.seconds)
        while (wait := self._wait(self.grant, number)) > 0:
            if self.stop.wait(wait):
                return False
        self.used, self._left, self._began = self.used + number, self._left - number, time.monotonic()
        return True

    def _wait(self, grant: Grant, number: int) -> float:
        """Seconds until the moment of the last of so many; if it has passed, or there is none, get another first."""
        now = self.clock()
        if self.used + number > grant.slots or now > grant.moment(self.used + number - 1) + LATENESS:
            wanted = max(number, min(self._left, self.at_a_time))
            self.grant = grant = limits.more_time(self.config, self.name, wanted, now)
            self.used = 0
        return (grant.moment(self.used + number - 1) - now).total_seconds()
