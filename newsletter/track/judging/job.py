"""The second look as a job: takes what was judged at a glance a minute ago, with all that happened around it.

It may run twice, late, or on two machines at once: what has been settled is left alone, and what follows from a click
is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from newsletter.config import Config
from newsletter.models import Event, Link, Sign
from newsletter.models.counts import Deltas
from newsletter.models.event import READING
from newsletter.models.rejudging import Judgement, rejudge
from newsletter.models.taking import Happening, take_in
from newsletter.track.judging.evidence import Reason, Verdict, noted
from newsletter.track.judging.review import Seen, review

WAIT = timedelta(minutes=1)
"""How long what belongs together is waited for."""
BATCH = 2000
"""Events settled in one transaction, at most."""
AROUND = timedelta(minutes=10)
"""How far from an event things may lie that are about the same message and are looked at with it."""
NEIGHBOURS = 5000
"""Events that were taken in before and after a batch in which the same networks are sought."""
MOST = 20_000
"""Events of the same messages that are looked at with a batch, at most."""
IMPLIED = "implied"
"""The source of opens that nobody saw and a person's click tells of."""

_COLUMNS = (
    "pk", "message", "kind", "at", "message__submitted_at", "link", "agent", "network", "reasons", "issue",
    "issue__newsletter",
)  # fmt: skip
_Row = tuple[Any, ...]


def judge(config: Config, clock: Callable[[], datetime], stopped: Callable[[], bool], batch: int = BATCH) -> int:
    """Settle what was judged at a glance; return how many events that were."""
    done = 0
    while not stopped() and (due := _due(clock() - WAIT, batch)):
        with transaction.atomic():
            verdicts = _verdicts(config, due)
            # Written once, so that tallies are locked in one order: what comes in meanwhile locks the same ones.
            deltas = Deltas()
            done += rejudge((Judgement(event, *verdict) for event, verdict in verdicts.items()), deltas)
            if config.track.opens:
                _imply(config, due, verdicts, clock(), deltas)
            deltas.write()
    return done


def _due(before: datetime, batch: int) -> list[_Row]:
    rows = Event.objects.filter(provisional=True, kind__in=READING, at__lte=before)
    return list(rows.order_by("pk").values_list(*_COLUMNS)[:batch])


def _verdicts(config: Config, due: Sequence[_Row]) -> dict[int, Verdict]:
    """What the events that are due come to."""
    traps = Link.unseen(row[9] for row in due)
    mine, around = _beside(due)
    seen = [_seen(row, traps) for row in {row[0]: row for row in (*mine, *due)}.values()]
    found = review(seen, [_seen(row, traps) for row in around], config.track.opens)
    return {row[0]: found[row[0]] for row in due}


def _beside(due: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """What else happened to the same messages, and what the same networks did that was taken in with these."""
    first, last = min(row[3] for row in due), max(row[3] for row in due)
    then = Event.objects.filter(kind__in=READING, at__gte=first - AROUND, at__lte=last + AROUND)
    mine = _rows(then.filter(message__among=list({row[1] for row in due})).order_by("pk"), MOST)
    numbers = [row[0] for row in due]
    near = then.filter(kind=Event.Kind.CLICK, pk__gte=min(numbers) - NEIGHBOURS, pk__lte=max(numbers) + NEIGHBOURS)
    networks = {row[7] for row in due} - {""}
    return mine, [row for row in _rows(near.order_by("pk"), 2 * NEIGHBOURS + MOST) if row[7] in networks]


def _rows(events: QuerySet[Event], most: int) -> list[_Row]:
    return list(events.values_list(*_COLUMNS)[:most])


def _seen(row: _Row, traps: set[int]) -> Seen:
    pk, message, kind, at, sent_at, link, agent, network, reasons, *_ = row
    sent = sent_at.timestamp() if sent_at else None
    return Seen(pk, message, kind, at.timestamp(), sent, link, link in traps, agent, network, noted(reasons))


def _imply(config: Config, due: Iterable[_Row], verdicts: dict[int, Verdict], now: datetime, deltas: Deltas) -> None:
    """Count as opened what a person has followed a link of, though no image or only a proxy's tells of it."""
    clicked: dict[int, datetime] = {}
    for row in due:
        if row[2] == Event.Kind.CLICK and verdicts[row[0]].judged == Event.Judged.HUMAN:
            clicked[row[1]] = min(row[3], clicked.get(row[1], row[3]))
    opened = Sign.objects.filter(message__among=list(clicked), kind=Event.Kind.OPEN, first_human_at__isnull=False)
    for message in opened.values_list("message", flat=True):
        del clicked[message]
    take_in((_open(message, at) for message, at in clicked.items()), now, config.closely, deltas)


def _open(message: int, at: datetime) -> Happening:
    return Happening(
        message, Event.Kind.OPEN, at, source=IMPLIED, key=str(message), judged=Event.Judged.HUMAN,
        reasons=Reason.IMPLIED,
    )  # fmt: skip
