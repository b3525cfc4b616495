"""Signs of life: when people were last seen to read is kept with them, and moved on as hits come in."""

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
"""How far the time of somebody's last open or click may lag behind."""
_COLUMNS: dict[str, str] = {Event.Kind.OPEN: "opened_at", Event.Kind.CLICK: "clicked_at"}


def signs_of_life(kept: Iterable[Kept]) -> None:
    """Remember when people were last seen to read: once in OFTEN is enough, for it moves their rows in the indexes.

    By the hour, so that hits which waited long for the database do not all count as the latest of them.
    """
    seen: dict[tuple[str, datetime], set[int]] = defaultdict(set)
    latest: dict[tuple[str, datetime], datetime] = {}
    for happening, _, person in kept:
        if happening.judged == Event.Judged.HUMAN and not happening.anonymous:
            hour = _COLUMNS[happening.kind], happening.at.replace(minute=0, second=0, microsecond=0)
            seen[hour].add(person)
            latest[hour] = max(happening.at, latest.get(hour, happening.at))
    for (column, _), people in sorted(seen.items()):
        _remember(column, people, latest[column, _])


def _remember(column: str, people: set[int], at: datetime) -> None:
    """Move a time on, never back. A person whom an import holds is passed over: the next open will do."""
    long_ago = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lt": at - OFTEN})
    due = Subscriber.objects.filter(long_ago, pk__among=list(people))
    if connection.features.has_select_for_update_skip_locked:
        due = Subscriber.objects.filter(
            pk__among=list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
        )
    due.update(**{column: at})
