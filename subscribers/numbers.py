"""Numbers of rows are given once, on SQLite too: a link that was mailed to somebody who is gone opens nobody else's.

Django changes most of a table by making it anew on SQLite, whose counter of numbers then begins after the highest that
is left. So what the counters were is looked at before migrations, and put back after them.
"""

from __future__ import annotations

from django.db import connections

_before: dict[str, dict[str, int]] = {}


def remember(using: str) -> None:
    """Look at the counters of all tables."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")
        if cursor.fetchone()[0]:
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            _before[using] = dict(cursor.fetchall())


def restore(using: str) -> None:
    """Put those back that have fallen."""
    connection = connections[using]
    there = _before.pop(using, {})
    with connection.cursor() as cursor:
        for name in there.keys() & set(connection.introspection.table_names(cursor)) if there else ():
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [name])
            found = cursor.fetchone()
            if found is None:
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [name, there[name]])
            elif found[0] < there[name]:
                cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [there[name], name])
