"""Two at once: whether one really waits for the other, on a PostgreSQL."""

import time
from concurrent.futures import Future
from typing import Any

from django.db import connection

_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"


def waits(other: Future[Any], patience: float = 60) -> bool:
    """Whether the other, in a thread and a connection of its own, comes to wait for a lock that we hold."""
    until = time.monotonic() + patience
    with connection.cursor() as cursor:
        while not other.done() and time.monotonic() < until:
            cursor.execute(_WAITING)
            if cursor.fetchone()[0]:
                return True
            time.sleep(0.01)
    return False
