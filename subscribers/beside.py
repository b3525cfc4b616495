"""Making and dropping indexes while others read and write: one process at a time, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_LOCK = 7_305_120_026


def concurrently() -> str:
    """The word that makes PostgreSQL do it beside everybody; within a transaction it does not know it."""
    return "CONCURRENTLY " if connection.vendor == "postgresql" and not connection.in_atomic_block else ""


@contextmanager
def alone() -> Iterator[bool]:
    """Whether no other process is at it. SQLite lets one write at a time anyway, and a name is taken only once."""
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        ours = bool(cursor.fetchone()[0])
        try:
            yield ours
        finally:
            if ours:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
