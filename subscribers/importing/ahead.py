"""Reading ahead: while a chunk is being written, which is the database's work, the next is read, which is ours."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

T = TypeVar("T")


def ahead(step: Callable[[], T]) -> Generator[T]:
    """What `step` gives, call after call, without end; each call is made while the answer before is worked on."""
    if connection.in_atomic_block:
        # Another thread would not see what this transaction has written.
        while True:
            yield step()
    usual = sys.getswitchinterval()
    with ThreadPoolExecutor(1, thread_name_prefix="import") as reader:
        try:
            # Reading keeps the interpreter busy, and after each statement the writer would wait 5 ms for its turn.
            sys.setswitchinterval(0.0005)
            coming = reader.submit(step)
            while True:
                found, coming = coming.result(), reader.submit(step)
                yield found
        finally:
            sys.setswitchinterval(usual)
            reader.submit(connections.close_all)
