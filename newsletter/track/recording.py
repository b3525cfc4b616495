"""Write down what came back, without making a reader wait for it or suffer from it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from newsletter.models import Event, Link, Message
from newsletter.models.event import READING
from newsletter.models.taking import Happening, take_in
from subscribers.models import Subscriber

log = logging.getLogger(__name__)

PATIENCE = 1000
"""Milliseconds that an open or a click may wait for the database."""
OFTEN = timedelta(hours=1)
"""How far the time of somebody's last open or click may lag behind."""


def record(request: HttpRequest, message: Message, kind: Event.Kind, link: Link | None = None) -> None:
    """Keep what was seen; a HEAD is a link checker's, not a reader's, and of somebody erased nothing is kept."""
    if request.method == "HEAD":
        return
    now, judged = timezone.now(), Event.Judged.HUMAN if kind in READING else ""
    take_in([Happening(message.pk, kind, now, link.pk if link else None, judged=judged)], now)


def glimpse(request: HttpRequest, message: Message, kind: Event.Kind, link: Link | None = None) -> None:
    """Keep an open or a click if the database takes it at once: the reader must not notice that it does not."""
    if request.method != "HEAD":
        with at_best(), _impatient():
            record(request, message, kind, link)
        # Apart from it: a person's row may be held by an import, and that must not cost us the open.
        with at_best(), _impatient():
            _sign_of_life(message.subscriber_id, kind, timezone.now())


def _sign_of_life(person: int | None, kind: Event.Kind, now: datetime) -> None:
    """Remember when a person was last seen to read; once in OFTEN is enough, for it moves the row in its indexes."""
    column = {Event.Kind.OPEN: "opened_at", Event.Kind.CLICK: "clicked_at"}[kind]
    long_ago = Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__lt": now - OFTEN})
    Subscriber.objects.filter(long_ago, pk=person or 0).update(**{column: now})


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
