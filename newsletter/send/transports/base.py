"""What every transport is: it takes a sheet of messages, and says what becomes of each as it happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from newsletter.markup.text import scrub
from newsletter.models import Message
from newsletter.send.mailing import Mailing, Reader

State = Message.State


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one message: submitted, deferred, failed, bounced or uncertain, and the words it came with."""

    ref: str
    state: Message.State
    reason: str = ""
    ours: bool = False
    """Found by ourselves, before the other side was asked."""


class Journal(Protocol):
    """Where a transport says what it does, before and after it does it; so that it is known if the process dies."""

    def begin(self, *refs: str) -> bool:
        """These go on the wire now, beyond recall. False: they must not, nor any after them."""

    def unsent(self, *refs: str) -> None:
        """These were begun, and certainly were not taken: the call was refused as a whole."""

    def answer(self, outcome: Outcome) -> None:
        """What became of one message. One that was refused before its text was never begun."""

    def answer_all(self, refs: Sequence[str], state: Message.State, reason: str) -> None:
        """The same became of all of these."""


class Heard:
    """A journal in memory, for mails outside the ledger."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.outcomes: list[Outcome] = []

    def begin(self, *refs: str) -> bool:
        """Nothing here says stop."""
        self.begun += refs
        return True

    def unsent(self, *refs: str) -> None:
        """As if they had not been begun."""
        self.begun = [ref for ref in self.begun if ref not in refs]

    def answer(self, outcome: Outcome) -> None:
        """Keep it."""
        self.outcomes.append(outcome)

    def answer_all(self, refs: Sequence[str], state: Message.State, reason: str) -> None:
        """Keep each."""
        self.outcomes += [Outcome(ref, state, reason) for ref in refs]


class TransportDown(Exception):
    """Nothing more can be sent, and the fault is not the recipients': a dead server, a wrong key, a full quota.

    Whatever was begun has its answer or is `unsent`; the rest was not begun. `permanent` says that trying again will
    not help before a person has mended something; `wait` how long to rest else.
    """

    def __init__(self, reason: str, *, permanent: bool = False, wait: timedelta | None = None) -> None:
        self.reason, self.permanent, self.wait = scrub(reason), permanent, wait
        super().__init__(self.reason)


class Transport(Protocol):
    """A way out. One instance serves one thread and may keep a connection between calls."""

    name: str
    at_once: int
    """How many messages one call to the other side takes; all of them are uncertain if its answer is lost."""

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: Journal) -> None:
        """Hand over a sheet of messages; stop where the journal says so, or raise TransportDown."""

    def close(self) -> None:
        """Give up what is held open."""
