"""Counting consents up by day, in the order they were written, so that a year's growth is a few hundred rows.

A job does it, from the rows: what writes a consent knows nothing of it. `upto` is the last consent that is counted in,
and moves on in one transaction with the counts, so that none counts twice or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import CharField, Count, DateTimeField, F, Func, Max, QuerySet

from subscribers.models import Consent, Tallied, Tally

_A = Consent.Action
JOINED = (_A.CONFIRMED, _A.JOINED, _A.IMPORTED, _A.ADDED, _A.RETURNED, _A.RESTORED)
LEFT = (_A.LEFT, _A.REMOVED, _A.STOPPED)

WINDOW = 100_000
"""Numbers of consents that one transaction counts."""
_PATIENCE = "500ms"

Counted = tuple[int, date, str, bool]
"""A list, a day, a way, and whether people joined."""


def work(zone: tzinfo, stopping: Callable[[], bool] = lambda: False) -> None:
    """Count in what has been written since the last time; all of it anew if the days are another zone's."""
    mark, _ = Tallied.objects.get_or_create(pk=1)
    if mark.zone != str(zone):
        _begin_anew(zone)
        mark.refresh_from_db()
    top = _settled() if _latest() > mark.upto else 0
    while mark.upto < top and not stopping() and _count_in(mark.upto, min(top, mark.upto + WINDOW), zone):
        mark.refresh_from_db()


def _latest() -> int:
    return Consent.objects.aggregate(last=Max("pk"))["last"] or 0


def _settled() -> int:
    """A number up to which all consents are written for good; 0 if that cannot be told now.

    PostgreSQL hands numbers out as rows are written, and a transaction may end after one that began later. So we wait
    for those that are writing, and let nobody begin, for as long as it takes to look; SQLite's writers take turns.
    """
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
                    cursor.execute("LOCK TABLE subscribers_consent IN SHARE MODE")
            return _latest()
    except OperationalError:
        return 0


def _begin_anew(zone: tzinfo) -> None:
    with transaction.atomic():
        Tallied.objects.select_for_update().get(pk=1)
        Tally.objects.all().delete()
        Tallied.objects.update(upto=0, zone=str(zone))


def _count_in(low: int, high: int, zone: tzinfo) -> bool:
    with transaction.atomic():
        # Whoever else counts at this moment waits here, and then finds it done.
        if not Tallied.objects.select_for_update().filter(pk=1, upto=low, zone=str(zone)).exists():
            return False
        counts = counted(Consent.objects.filter(pk__gt=low, pk__lte=high, list__isnull=False), zone)
        _add(counts)
        Tallied.objects.filter(pk=1).update(upto=high)
    return True


def _add(counts: Counter[Counted]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO subscribers_tally AS t (list_id, day, source, joined, number) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (list_id, day, source, joined) DO UPDATE SET number = t.number + excluded.number",
            [
                (number, day.isoformat(), source, joined, count)
                for (number, day, source, joined), count in counts.items()
            ],
        )


def counted(rows: QuerySet[Consent], zone: tzinfo) -> Counter[Counted]:
    """How many of these joined and left, by list, day and way."""
    found: Counter[Counted] = Counter()
    moved = rows.filter(action__in=(*JOINED, *LEFT)).order_by()
    grouped: Any = moved.annotate(quarter=_quarter()).values("list", "quarter", "action", "source")
    for number, quarter, action, source, count in grouped.annotate(count=Count("*")).values_list(
        "list", "quarter", "action", "source", "count"
    ):
        found[number, _day(quarter, zone), source, action in JOINED] += count
    return found


def _quarter() -> Func:
    """The quarter of an hour, which every zone's days are made of, and which databases cut out without a calendar."""
    if connection.vendor == "sqlite":  # where moments are texts, in UTC
        return Func(F("at"), template="substr(%(expressions)s, 1, 14) || (substr(%(expressions)s, 15, 2) / 15 * 15)",
                    output_field=CharField())  # fmt: skip
    return Func(F("at"), template="date_bin('15 minutes', %(expressions)s, TIMESTAMPTZ '2000-01-01 00:00+00')",
                output_field=DateTimeField())  # fmt: skip


@lru_cache(maxsize=10_000)
def _day(quarter: str | datetime, zone: tzinfo) -> date:
    if isinstance(quarter, datetime):
        return quarter.astimezone(zone).date()
    hour, _, minute = quarter.partition(":")
    return datetime.fromisoformat(f"{hour}:{int(minute):02}").replace(tzinfo=UTC).astimezone(zone).date()


def since_then(lists: list[int], low: datetime, high: datetime, upto: int) -> QuerySet[Consent]:
    """The consents of these lists from a range of time that are not counted in yet."""
    rows = Consent.objects.filter(at__gte=low, at__lt=high)
    if not upto:
        return rows.filter(list__in=lists)
    # By their numbers, of which these are the last few. SQLite would rather go through the list's whole time, or, with
    # no number to end at, through everything.
    return rows.filter(pk__gt=upto, pk__lte=_latest()).alias(of=F("list") + 0).filter(of__in=lists)


def kept(lists: list[int], since: date, until: date) -> Iterator[tuple[date, str, bool, int]]:
    """What is counted of these lists: day, way, whether people joined, and how many."""
    rows = Tally.objects.filter(list__in=lists, day__gte=since, day__lte=until)
    yield from rows.values_list("day", "source", "joined", "number").iterator()
