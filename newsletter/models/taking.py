"""Taking in: the one door by which what came back from messages becomes events, and the counts that go with them.

One transaction writes the events, the signs of each message, the tallies of each issue, and what it says of the message
itself. The messages' rows are locked first, in their order: so whoever else brings events of the same messages waits,
and what is read here stays true until it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from newsletter.models import counts
from newsletter.models.edition import Link
from newsletter.models.event import READING, Event
from newsletter.models.hearing import Word, hear
from newsletter.models.message import Message
from newsletter.models.signing import Signs

Kind, State = Event.Kind, Message.State

SAYS: dict[str, str] = {
    Kind.ACCEPTED: State.SUBMITTED,
    Kind.DELIVERED: State.DELIVERED,
    Kind.BOUNCED: State.BOUNCED,
    Kind.SOFT_BOUNCED: State.BOUNCED,
    Kind.BLOCKED: State.FAILED,
    Kind.DROPPED: State.FAILED,
    Kind.COMPLAINED: State.COMPLAINED,
}
"""What a kind of event says became of its message. What is put off is still being tried."""


class Happening(NamedTuple):
    """Something that came back from a message, before it is a row; the fields are Event's.

    `anonymous` says that only the counts may know of it.
    """

    message: int
    kind: Event.Kind
    at: datetime
    link: int | None = None
    source: str = ""
    key: str = ""
    judged: str = ""
    reasons: str = ""
    agent: str = ""
    network: str = ""
    detail: str = ""
    provisional: bool = False
    anonymous: bool = False


class Kept(NamedTuple):
    """A happening that was new, the issue it belongs to, and the person, who is there."""

    happening: Happening
    issue: int
    person: int


@dataclass
class Taken:
    """What was new, how many had been told before, and how many are of no message or link of ours or of nobody."""

    new: list[Kept] = field(default_factory=list)
    known: int = 0
    strange: int = 0


Mode = Callable[[str], str]
"""How closely the readers of a newsletter are watched: `individual`, `aggregate` or `off`."""


def closely(newsletter: str) -> str:
    """Every reader by themselves."""
    return "individual"


def take_in(happenings: Iterable[Happening], now: datetime, mode: Mode = closely) -> Taken:
    """Record what came back, each thing once. Times that lie in the future count as now."""
    told = [one._replace(at=now) if one.at > now else one for one in happenings]
    if not told:
        return Taken()
    with transaction.atomic():
        taken = _sorted(told, mode)
        named = [kept for kept in taken.new if not kept.happening.anonymous]
        Event.objects.bulk_create([_row(one) for one in named], batch_size=2000)
        deltas = counts.Deltas()
        for kept in taken.new:
            _count(deltas, kept)
        signs = Signs.of({kept.happening.message: kept.issue for kept in named})
        for kept in named:
            one = kept.happening
            signs.add(one.message, one.kind, one.link, one.at, one.judged == Event.Judged.HUMAN)
        signs.write(deltas)
        deltas.write()
        words = [Word(one.message, State(SAYS[one.kind]), one.detail) for one, *_ in taken.new if one.kind in SAYS]
        if words:
            hear(words, now)
    return taken


def _sorted(told: Sequence[Happening], mode: Mode) -> Taken:
    """Which of these are new, of messages that are locked from here on; and which of them only the counts may know."""
    owners = _owners({one.message for one in told})
    links = dict(Link.objects.filter(pk__among=[one.link for one in told if one.link]).values_list("pk", "issue"))
    known = _known(told)
    taken = Taken()
    for one in told:
        issue, newsletter, person = owners.get(one.message, (0, "", None))
        if person is None or (one.link and links.get(one.link) != issue):
            taken.strange += 1
        elif one.key and (one.source, one.key) in known:
            taken.known += 1
        elif (how := mode(newsletter) if one.kind in READING else "individual") != "off":
            known.add((one.source, one.key))
            taken.new.append(Kept(one._replace(anonymous=True) if how == "aggregate" else one, issue, person))
    return taken


def _owners(messages: Iterable[int]) -> dict[int, tuple[int, str, int | None]]:
    """Of each message its issue, that one's newsletter, and whom it was for; the rows are locked."""
    rows = Message.objects.filter(pk__among=list(messages)).select_for_update(no_key=True, of=("self",)).order_by("pk")
    owners = rows.values_list("pk", "issue", "issue__newsletter", "subscriber")
    return {pk: (issue, newsletter, person) for pk, issue, newsletter, person in owners}


def _known(told: Iterable[Happening]) -> set[tuple[str, str]]:
    """Which keys were told before. Nobody else can tell them meanwhile: their messages are locked."""
    keys: dict[str, list[str]] = {}
    for one in told:
        if one.key:
            keys.setdefault(one.source, []).append(one.key)
    found: set[tuple[str, str]] = set()
    for source, some in keys.items():
        rows = Event.objects.filter(source=source, key__in=some).values_list("key", flat=True)
        found.update((source, key) for key in rows)
    return found


def _row(kept: Kept) -> Event:
    one = kept.happening
    return Event(
        issue_id=kept.issue, message_id=one.message, link_id=one.link, kind=one.kind, at=one.at, source=one.source,
        key=one.key, judged=one.judged, reasons=one.reasons, agent=one.agent, network=one.network,
        detail=one.detail[:300], provisional=one.provisional,
    )  # fmt: skip


def _count(deltas: counts.Deltas, kept: Kept) -> None:
    one = kept.happening
    for link in {None, one.link}:
        names = ["events", *filter(None, [one.judged])]
        if one.anonymous:
            # Nothing but the count will ever know of it, as of events whose rows have been dropped.
            names += ["folded", *(f"folded_{name}" for name in filter(None, [one.judged]))]
        for name in names:
            deltas.add(kept.issue, one.kind, link, one.at, name, 1)
