"""Rows of a chunk in a temporary table: by COPY on PostgreSQL, by executemany on SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from subscribers.importing.people import Person

_LOCK = 0x6E657773_6C657474  # “newslett”: the one name under which imports take turns
_COLUMNS = (
    ("n", "integer"), ("email", "text"), ("key", "text"), ("domain", "text"), ("hash", "text"), ("mark", "bigint"),
    ("name", "text"), ("fields", "json"), ("language", "text"), ("time_zone", "text"), ("flag", "text"),
    ("joined_at", "moment"), ("wants", "text"),
)  # fmt: skip
_NAMES = ", ".join(name for name, _ in _COLUMNS)
_TYPES = {"postgresql": {"json": "jsonb", "moment": "timestamptz"}, "sqlite": {"json": "text", "moment": "text"}}
# Numbers that nobody has had; on SQLite nobody else can take them before this transaction ends.
_NUMBER = {
    "postgresql": "UPDATE incoming SET id = nextval('subscribers_subscriber_id_seq')",
    "sqlite": "UPDATE incoming SET id = n + 1 + "
    "COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'subscribers_subscriber'), 0)",
}


def take_turns() -> None:
    """Wait until no other import writes: two that add the same people in two orders would block each other for ever.

    Asked for in each transaction, whose end lets the next one in. On SQLite writers take turns anyway.
    """
    if _on_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def take_stock(chunk: int) -> None:
    """Have PostgreSQL count its rows whenever an import has doubled them; `chunk` counts from nought.

    The planner believes tables to be as small as they were when they were last counted, which a new publication's never
    were, and would then compare each new row with all there are.
    """
    if _on_postgresql() and chunk & (chunk - 1) == 0:
        with connection.cursor() as cursor:
            cursor.execute(
                "ANALYZE subscribers_subscriber (id, key), subscribers_subscription (subscriber_id, list_id), "
                "subscribers_suppression (hash)"
            )


def stage(people: Sequence[Person]) -> None:
    """Fill the table `incoming` with these people; `n` is the place of each among them."""
    types = _TYPES[connection.vendor]
    columns = ", ".join(("id bigint", *(f"{name} {types.get(kind, kind)}" for name, kind in _COLUMNS)))
    staged = ((n, *one[1:13]) for n, one in enumerate(people))
    with connection.cursor() as cursor:
        if _on_postgresql():
            cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS incoming ({columns}) ON COMMIT DROP")
            cursor.execute("TRUNCATE incoming")
            # A few thousand rows are looked up in indexes that are in memory, by plans that are not worth compiling.
            cursor.execute("SET LOCAL random_page_cost = 1.1")
            cursor.execute("SET LOCAL jit = off")
            # The index of trigrams can tell equal addresses too, a hundred times slower than the unique one; it is only
            # ever read by way of a bitmap.
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            with cursor.copy(f"COPY incoming ({_NAMES}) FROM STDIN") as copy:
                for row in staged:
                    copy.write_row(row)
        else:
            cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS incoming ({columns})")
            cursor.execute("DELETE FROM incoming")
            # Addresses come in no order, and with the 2 MB that are usual each would fetch its page of the index anew.
            cursor.execute("PRAGMA cache_size = -32768")
            places = ", ".join(["%s"] * len(_COLUMNS))
            rows = [_adapted(row) for row in staged] if any(one.joined_at for one in people) else list(staged)
            cursor.executemany(f"INSERT INTO incoming ({_NAMES}) VALUES ({places})", rows)  # noqa: S608 - ours


def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapted(value) for value in values])
        return list(cursor.fetchall())


def do(statement: str, *values: object) -> int:
    """Carry a statement out; return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapted(value) for value in values])
        return int(cursor.rowcount)


def drop(numbers: Iterable[int]) -> None:
    """Take rows out of the table again, by their `n`."""
    if gone := list(numbers):
        listed = ", ".join(map(str, gone))  # whole numbers that we counted ourselves
        do(f"DELETE FROM incoming WHERE n IN ({listed})")  # noqa: S608


def number() -> int:
    """Give each row of `incoming` the number, `id`, that its person will have if they are new; return how many."""
    return do(_NUMBER[connection.vendor])


def adapted(value: object) -> Any:
    """A value as this database takes it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _adapted(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row if row[11] is None else (*row[:11], adapted(row[11]), row[12])


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"
