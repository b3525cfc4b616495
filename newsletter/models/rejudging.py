"""Rejudging: a second look at opens and clicks, once what happened around them is known, and the counts with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Min

from newsletter.models.counts import Deltas
from newsletter.models.event import READING, Event
from newsletter.models.message import Message
from newsletter.models.signing import Key, Signs

HUMAN = Event.Judged.HUMAN


class Judgement(NamedTuple):
    """What an event is taken for from now on, and why."""

    event: int
    judged: str
    reasons: str = ""


def rejudge(judgements: Iterable[Judgement], deltas: Deltas | None = None) -> int:
    """Settle events that were judged provisionally; return how many. What was settled elsewhere meanwhile stays.

    With `deltas`, whoever gives them writes them at the end of the transaction.
    """
    wanted = {one.event: one for one in judgements}
    with transaction.atomic():
        _lock(Event.objects.filter(pk__among=list(wanted)).values_list("message", flat=True))
        events = list(Event.objects.filter(pk__among=list(wanted), provisional=True, kind__in=READING))
        changed = [one for one in events if one.judged != wanted[one.pk].judged]
        changes = Deltas() if deltas is None else deltas
        for one in changed:
            _recount(changes, one, wanted[one.pk].judged)
        moved = _moved(changed, wanted)
        for (judged, reasons), numbers in _alike(events, wanted).items():
            Event.objects.filter(pk__among=numbers).update(judged=judged, reasons=reasons, provisional=False)
        _sign(changed, moved, changes)
        if deltas is None:
            changes.write()
    return len(events)


def _lock(messages: Iterable[int]) -> None:
    """As whoever takes events in does, and in the same order."""
    rows = Message.objects.filter(pk__among=sorted(set(messages))).select_for_update(no_key=True, of=("self",))
    list(rows.order_by("pk").values_list("pk"))


def _recount(deltas: Deltas, event: Event, judged: str) -> None:
    for link in {None, event.link_id}:
        for name, number in ((event.judged, -1), (judged, 1)):
            if name:
                deltas.add(event.issue_id, event.kind, link, event.at, name, number)


def _moved(changed: Iterable[Event], wanted: Mapping[int, Judgement]) -> dict[Key, int]:
    """By how many each sign's human events change."""
    moved: dict[Key, int] = defaultdict(int)
    for one in changed:
        number = (wanted[one.pk].judged == HUMAN) - (one.judged == HUMAN)
        for link in {None, one.link_id}:
            moved[one.message_id, one.kind, link] += number
    return moved


def _alike(events: Iterable[Event], wanted: Mapping[int, Judgement]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in events:
        judgement = wanted[one.pk]
        found[judgement.judged, judgement.reasons[:100]].append(one.pk)
    return found


def _sign(changed: Sequence[Event], moved: Mapping[Key, int], deltas: Deltas) -> None:
    signs = Signs.of({one.message_id: one.issue_id for one in changed})
    firsts = _firsts({one.message_id for one in changed})
    for key, number in moved.items():
        row = signs.row(key)
        if row is None:
            continue  # of somebody erased, or anonymous: there is no sign to change
        first = firsts.get(key)
        if row.folded and row.first_human_at:
            # Some events have no rows any more: the first may be among them.
            first = min(first, row.first_human_at) if first else row.first_human_at
        signs.judge(key, number, first if row.human + number else None)
    signs.write(deltas)


def _firsts(messages: Iterable[int]) -> dict[Key, datetime]:
    """The first event of each sign that is judged human, as the rows say now."""
    rows = Event.objects.filter(message__among=list(messages), kind__in=READING, judged=HUMAN).order_by()
    found: dict[Key, datetime] = {}
    for message, kind, link, first in rows.values_list("message", "kind", "link").annotate(first=Min("at")):
        for place in {None, link}:
            key = (message, kind, place)
            found[key] = min(found.get(key, first), first)
    return found
