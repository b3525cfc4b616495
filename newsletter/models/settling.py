"""Settling: what became of a whole sheet of messages, in a few statements, each row guarded by its own state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Case, F, Model, QuerySet, TextField, Value, When

from newsletter.markup.text import scrub
from subscribers.traces import without_addresses

NO_ATTEMPT = ("pending", "withheld")
"""What puts a message back, or never begins it, is no attempt."""
SUBMITTED = "submitted"
FEW = 4
"""So many different verdicts are written one after another; of more, each row brings its own."""


class Verdict(NamedTuple):
    """What became of one message. `pending` puts back what certainly was not sent; that is no attempt."""

    number: int
    state: str
    reason: str = ""
    retry_at: datetime | None = None


# About somebody who was erased meanwhile an answer is kept without the address that it may name.
_STATEMENT = """
UPDATE {table} SET
    state = v.state,
    reason = CASE WHEN {table}.subscriber_id IS NULL THEN v.clean ELSE v.reason END,
    retry_at = v.retry_at,
    claim = NULL,
    lease_until = NULL,
    attempts = attempts - CASE WHEN v.state IN ('pending', 'withheld') THEN 1 ELSE 0 END,
    submitted_at = CASE WHEN v.state = 'submitted' THEN {now} ELSE submitted_at END
FROM {verdicts}
WHERE {table}.id = v.id
"""
_POSTGRESQL = """
unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS v(id, state, reason, clean, retry_at)
"""
_SQLITE = """(
    SELECT value ->> 0 AS id, value ->> 1 AS state, value ->> 2 AS reason, value ->> 3 AS clean, value ->> 4 AS retry_at
    FROM json_each(%s)
) AS v"""


def settle(rows: QuerySet[Any], verdicts: Iterable[Verdict], now: datetime) -> int:
    """Record the verdicts for those of these rows that they are about; return how many rows took theirs.

    They are locked first, in the order that all keep: a statement that changes many locks them as they lie in the
    table, and whoever takes in what came back from some of them would wait for us while we wait for them.
    """
    alike: dict[tuple[Any, ...], list[int]] = {}
    for one in verdicts:
        alike.setdefault(one[1:], []).append(one.number)
    with transaction.atomic():
        if len(alike) > FEW:
            return _write_each(rows, [Verdict(number, *what) for what in alike for number in alike[what]], now)
        if connection.features.has_select_for_update:
            _locked(rows, [number for numbers in alike.values() for number in numbers])
        return sum(_write_alike(rows, numbers, Verdict(0, *what), now) for what, numbers in alike.items())


def _locked(rows: QuerySet[Any], numbers: Sequence[int]) -> list[int]:
    """Those of the numbers that are among these rows, which are locked."""
    held = rows.filter(pk__among=numbers).select_for_update(of=("self",), no_key=True).order_by("pk")
    return list(held.values_list("pk", flat=True))


def _write_alike(rows: QuerySet[Any], numbers: Sequence[int], what: Verdict, now: datetime) -> int:
    """Record the same of all of these."""
    reason = scrub(what.reason)
    told = Case(
        When(subscriber=None, then=Value(_clean(reason))), default=Value(reason), output_field=TextField()
    )  # fmt: skip
    changes: dict[str, Any] = {"state": what.state, "reason": told, "retry_at": what.retry_at}
    if what.state in NO_ATTEMPT:
        changes["attempts"] = F("attempts") - 1
    if what.state == SUBMITTED:
        changes["submitted_at"] = now
    return rows.filter(pk__among=numbers).update(claim=None, lease_until=None, **changes)


def _write_each(rows: QuerySet[Any], verdicts: Sequence[Verdict], now: datetime) -> int:
    """Record of each its own.

    Which rows may take one is asked first, with the rows locked: a planner that guesses how few those are in a table of
    millions looks for them in the wrong way.
    """
    by_number = {one.number: one for one in verdicts}
    found = [by_number[number] for number in _locked(rows, list(by_number))]
    return _write(rows.model, found, now) if found else 0


def _write(table: type[Model], verdicts: Sequence[Verdict], now: datetime) -> int:
    postgresql = connection.vendor == "postgresql"
    rows = [
        (one.number, str(one.state), reason, _clean(reason), _moment(one.retry_at))
        for one in verdicts
        for reason in (scrub(one.reason),)
    ]  # fmt: skip
    given = [list(column) for column in zip(*rows, strict=True)] if postgresql else [json.dumps(rows)]
    statement = _STATEMENT.format(
        table=connection.ops.quote_name(table._meta.db_table),
        now="%s::timestamptz" if postgresql else "%s",
        verdicts=_POSTGRESQL if postgresql else _SQLITE,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_moment(now), *given])
        return int(cursor.rowcount)


def _clean(reason: str) -> str:
    return without_addresses(reason) if "@" in reason else reason


def _moment(value: datetime | None) -> Any:
    """A moment as the database keeps it, also inside of an array or of JSON."""
    return connection.ops.adapt_datetimefield_value(value) if value else None
