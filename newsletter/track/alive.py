"""Signs of life: when a person was last seen to read, which programs do not count for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from newsletter.models import Event
from newsletter.models.taking import Kept
from subscribers.models import Subscriber

OFTEN = timedelta(hours=1)
"""How far the time of somebody's last open or click may lag behind: each change moves the row in its indexes."""
_COLUMNS: dict[str, str] = {Event.Kind.OPEN: "opened_at", Event.Kind.CLICK: "clicked_at"}


def signs_of_life(kept: Iterable[Kept], now: datetime) -> None:
    """Move on when people were last seen to read. By the hour, so that what was told late does not count as of now."""
    latest: dict[tuple[str, datetime], datetime] = {}
    people: dict[tuple[str, datetime], set[int]] = defaultdict(set)
    for happening, _, person in kept:
        if happening.kind in _COLUMNS and happening.judged == Event.Judged.HUMAN and not happening.anonymous:
            at = min(happening.at, now)
            hour = _COLUMNS[happening.kind], at.replace(minute=0, second=0, microsecond=0)
            latest[hour] = max(at, latest.get(hour, at))
            people[hour].add(person)
    for hour in sorted(latest):
        _move(hour[0], people[hour], latest[hour])


def _move(column: str, people: set[int], at: datetime) -> None:
    """Never back. Whom an import or an erasure holds is passed over: the next time will do, and nobody waits."""
    long_ago = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lt": at - OFTEN})
    due = Subscriber.objects.filter(long_ago, pk__among=sorted(people))
    if connection.features.has_select_for_update_skip_locked:
        free = due.select_for_update(skip_locked=True, no_key=True).order_by("pk").values_list("pk", flat=True)
        due = Subscriber.objects.filter(pk__among=list(free))
    due.update(**{column: at})
