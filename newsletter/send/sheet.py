"""A sheet: the messages that a lane has in its hands, from the claim until what became of each is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event

from newsletter.models import Due
from newsletter.send.breaker import REFUSED, Breaker
from newsletter.send.journal import Journal
from newsletter.send.mailing import Reader
from newsletter.send.transports import Outcome, State, TransportDown


@dataclass
class Looked:
    """What a look at the rows has shown of messages whose turn is still to come."""

    gone: set[int] = field(default_factory=set)
    """For people who do not want them any more."""
    taken: set[int] = field(default_factory=set)
    """Not ours any more: somebody has decided otherwise about them."""


@dataclass
class Sheet:
    """What a transport is given and tells: its readers one after another, and the journal of what it does with them.

    `look` is asked every `pulse` seconds about the messages whose turn is still to come; it says None if they are to be
    left, because the issue was stopped. After `patience` seconds without a look nothing is begun: who knows by then
    whose hands they are in.
    """

    due: Sequence[Due]
    journal: Journal
    breaker: Breaker
    stop: Event
    as_reader: Callable[[Due], Reader]
    look: Callable[[Sequence[Due]], Looked | None]
    pulse: float
    patience: float
    trouble: TransportDown | None = None
    stopped: bool = False
    begun: set[str] = field(default_factory=set)
    answers: dict[str, Outcome] = field(default_factory=dict)
    seen: Looked = field(default_factory=Looked)
    looked: float = field(default_factory=time.monotonic)

    def readers(self) -> Iterator[Reader]:
        """Whom to write to, as long as there is no reason to stop."""
        for at, due in enumerate(self.due):
            if at and time.monotonic() - self.looked >= self.pulse:
                self._look(self.due[at:])
            if self._over():
                return
            if due.number not in self.seen.gone and due.number not in self.seen.taken:
                yield self.as_reader(due)

    def begin(self, *refs: str) -> bool:
        """Write down that these go on the wire, unless the sheet was stopped."""
        if self._over() or time.monotonic() - self.looked > self.patience:
            self.stopped = True
            return False
        self.journal.begin(refs)
        self.begun.update(refs)
        return True

    def unsent(self, *refs: str) -> None:
        """Write down that these did not leave after all."""
        self.journal.unsent(refs)
        self.begun.difference_update(refs)

    def answer(self, outcome: Outcome) -> None:
        """Write down what became of one. A lost answer, or what trips the breaker, ends the sheet."""
        self.journal.answer(outcome)
        self._note(outcome)

    def answer_all(self, refs: Sequence[str], state: State, reason: str) -> None:
        """Write down what became of a whole call."""
        self.journal.answer_all(refs, state, reason)
        if state == State.SUBMITTED and refs:
            outcome = Outcome(refs[-1], state, reason)  # one for all, for they are asked what they are by their refs
            self.answers.update(dict.fromkeys(refs, outcome))
            self.breaker.hear_all(outcome, len(refs))
            return
        for ref in refs:
            self._note(Outcome(ref, state, reason))

    def _note(self, outcome: Outcome) -> None:
        self.answers[outcome.ref] = outcome
        if self._tells(outcome) and (trouble := self.breaker.hear(outcome)):
            self.stopped = True
            self.trouble = TransportDown(trouble, permanent=outcome.state != State.DEFERRED)
        self.stopped |= outcome.state == State.UNCERTAIN

    def _tells(self, outcome: Outcome) -> bool:
        """Whether an answer says anything about the transport. What was refused twice over, or never asked, does not:
        an issue whose addresses are really bad would never get past them."""
        return not (outcome.ours or (outcome.state in REFUSED and outcome.ref in self._spared))

    @cached_property
    def _spared(self) -> set[str]:
        return {str(one.number) for one in self.due if one.spared}

    def lost(self, reason: str) -> None:
        """What was begun and has no answer is uncertain."""
        for ref in sorted(self.begun - self.answers.keys()):
            self.answer(Outcome(ref, State.UNCERTAIN, reason))

    def _look(self, rest: Sequence[Due]) -> None:
        seen = self.look(rest)
        self.looked = time.monotonic()
        if seen is None:
            self.stopped = True
        else:
            self.seen.gone |= seen.gone
            self.seen.taken |= seen.taken

    def _over(self) -> bool:
        return self.stopped or self.stop.is_set()
