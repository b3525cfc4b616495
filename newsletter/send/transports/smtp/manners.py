"""How far ahead of a server's answers we speak, and what this process has learned about that."""

from __future__ import annotations

import logging
import threading
from enum import IntEnum

from newsletter.config import Smtp

log = logging.getLogger(__name__)

_ENOUGH = 2


class Pipelining(IntEnum):
    """How much is sent before an answer is waited for (RFC 2920)."""

    OFF = 0
    """One command at a time."""
    COMMANDS = 1
    """MAIL, RCPT and DATA together, then the text: two round trips a message."""
    FULL = 2
    """A text together with the next message's MAIL, RCPT and DATA: one round trip a message."""


_BY_KEY = {"off": Pipelining.OFF, "commands": Pipelining.COMMANDS, "auto": Pipelining.FULL}
_WORDS = {Pipelining.OFF: "one command at a time", Pipelining.COMMANDS: "a message's commands together, its text apart"}


class Manners:
    """What is known of one server. A connection may break at any time; where it breaks just when we spoke ahead, and
    the same message goes through on a new one without that, twice, then this server cannot do what it offers."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._limit = Pipelining.FULL
        self._doubts = 0
        self._ended_after = 0
        self.carries: int | None = None
        """How many messages it takes on a connection before it hangs up, where that has been seen."""

    def at_most(self, settings: Smtp, offered: bool) -> Pipelining:
        """How a new connection is spoken to."""
        return min(_BY_KEY[settings.pipelining], self._limit if offered else Pipelining.OFF)

    def went_well(self) -> None:
        """A connection has been spoken to as far ahead as is allowed."""
        self._doubts = 0

    def doubt(self, better: Pipelining) -> None:
        """Speaking ahead did not go well, and then this did."""
        with self._lock:
            self._doubts += 1
            if self._doubts < _ENOUGH or better >= self._limit:
                return
            self._limit, self._doubts = better, 0
        log.warning(
            "%s offers PIPELINING and then breaks off or gets out of step: from now on, %s", self._place, _WORDS[better]
        )

    def ended_after(self, texts: int) -> None:
        """A connection was ended, and a new one was to be had at once: a limit of so many, if it happens again."""
        with self._lock:
            repeated, self._ended_after = self._ended_after == texts, texts
            if not repeated or not texts or texts >= (self.carries or texts + 1):
                return
            self.carries = texts
        log.info("%s hangs up after %d messages: connections are made anew before that", self._place, texts)


_KNOWN: dict[str, Manners] = {}


def manners_of(place: str) -> Manners:
    """What this process knows of a server; the same for all connections to it."""
    return _KNOWN.setdefault(place, Manners(place))
