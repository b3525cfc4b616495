"""Folding: dropping events whose time is over. The counts and the signs that they became stay, and say how many."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import F

from newsletter.models.counts import Deltas
from newsletter.models.event import Event
from newsletter.models.rejudging import _lock
from newsletter.models.sign import Sign

SLICE = 2000
"""Events dropped in one transaction."""


def fold(before: datetime, most: int = SLICE) -> int:
    """Drop up to so many events that lie before a moment; return how many. Ask again until there is none left.

    What somebody else has dropped meanwhile is none of them.
    """
    # Sought before the transaction: where there are none left it takes a look at every event, and on SQLite nobody else
    # writes in the meantime.
    old = Event.objects.filter(at__lt=before).order_by("pk")
    numbers = list(old.values_list("pk", flat=True)[:most])
    if not numbers:
        return 0
    with transaction.atomic():
        _lock(Event.objects.filter(pk__among=numbers).values_list("message", flat=True))
        events = list(Event.objects.filter(pk__among=numbers))
        deltas, signs = Deltas(), Counter[tuple[int, str, int | None]]()
        for one in events:
            for link in {None, one.link_id}:
                signs[one.message_id, one.kind, link] += 1
                for name in ("folded", *(f"folded_{judged}" for judged in filter(None, [one.judged]))):
                    deltas.add(one.issue_id, one.kind, link, one.at, name, 1)
        for (message, kind, place), number in signs.items():
            Sign.objects.filter(message=message, kind=kind, link=place).update(folded=F("folded") + number)
        Event.objects.filter(pk__among=[one.pk for one in events]).delete()
        deltas.write()
    return len(events)
