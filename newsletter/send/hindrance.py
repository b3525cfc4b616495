"""What keeps messages of an issue from going: transports that rest, and have no stand-in that could carry them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from newsletter.models import Issue, Message, TransportState
from newsletter.send.routes import OWN, Routes

State = Message.State


@dataclass(frozen=True)
class Hindrance:
    """Transports for which messages of an issue wait, by name."""

    stopped: dict[str, str] = field(default_factory=dict)
    """Why each of those has stopped that only a person can let go on."""
    resting: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """Until when each of the others rests, or the first of its stand-ins does, and why."""
    others: bool = False
    """Whether anything is open that is not meant for one that has stopped."""
    awake: bool = False
    """Whether any of the transports may go now."""
    since: str = ""
    """What tells this stop of these transports from an earlier one."""

    @property
    def reason(self) -> str:
        """Why, in words for staff; empty if nothing is in the way."""
        if self.stopped and self.others:
            names = " and ".join(self.stopped)
            return f"what only {names} may carry waits until somebody resumes it; the rest goes on: {self._why}"
        return self._why

    @property
    def _why(self) -> str:
        if self.stopped:
            return "; ".join(dict.fromkeys(self.stopped.values()))
        return min(self.resting.values())[1] if self.resting else ""

    @property
    def until(self) -> datetime | None:
        """Until when the whole issue waits, if it does."""
        return None if self.awake or self.stopped or not self.resting else min(self.resting.values())[0]


def hindrance(issue: Issue, routes: Routes, now: datetime, given: str = "") -> Hindrance:
    """What is in the way of an issue at this moment; `given` is a transport by which all of it goes."""
    names = [given] if given else routes.names
    rests = TransportState.resting(names, now)
    waiting = _waiting(issue) if rests else set()
    stuck = {name for name in rests if not routes.carrier(name, rests) and _meant(routes, name, given) & waiting}
    stopped, resting = {}, {}
    for name in names:
        if name in stuck:
            ways = [rests[one] for one in (name, *routes.stand_ins(name)) if one in rests]
            ends = [way.resting_until for way in ways if not way.stopped and way.resting_until]
            if ends:
                resting[name] = (min(ends), rests[name].reason)
            else:
                stopped[name] = rests[name].reason
    others = waiting.difference(*(_meant(routes, name, given) for name in stopped))
    since = " ".join(f"{name} {rests[name].resting_since}" for name in sorted(stopped))
    return Hindrance(stopped, resting, bool(others), len(rests) < len(names), since)


def _meant(routes: Routes, name: str, given: str) -> set[str]:
    """The routes whose messages are meant for a transport."""
    return {name, OWN} if given or name == routes.default else {name}


def _waiting(issue: Issue) -> set[str]:
    """The routes of all that is open."""
    in_hand = Message.objects.filter(issue=issue, state=State.SUBMITTING).values_list("route", flat=True)
    return Message.routes_of(issue) | set(in_hand.order_by().distinct())
