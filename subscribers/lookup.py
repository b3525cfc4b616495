"""The index that finds any part of an address or a name among a million people, in the way each database has one.

PostgreSQL: a GIN index of trigrams, where the extension pg_trgm can be had. SQLite: a table of FTS5 that holds trigrams
and no text, kept by triggers. Neither is Django's: a migration that builds the table of people anew loses the triggers,
and where there is no such extension a migration must not fail; so both are seen to after every migration.

A row that is added by INSERT … SELECT, as an import does, costs 5 µs more on SQLite and 20 and more on PostgreSQL; by a
statement of its own it costs SQLite 30, for FTS5 then writes after each. Made at once for all of a million people it
costs PostgreSQL 8 µs a person, so a large import does without it and it is made anew behind.
"""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from subscribers.beside import alone, concurrently
from subscribers.models import Subscriber

SHORTEST = 3
"""Characters of a word that the index can find; a shorter one is looked for at the beginning of addresses alone."""
TABLE = "subscribers_lookup"
_PATIENCE = "10s"

_PEOPLE = Subscriber._meta.db_table
_GIN = f"{TABLE} ON {_PEOPLE} USING gin (key gin_trgm_ops, upper((name)::text) gin_trgm_ops)"
_FTS = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING "
    "fts5(key, name, content='', columnsize=0, detail=none, tokenize='trigram')"
)
_ADD = f"INSERT INTO {TABLE}(rowid, key, name) VALUES (new.id, new.key, new.name);"  # noqa: S608
_DROP = f"INSERT INTO {TABLE}({TABLE}, rowid, key, name) VALUES ('delete', old.id, old.key, old.name);"  # noqa: S608
_TRIGGERS = {
    f"{TABLE}_added": f"AFTER INSERT ON {_PEOPLE} BEGIN {_ADD} END",
    f"{TABLE}_gone": f"AFTER DELETE ON {_PEOPLE} BEGIN {_DROP} END",
    f"{TABLE}_changed": f"AFTER UPDATE OF key, name ON {_PEOPLE} "
    f"WHEN old.key <> new.key OR old.name <> new.name BEGIN {_DROP} {_ADD} END",
}

log = logging.getLogger(__name__)


def ensure(using: str) -> None:
    """Make the index if it is missing and can be had; without it a search takes longer, and finds the same."""
    connection = connections[using]
    if _PEOPLE not in connection.introspection.table_names():
        return
    try:
        with transaction.atomic(using=using):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                _gin(connection)
            else:
                _fts(connection)
    except DatabaseError as error:
        log.warning("people are searched without an index of trigrams: %s", str(error).strip())


def suspend() -> None:
    """Drop PostgreSQL's index, for as long as a great many people are being brought in.

    Where that may not be, or somebody reads for long, as a backup does, they are brought in with it: that only takes
    longer.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{_PATIENCE}'")
        try:
            cursor.execute(f"DROP INDEX {concurrently()}IF EXISTS {TABLE}")
        except DatabaseError as error:
            if connection.in_atomic_block:
                raise
            log.warning("the index of trigrams stays while people are brought in: %s", str(error).strip())
        cursor.execute("RESET lock_timeout")


def mend() -> bool:
    """Make PostgreSQL's index if it is missing or was never finished, beside whoever writes; say whether it was."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
        if not cursor.fetchone()[0]:
            return False
    with alone() as ours:
        return ours and _gin(connection, concurrently())


def has_table(connection: BaseDatabaseWrapper) -> bool:
    """Whether candidates can be asked of the table of trigrams."""
    return connection.vendor == "sqlite" and TABLE in _known(connection, "table")


def expression(words: list[str]) -> str:
    """What the table of trigrams is asked: all the trigrams of all the words, in whatever order."""
    found = (word[at : at + SHORTEST] for word in words for at in range(len(word) - SHORTEST + 1))
    return " AND ".join('"' + one.replace('"', '""') + '"' for one in dict.fromkeys(found))


def block(words: list[str], below: int, most: int) -> RawSQL:
    """The newest people below this number that may have all the words, at most so many."""
    return RawSQL(  # noqa: S611 - the words are a parameter
        f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s AND rowid < %s ORDER BY rowid DESC LIMIT %s",  # noqa: S608
        (expression(words), below, most),
    )


def extent(connection: BaseDatabaseWrapper, of: RawSQL) -> tuple[int, int]:
    """The lowest number of a block, and how many people are in it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MIN(rowid), COUNT(*) FROM ({of.sql})", of.params)  # noqa: S608
        lowest, number = cursor.fetchone()
        return lowest or 0, number


def everybody(words: list[str]) -> RawSQL:
    """All the people that may have all the words."""
    return RawSQL(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s", (expression(words),))  # noqa: S608, S611


def _gin(connection: BaseDatabaseWrapper, beside: str = "") -> bool:
    """Make the index unless it is there and whole: one that PostgreSQL was stopped in making is not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [TABLE])
        if (found := cursor.fetchone()) == (True,):
            return False
        if found:
            cursor.execute(f"DROP INDEX {beside}{TABLE}")
        cursor.execute(f"CREATE INDEX {beside}{_GIN}")
        return True


def _fts(connection: BaseDatabaseWrapper) -> None:
    missing = _TRIGGERS.keys() - _known(connection, "trigger")
    if not missing:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FTS)
        cursor.execute(f"INSERT INTO {TABLE}({TABLE}) VALUES ('delete-all')")  # noqa: S608
        cursor.execute(f"INSERT INTO {TABLE}(rowid, key, name) SELECT id, key, name FROM {_PEOPLE}")  # noqa: S608
        for name in sorted(missing):
            cursor.execute(f"CREATE TRIGGER {name} {_TRIGGERS[name]}")


def _known(connection: BaseDatabaseWrapper, kind: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = %s AND name LIKE %s", [kind, f"{TABLE}%"])
        return {name for (name,) in cursor.fetchall()}
