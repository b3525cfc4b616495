"""Who is acting: the member of staff whose request is being answered, the command line, or nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

ITSELF, COMMAND_LINE, STRANGER = "by itself", "command line", "a stranger"
NOBODIES = (ITSELF, COMMAND_LINE, STRANGER)
"""Names in the log of who is no member of staff. They hold a space, which no name of a person may."""

_acting: ContextVar[Any] = ContextVar("acting", default=ITSELF)


@contextmanager
def acting(who: Any) -> Iterator[None]:
    """Let what happens within be called the deed of a member of staff, or of one of NOBODIES.

    A thread begins with nobody acting, so a long-running process that was started by hand works by itself.
    """
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def actor() -> Any:
    """Who is acting: a member of staff, or one of NOBODIES."""
    return _acting.get()


def person() -> Any:
    """The member of staff who is acting; None where nobody is."""
    return None if isinstance(who := _acting.get(), str) else who
