"""How many people rules mean, and some of them: exactly, or as near as can be said while somebody waits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import Max, Min, QuerySet

from subscribers.models import Subscriber
from subscribers.segments.compiling import Compiled, condition

PATIENCE = 1.5
"""Seconds that somebody who watches a number waits for it."""
_ASKED = 10_000
"""People asked for an estimate."""
_MEMORY = "128MB"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Found:
    """How many people, whether that is exact, and some of them, the latest first; None if even that took too long."""

    count: int
    exact: bool
    people: list[Subscriber] | None


def count(rules: object, now: datetime) -> int:
    """How many people the rules mean, however long it takes. Raises Broken."""
    return _count(condition(rules), now)


def sample(rules: object, now: datetime, most: int = 10) -> list[Subscriber]:
    """Some of the people whom the rules mean, the latest first. Raises Broken."""
    return list(_latest(condition(rules), now)[:most])


def look(rules: object, now: datetime, name: str = "", most: int = 10, patience: float = PATIENCE) -> Found:
    """Count, and show some, for somebody who waits: what takes longer than `patience` is estimated. Raises Broken."""
    meant = condition(rules, name)
    number = _in_time(patience, lambda: _count(meant, now))
    people = _in_time(patience, lambda: list(_latest(meant, now)[:most])) if number != 0 else []
    exact = number is not None
    return Found(_estimate(meant, now) if number is None else number, exact, people)


def _count(meant: Compiled, now: datetime) -> int:
    with _roomy():
        parts = meant.alternatives
        if len(parts) == 1 and not parts[0].rows(now):
            return Subscriber.objects.filter(meant.whole(now)).count()
        return _count_of_any(parts, now)


def _count_of_any(parts: list[Compiled], now: datetime) -> int:
    """Each part is asked for its own numbers, and whoever is in several is counted once."""
    selects, values = list[str](), list[Any]()
    for part in parts:
        with suppress(EmptyResultSet):  # such a part means nobody, which Django knows without asking
            select, params = part.numbers(now).query.sql_with_params()
            selects.append(select)
            values += params
    if not selects:
        return 0
    with connection.cursor() as cursor:
        every = " UNION ALL ".join(selects)
        cursor.execute(f"WITH met (number) AS ({every}) SELECT COUNT(DISTINCT number) FROM met", values)  # noqa: S608
        return int(cursor.fetchone()[0])


def _latest(meant: Compiled, now: datetime) -> QuerySet[Subscriber]:
    return Subscriber.objects.filter(meant.singly(now)).order_by("-pk")


@contextmanager
def _roomy() -> Iterator[None]:
    """A transaction in which PostgreSQL may hold a million numbers in memory, instead of reading them over and over."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Compiling the statement to machine code takes longer than it saves; and a row that is a single number
                # passes from one worker to another sooner than the planner believes.
                cursor.execute(
                    "SELECT set_config('work_mem', %s, true), set_config('jit', 'off', true), "
                    "set_config('parallel_tuple_cost', '0.01', true)", [_MEMORY],
                )  # fmt: skip
        yield


def _estimate(meant: Compiled, now: datetime) -> int:
    """What the share of some people, drawn by lot, comes to for all; right to about one in a hundred of everybody."""
    ends = Subscriber.objects.aggregate(first=Min("pk"), last=Max("pk"))
    numbers = range(ends["first"] or 0, (ends["last"] or 0) + 1)
    drawn = random.sample(numbers, min(_ASKED, len(numbers)))
    some = Subscriber.objects.filter(pk__in=drawn)
    asked, met = some.count(), some.filter(meant.singly(now)).count()
    return _round(met * Subscriber.objects.count() / asked) if asked else 0


def _round(number: float) -> int:
    """To two digits, so that nobody takes it for exact."""
    digits = len(str(int(number)))
    return round(number, 2 - digits) if digits > 2 else int(number)  # type: ignore[return-value]


def _in_time(seconds: float, ask: Callable[[], Answer]) -> Answer | None:
    """The database's answer, or None if it takes longer."""
    try:
        with transaction.atomic(), _limited(seconds):
            return ask()
    except OperationalError as error:
        if not _interrupted(error):
            raise
        return None


def _interrupted(error: OperationalError) -> bool:
    cause = error.__cause__
    return getattr(cause, "sqlstate", "") == "57014" or "interrupted" in str(error)


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{max(1, round(seconds * 1000))}ms"])
            yield
            cursor.execute("SELECT set_config('statement_timeout', '0', true)")
        return
    until = time.monotonic() + seconds
    connection.ensure_connection()
    raw = connection.connection
    raw.set_progress_handler(lambda: time.monotonic() > until, 20_000)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)
