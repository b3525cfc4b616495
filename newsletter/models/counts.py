"""Counts: changes to tallies, gathered and then written with one statement for all, in the order that all keep."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from newsletter.models.rows import given, moment, values
from newsletter.models.tally import COUNTS, Tally

Key = tuple[int, str, int | None, datetime]
"""Issue, kind, link, and the beginning of the hour."""

_STATEMENT = """
INSERT INTO {table} AS t (issue_id, kind, link_id, hour, {columns})
SELECT {values} FROM {given} WHERE true ORDER BY 1, 2, 3, 4
ON CONFLICT {target} DO UPDATE SET {changes}
"""
_COLUMNS = {
    "issue": "bigint", "kind": "text", "link": "bigint", "at": "timestamptz", **dict.fromkeys(COUNTS, "integer"),
}  # fmt: skip
_WHOLE = "(issue_id, kind, hour) WHERE link_id IS NULL"
_BY_LINK = "(issue_id, kind, hour, link_id) WHERE link_id IS NOT NULL"


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour that a moment lies in, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class Deltas:
    """By how much tallies change."""

    def __init__(self) -> None:
        self._by_key: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, issue: int, kind: str, link: int | None, at: datetime, name: str, number: int) -> None:
        """Let one count of the hour that a moment lies in change by so much."""
        self._by_key[issue, str(kind), link, hour_of(at)][name] += number

    def write(self) -> None:
        """Change the tallies; new ones are made. Call it once, at the end of a transaction."""
        for with_link in (False, True):
            if rows := sorted(self._rows(with_link), key=lambda row: (row[0], row[1], row[2] or 0, row[3])):
                _write(rows, _BY_LINK if with_link else _WHOLE)

    def _rows(self, with_link: bool) -> Iterator[list[Any]]:
        for (issue, kind, link, hour), changes in self._by_key.items():
            if (link is not None) == with_link and any(changes.values()):
                yield [issue, kind, link, moment(hour), *(changes.get(name, 0) for name in COUNTS)]


def _write(rows: Sequence[Sequence[Any]], target: str) -> None:
    statement = _STATEMENT.format(
        table=connection.ops.quote_name(Tally._meta.db_table),
        columns=", ".join(COUNTS),
        values=values(_COLUMNS),
        given=given(),
        target=target,
        changes=", ".join(f"{name} = t.{name} + excluded.{name}" for name in COUNTS),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows)])
