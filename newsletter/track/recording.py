"""Write down what came back, without making a reader wait for it or suffer from it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from newsletter.models import Event, Link, Message

log = logging.getLogger(__name__)

PATIENCE = 1000
"""Milliseconds that an open or a click may wait for the database."""


def record(request: HttpRequest, message: Message, kind: Event.Kind, link: Link | None = None) -> None:
    """Keep what was seen; a HEAD is a link checker's, not a reader's."""
    if request.method == "HEAD":
        return
    agent = request.headers.get("User-Agent", "").replace("\0", "")[:200]
    Event.objects.create(
        issue_id=message.issue_id, message=message, link=link, kind=kind, at=timezone.now(), user_agent=agent
    )


def glimpse(request: HttpRequest, message: Message, kind: Event.Kind, link: Link | None = None) -> None:
    """Keep an open or a click if the database takes it at once: the reader must not notice that it does not."""
    if request.method != "HEAD":
        with at_best(), _impatient():
            record(request, message, kind, link)


@contextmanager
def at_best() -> Iterator[None]:
    """Go on though the database fails."""
    try:
        yield
    except Error:
        log.exception("an open or a click could not be recorded")


@contextmanager
def _impatient() -> Iterator[None]:
    """A transaction that gives up on locks after PATIENCE, where others wait for half a minute or for ever."""
    if connection.vendor == "sqlite":
        with _sqlite_timeout(PATIENCE), transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE}")
        yield


@contextmanager
def _sqlite_timeout(milliseconds: int) -> Iterator[None]:
    # Set before the transaction begins: on SQLite its very beginning is what waits.
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {before}")
