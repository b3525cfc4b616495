"""Which transport carries a message: settled once, in the database, as the audience is frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import gcd

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import StrIndex, Substr
from django.db.models.lookups import EndsWith, In, LessThan

from newsletter.config import Config, Route
from newsletter.models import Issue, Message

OWN = ""
"""The route of messages that go by their newsletter's own transport, whichever that is when they go."""
_GOLDEN = 0.618


@dataclass(frozen=True)
class Routes:
    """The ways of one newsletter's messages."""

    default: str
    failover: tuple[str, ...]
    routes: tuple[Route, ...]

    @classmethod
    def of(cls, config: Config, newsletter: str) -> Routes:
        """The routes that config.yaml has for a newsletter."""
        routes = tuple(config.send.routes_for(newsletter))
        return cls(config.transport_of(newsletter), config.send.failover, routes)

    @property
    def names(self) -> list[str]:
        """Every transport that may carry a message, the newsletter's own first."""
        names = [self.default, *self.failover]
        for route in self.routes:
            names += [*route.to, *route.failover]
        return list(dict.fromkeys(names))

    def choice(self) -> Combinable:
        """The transport's name as an expression over subscribers; OWN for whom no route matches."""
        cases = [When(_at(route), then=_shared(route.to)) for route in self.routes if route.domains]
        rest = next((_shared(route.to) for route in self.routes if not route.domains), _name(OWN))
        return Case(*cases, default=rest, output_field=CharField()) if cases else rest

    def stand_ins(self, name: str) -> tuple[str, ...]:
        """The transports that may carry what is meant for this one while it is down, the first before the next."""
        found = [other for route in self.routes if name in route.to for other in route.failover]
        if name == self.default:
            found += self.failover
        return tuple(dict.fromkeys(other for other in found if other != name))

    def carrier(self, name: str, resting: Collection[str] = ()) -> str:
        """Who carries what is meant for a transport: itself, or its first stand-in that does not rest; or nobody."""
        return next((one for one in (name, *self.stand_ins(name)) if one not in resting), "")

    def carried_by(self, name: str, resting: Collection[str] = ()) -> list[str]:
        """The routes whose messages a transport may take now; none if it is only there to stand in, and need not."""
        meant = [one for one in self.names if self.carrier(one, resting) == name]
        return [*([OWN] if self.default in meant else []), *(one for one in meant if one in self._targets)]

    @property
    def _targets(self) -> set[str]:
        return {name for route in self.routes for name in route.to}

    def adopt(self, issue: Issue) -> int:
        """Let messages go by the newsletter's own transport that are meant for one that config.yaml has for it no more.

        Returns how many there were.
        """
        lost = Message.routes_of(issue) - {*self._targets, OWN}
        return Message.reroute(issue, lost) if lost else 0


def _at(route: Route) -> Q:
    """Whether a reader's domain is one of the route's. The key has it in lower case and ASCII."""
    domain = Substr("key", StrIndex("key", Value("@")) + 1)
    below = [name.removeprefix("*") for name in route.domains if name.startswith("*")]
    exact = [name for name in route.domains if not name.startswith("*")]
    found = Q(In(domain, exact)) if exact else Q()
    for end in below:
        found |= Q(EndsWith(domain, end))
    return found


def _shared(weights: Mapping[str, int]) -> Combinable:
    """One of several transports by the reader's number, so that a reader's mail always comes the same way.

    The numbers are strewn, by steps of about a golden section, so that the shares are right in any stretch of them.
    """
    names, shares = list(weights), list(_least(weights))
    if len(names) == 1:
        return _name(names[0])
    place = F("pk") * _step(sum(shares)) % sum(shares)
    cases = [
        When(LessThan(place, bound), then=_name(name))
        for name, bound in zip(names[:-1], accumulate(shares[:-1]), strict=True)
    ]
    return Case(*cases, default=_name(names[-1]), output_field=CharField())


def _least(weights: Mapping[str, int]) -> Iterator[int]:
    """The weights in their lowest terms."""
    common = gcd(*weights.values())
    return (weight // common for weight in weights.values())


def _step(total: int) -> int:
    """About 0.618 of a number, with no divisor in common with it: its multiples meet every remainder once."""
    return next(step for step in range(max(1, round(total * _GOLDEN)), total + 2) if gcd(step, total) == 1)


def _name(name: str) -> Value:
    return Value(name, output_field=CharField())
