"""Asking a database for no longer than somebody is ready to wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_STEPS = 2000
"""Of SQLite's machine, between two looks at the clock."""


class TooLong(Exception):
    """The answer would have taken longer than was allowed."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let what is read inside take so long and no longer. Raises TooLong, and what was read before stays."""
    allowed = _postgresql if connection.vendor == "postgresql" else _sqlite
    with allowed(seconds):
        yield


@contextmanager
def _postgresql(seconds: float) -> Iterator[None]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":  # query_canceled
            raise
        raise TooLong from None


@contextmanager
def _sqlite(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    connection.ensure_connection()
    connection.connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        yield
    except OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise TooLong from None
    finally:
        connection.connection.set_progress_handler(None, _STEPS)
