"""The breaker: stops before a server that takes nothing from us is taken for a list of bad addresses."""

from __future__ import annotations

from collections import deque
from itertools import repeat

from newsletter.config.sending import Breaker as Settings
from newsletter.send.transports import Outcome, State

REFUSED = (State.FAILED, State.BOUNCED)
LOST = 10
"""Percent of the latest answers that may be lost before nothing more is sent; each of them is uncertain for good."""


class Breaker:
    """What a lane's transport has lately answered, and whether that is still about the readers.

    One refused address says something about that address. When a large share of the last answers are refusals, they
    say something about us, and going on would burn the list.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: deque[Outcome] = deque(maxlen=settings.window)

    def hear(self, outcome: Outcome) -> str:
        """Take note of an answer; say what is wrong if it is time to stop, or nothing."""
        self._last.append(outcome)
        if outcome.state == State.SUBMITTED:
            return ""
        for states, share, least, what in (
            (REFUSED, self._settings.share, self._settings.least, "were refused"),
            ((State.DEFERRED,), self._settings.share, self._settings.least, "were put off"),
            ((State.UNCERTAIN,), LOST, 2, "were left without an answer"),
        ):
            if outcome.state in states:
                count, of = self._count(states), len(self._last)
                if count >= least and count * 100 >= share * of:
                    return f"{count} of the last {of} messages {what}, the latest with: {outcome.reason}"
        return ""

    def hear_all(self, outcome: Outcome, number: int) -> None:
        """Take note of so many messages that were taken; that is never a reason to stop."""
        self._last.extend(repeat(outcome, min(number, self._settings.window)))

    def refused(self) -> list[int]:
        """The messages whose refusals were not about their readers, if most were not taken; then all is forgotten."""
        found = [int(one.ref) for one in self._last if one.state in REFUSED]
        if len(found) * 100 < self._settings.share * len(self._last):
            return []
        self._last.clear()
        return found

    def _count(self, states: tuple[State, ...]) -> int:
        return sum(one.state in states for one in self._last)
