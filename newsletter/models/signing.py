"""Signing: how events change the signs of their messages, and the counts of who was the first to show one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from newsletter.models.counts import Deltas
from newsletter.models.rows import given, moment, values
from newsletter.models.sign import UNSIGNED, Sign

Key = tuple[int, str, int | None]
"""Message, kind, link."""

_STATEMENT = """
UPDATE {table} SET events = v.events, human = v.human, first_at = v.first_at, last_at = v.last_at,
    first_human_at = v.first_human_at
FROM (SELECT {values} FROM {given}) AS v
WHERE {table}.id = v.id
"""
_COLUMNS = {
    "id": "bigint", "events": "integer", "human": "integer", "first_at": "timestamptz", "last_at": "timestamptz",
    "first_human_at": "timestamptz",
}  # fmt: skip


class Signs:
    """The signs of some messages, whose rows are locked; read once, changed here, and written back together."""

    def __init__(self, issues: Mapping[int, int], found: Iterable[Sign]) -> None:
        self._issues = issues
        self._rows: dict[Key, Sign] = {(one.message_id, one.kind, one.link_id): one for one in found}
        self._before: dict[Key, tuple[datetime | None, datetime | None]] = {}

    @classmethod
    def of(cls, issues: Mapping[int, int]) -> Signs:
        """The signs of these messages, each with its issue."""
        return cls(issues, Sign.objects.filter(message__among=list(issues)))

    def add(self, message: int, kind: str, link: int | None, at: datetime, is_human: bool) -> None:
        """One more event; of a click, at its link too."""
        if kind in UNSIGNED:
            return
        for place in {None, link}:
            one = self._changing((message, str(kind), place), at)
            one.events += 1
            one.first_at, one.last_at = min(one.first_at, at), max(one.last_at, at)
            if is_human:
                one.human += 1
                one.first_human_at = min(one.first_human_at or at, at)

    def judge(self, key: Key, human: int, first_human_at: datetime | None) -> None:
        """Of the events of a sign so many more, or fewer, are a human's now, and this is the first."""
        one = self._changing(key, None)
        one.human += human
        one.first_human_at = first_human_at

    def row(self, key: Key) -> Sign | None:
        """A sign as it stands now."""
        return self._rows.get(key)

    def write(self, deltas: Deltas) -> None:
        """Write what has changed, and note for which hours it changes who was first."""
        changed = [self._rows[key] for key in self._before]
        for key, (first, human) in self._before.items():
            self._moved(deltas, key, "messages", first, self._rows[key].first_at)
            self._moved(deltas, key, "readers", human, self._rows[key].first_human_at)
        Sign.objects.bulk_create([one for one in changed if one.pk is None], batch_size=2000)
        _update([one for one in changed if one.pk is not None])
        self._before.clear()

    def _changing(self, key: Key, at: datetime | None) -> Sign:
        one = self._rows.get(key)
        if one is None:
            if at is None:
                raise KeyError(key)
            message, kind, link = key
            one = self._rows[key] = Sign(message_id=message, kind=kind, link_id=link, first_at=at, last_at=at)
            self._before[key] = (None, None)
        elif key not in self._before:
            self._before[key] = (one.first_at, one.first_human_at)
        return one

    def _moved(self, deltas: Deltas, key: Key, name: str, before: datetime | None, after: datetime | None) -> None:
        if before == after:
            return
        message, kind, link = key
        for at, number in ((before, -1), (after, 1)):
            if at is not None:
                deltas.add(self._issues[message], kind, link, at, name, number)


def _update(signs: Sequence[Sign]) -> None:
    """Write the signs that are rows already, with one statement."""
    if not signs:
        return
    rows = [
        [one.pk, one.events, one.human, moment(one.first_at), moment(one.last_at), moment(one.first_human_at)]
        for one in signs
    ]
    statement = _STATEMENT.format(
        table=connection.ops.quote_name(Sign._meta.db_table), values=values(_COLUMNS), given=given()
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows)])
