"""A second look: what opens and clicks of some messages come to, once everything around them is known.

A pure function. What one program at one address does with one message without a longer pause is a *visit*, and is
judged as a whole: who checks a mail loads its image, asks after its links and follows them, in any order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from newsletter.models import Event
from newsletter.track.judging.evidence import Reason, Verdict, points, timing, verdict

PAUSE = 10.0
"""Seconds without anything after which somebody comes anew."""
TOGETHER = 5.0
"""Seconds around the hidden link's hit in which all that happens to the message belongs to it."""
BURSTS = ((4, 5.0, 3), (3, 5.0, 2), (2, 2.0, 1))
"""So many different links of one message within so many seconds, and the points. People open tabs side by side too."""
BLIND = ((60.0, 2), (300.0, 1))
"""Up to how many seconds after the mail a click without an image loaded before is odd, and the points; later come those
who never load any."""
CROWD = 5
"""Readers whose mails one network follows links of, within CROWDED and each within PROMPT of the mail: then it checks
mail. Where an office shares an address, people come over hours."""
CROWDED = 60.0
PROMPT = 120.0


class Seen(NamedTuple):
    """An open or a click as it is kept, with what else is known of it. Times are seconds since 1970."""

    event: int
    message: int
    kind: str
    at: float
    sent_at: float | None = None
    """When the message went, if that is known."""
    link: int | None = None
    trap: bool = False
    """Whether it is the link that nobody sees."""
    agent: str = ""
    network: str = ""
    facts: frozenset[Reason] = frozenset()
    """What was noted at once."""

    @property
    def since(self) -> float | None:
        """Seconds from the message to this."""
        return None if self.sent_at is None else self.at - self.sent_at


Findings = dict[int, dict[Reason, int]]
"""By event."""


def review(seen: Iterable[Seen], around: Iterable[Seen] = (), pixels: bool = True) -> dict[int, Verdict]:
    """Judge every open and click of some messages, by event.

    `seen` is all of these messages at that time, `around` what else the same networks did then. Without `pixels` mails
    hold no image, and it means nothing that none was loaded.
    """
    whole = sorted(seen, key=lambda one: (one.at, one.event))
    crowds = Crowds([*whole, *around])
    verdicts: dict[int, Verdict] = {}
    for events in _by_message(whole).values():
        beside = _beside(events, pixels)
        for visit in visits(events):
            found = _found(visit, beside, crowds)
            # A visit of which only a part was fetched ahead is none of that.
            verdicts.update((one.event, verdict(_own(one, found))) for one in visit)
    return verdicts


def visits(events: Sequence[Seen]) -> Iterator[list[Seen]]:
    """The events of one message, in their order in time, as visits."""
    open_: dict[tuple[str, str], list[Seen]] = {}
    for one in events:
        key = (one.network, one.agent)
        if key in open_ and one.at - open_[key][-1].at > PAUSE:
            yield open_.pop(key)
        open_.setdefault(key, []).append(one)
    yield from open_.values()


class Crowds:
    """Which networks follow links of many readers' mails as soon as those have come."""

    def __init__(self, seen: Iterable[Seen]) -> None:
        self._by_network: dict[str, list[tuple[float, int]]] = defaultdict(list)
        for one in {each.event: each for each in seen}.values():
            if self._counts(one):
                self._by_network[one.network].append((one.at, one.message))
        for rows in self._by_network.values():
            rows.sort()

    def holds(self, one: Seen) -> bool:
        """Whether a click is one of many that the same network made then."""
        if not self._counts(one):
            return False
        rows = self._by_network[one.network]
        first = bisect_left(rows, (one.at - CROWDED, 0))
        last = bisect_right(rows, (one.at + CROWDED, 0))
        readers: set[int] = set()
        for _, message in rows[first:last]:
            readers.add(message)
            if len(readers) >= CROWD:
                return True
        return False

    @staticmethod
    def _counts(one: Seen) -> bool:
        """Only clicks: an image is soon loaded by many behind one address, as behind a mobile carrier's."""
        prompt = one.since is not None and one.since <= PROMPT
        return one.kind == Event.Kind.CLICK and bool(one.network) and prompt


def _by_message(events: Iterable[Seen]) -> Mapping[int, list[Seen]]:
    found: dict[int, list[Seen]] = defaultdict(list)
    for one in events:
        found[one.message].append(one)
    return found


def _beside(events: Sequence[Seen], pixels: bool) -> Findings:
    """What the events of a message say of each other, whichever network they came from."""
    found: Findings = defaultdict(dict)
    clicks = [one for one in events if one.kind == Event.Kind.CLICK]
    for number, span, worth in BURSTS:
        for one in _bursting(clicks, number, span):
            found[one.event].setdefault(Reason.BURST, worth)
    traps = [one.at for one in events if one.trap]
    for one in events:
        if bisect_right(traps, one.at + TOGETHER) > bisect_left(traps, one.at - TOGETHER):
            found[one.event][Reason.HONEYPOT] = points(Reason.HONEYPOT)
    if pixels:
        for one, worth in _blind(events):
            found[one.event][Reason.NO_PIXEL] = worth
    return found


def _bursting(clicks: Sequence[Seen], number: int, span: float) -> Iterator[Seen]:
    """The clicks that are among those of so many different links within a span."""
    first = told = 0
    links: Counter[int | None] = Counter()
    for last, one in enumerate(clicks):
        links[one.link] += 1
        while one.at - clicks[first].at > span:
            links[gone := clicks[first].link] -= 1
            if not links[gone]:
                del links[gone]
            first += 1
        if len(links) >= number:
            yield from clicks[max(first, told) : last + 1]
            told = last + 1


def _blind(events: Sequence[Seen]) -> Iterator[tuple[Seen, int]]:
    """Early clicks before which no image of the mail was loaded, or asked for at the same time."""
    opens = [one.at for one in events if one.kind == Event.Kind.OPEN and Reason.HEAD not in one.facts]
    loaded = min(opens, default=float("inf"))
    for one in events:
        worth = _graded(one.since) if one.kind == Event.Kind.CLICK and loaded > one.at + 2 else 0
        if worth:
            yield one, worth


def _graded(since: float | None) -> int:
    return 0 if since is None else next((worth for most, worth in BLIND if since <= most), 0)


def _found(visit: Sequence[Seen], beside: Findings, crowds: Crowds) -> dict[Reason, int]:
    """What speaks against a visit: the most that any part of it does."""
    found: dict[Reason, int] = {}
    for one in visit:
        of_it = {reason: points(reason) for reason in one.facts - _ALONE} | beside.get(one.event, {})
        if crowds.holds(one):
            of_it[Reason.SHARED] = points(Reason.SHARED)
        if worth := timing(one.kind, one.since, one.agent):
            of_it[Reason.TIMING] = worth
        for reason, worth in of_it.items():
            found[reason] = max(worth, found.get(reason, 0))
    return found


_ALONE = frozenset((Reason.PROXY, Reason.PREFETCH))
"""What is said of one request, and not of what else the same program does."""


def _own(one: Seen, found: Mapping[Reason, int]) -> dict[Reason, int]:
    """The visit's findings with what is said of this event alone."""
    return {**found, **dict.fromkeys(one.facts & _ALONE, 0)}
