"""Taking in: the one door by which what came back from messages becomes events, and the counts that go with them.

One transaction writes the events, the signs of each message, the tallies of each issue, and what it says of the message
itself. The messages' rows are locked first, in their order: so whoever else brings events of the same messages waits,
and what is read here stays true until it is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from newsletter.models import counts
from newsletter.models.edition import Link
from newsletter.models.event import READING, Event
from newsletter.models.hearing import Word, hear
from newsletter.models.issue import Issue
from newsletter.models.message import Message
from newsletter.models.rows import given, moment, values
from newsletter.models.sign import UNSIGNED
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

    `anonymous` says that only the counts may know of it. `address` is the one that it is said of, where that is known;
    it is no column, but who has another one by now is not made to answer for it.
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
    address: str = ""


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
    of_nobody: list[Happening] = field(default_factory=list)
    """The strange ones of messages whose readers were erased: what became of the messages is told all the same."""


Mode = Callable[[str], str]
"""How closely the readers of a newsletter are watched: `individual`, `aggregate` or `off`."""


def closely(newsletter: str) -> str:
    """Every reader by themselves."""
    return "individual"


def take_in(
    happenings: Iterable[Happening], now: datetime, mode: Mode = closely, deltas: counts.Deltas | None = None
) -> Taken:
    """Record what came back, each thing once. Times that lie in the future count as now.

    Who changes counts by more than this, in the same transaction, gives the `deltas` and writes them at its end.
    """
    told = [one._replace(at=now) if one.at > now else one for one in happenings]
    if not told:
        return Taken()
    with transaction.atomic():
        taken = _sorted(told, mode)
        named = [kept for kept in taken.new if not kept.happening.anonymous]
        _write([_row(one) for one in named])
        changes = counts.Deltas() if deltas is None else deltas
        for kept in taken.new:
            _count(changes, kept)
        signed = [kept for kept in named if kept.happening.kind not in UNSIGNED]
        signs = Signs.of({kept.happening.message: kept.issue for kept in signed})
        for kept in signed:
            one = kept.happening
            signs.add(one.message, one.kind, one.link, one.at, one.judged == Event.Judged.HUMAN)
        signs.write(changes)
        if deltas is None:
            changes.write()
        if words := [_word(one) for one in (*(one for one, *_ in taken.new), *taken.of_nobody) if one.kind in SAYS]:
            hear(words, now)
    return taken


def _word(one: Happening) -> Word:
    """What a happening says became of its message; what went well is said the same of all, and so recorded at once."""
    return Word(one.message, State(SAYS[one.kind]), one.detail or f"{one.kind}, says {one.source or 'the mail'}")


def _sorted(told: Sequence[Happening], mode: Mode) -> Taken:
    """Which of these are new, of messages that are locked from here on; and which of them only the counts may know."""
    owners = _owners({one.message for one in told})
    links = dict(Link.objects.filter(pk__among=[one.link for one in told if one.link]).values_list("pk", "issue"))
    known = _known(told)
    taken = Taken()
    for one in told:
        issue, newsletter, person, untracked = owners.get(one.message, (0, "", None, False))
        if person is None or (one.link and links.get(one.link) != issue):
            taken.strange += 1
            if person is None and issue:
                taken.of_nobody.append(one)
        elif one.key and (one.source, one.key) in known:
            taken.known += 1
        elif (how := mode(newsletter) if one.kind in READING else "individual") != "off":
            known.add((one.source, one.key))
            unnamed = how == "aggregate" or (untracked and one.kind in READING)
            taken.new.append(Kept(one._replace(anonymous=True) if unnamed else one, issue, person))
    return taken


def _owners(messages: Iterable[int]) -> dict[int, tuple[int, str, int | None, bool]]:
    """Of each message its issue, that one's newsletter, whom it was for, and whether they wish not to be watched; the
    messages' rows are locked."""
    rows = Message.objects.filter(pk__among=list(messages)).select_for_update(no_key=True, of=("self",)).order_by("pk")
    owners = list(rows.values_list("pk", "issue", "subscriber", "subscriber__untracked"))
    issues = Issue.objects.filter(pk__in={issue for _, issue, *_ in owners})
    newsletters = dict(issues.values_list("pk", "newsletter"))
    return {pk: (issue, newsletters[issue], person, bool(quiet)) for pk, issue, person, quiet in owners}


_KNOWN = """
SELECT key FROM {table} WHERE source = %s AND NOT (key = '') AND key IN (SELECT {key} FROM {given})
"""


def _known(told: Iterable[Happening]) -> set[tuple[str, str]]:
    """Which keys were told before. Nobody else can tell them meanwhile: their messages are locked."""
    keys: dict[str, list[list[str]]] = {}
    for one in told:
        if one.key:
            keys.setdefault(one.source, []).append([one.key])
    found: set[tuple[str, str]] = set()
    # The condition of the index, word for word: it is used only where the statement has it too.
    statement = _KNOWN.format(table=_TABLE, key=values({"key": "text"}).partition(" AS ")[0], given=given())
    for source, some in keys.items():
        with connection.cursor() as cursor:
            cursor.execute(statement, [source, json.dumps(some)])
            found.update((source, key) for (key,) in cursor.fetchall())
    return found


_TABLE = connection.ops.quote_name(Event._meta.db_table)
_COLUMNS = {
    "issue_id": "bigint", "message_id": "bigint", "link_id": "bigint", "kind": "text", "at": "timestamptz",
    "source": "text", "key": "text", "judged": "text", "reasons": "text", "agent": "text", "network": "text",
    "detail": "text", "provisional": "boolean",
}  # fmt: skip


def _row(kept: Kept) -> list[Any]:
    one = kept.happening
    return [
        kept.issue, one.message, one.link, one.kind, moment(one.at), one.source, one.key, one.judged, one.reasons,
        one.agent, one.network, one.detail[:300], one.provisional,
    ]  # fmt: skip


def _write(rows: Sequence[Sequence[Any]]) -> None:
    """Write the events, with one statement."""
    if rows:
        names = ", ".join(_COLUMNS)
        statement = f"INSERT INTO {_TABLE} ({names}) SELECT {values(_COLUMNS)} FROM {given()}"  # noqa: S608 - our names
        with connection.cursor() as cursor:
            cursor.execute(statement, [json.dumps(rows)])


def _count(deltas: counts.Deltas, kept: Kept) -> None:
    one = kept.happening
    for link in {None, one.link}:
        names = ["events", *filter(None, [one.judged])]
        if one.anonymous:
            # Nothing but the count will ever know of it, as of events whose rows have been dropped.
            names += ["folded", *(f"folded_{name}" for name in filter(None, [one.judged]))]
        for name in names:
            deltas.add(kept.issue, one.kind, link, one.at, name, 1)
