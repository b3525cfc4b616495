"""What every transport is: it takes a few messages, and says what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from newsletter.models import Message
from newsletter.send.mailing import Mailing, Reader

State = Message.State


@dataclass(frozen=True)
class Outcome:
    """The answer for one message: submitted, deferred, failed or uncertain, and the words it came with."""

    ref: str
    state: Message.State
    reason: str = ""


class TransportDown(Exception):
    """Nothing of this call was sent, and the fault is not the recipients': a dead server, a wrong key, a full quota.

    `permanent` says that trying again will not help before a person has mended something; `wait` how long to rest else.
    """

    def __init__(self, reason: str, *, permanent: bool = False, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason, self.permanent, self.wait = reason, permanent, wait


class Transport(Protocol):
    """A way out. One instance serves one thread and may keep a connection between calls."""

    name: str
    at_once: int
    """How many messages one call takes, and so how many are uncertain when the process dies in the middle of it."""
    alike: bool
    """Whether the readers of one call must get the same text but for its holes (`Mailing.path`)."""

    def submit(self, mailing: Mailing, readers: Sequence[Reader]) -> list[Outcome]:
        """Hand over up to `at_once` messages; return an outcome for each, or raise TransportDown for all of them."""

    def close(self) -> None:
        """Give up what is held open."""
