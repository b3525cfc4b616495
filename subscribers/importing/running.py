"""Carrying imports on: a chunk at a time, each whole or not at all, by whoever holds the claim."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from threading import Event
from typing import Any, Protocol

from django.db import DatabaseError, transaction
from django.db.models import Q

from subscribers import lookup
from subscribers.importing import mapping
from subscribers.importing.ahead import ahead
from subscribers.importing.chunks import FieldsChanged, People
from subscribers.importing.layout import Layout, rows
from subscribers.importing.records import Record
from subscribers.importing.refused import ImportRefused
from subscribers.importing.staging import take_stock, take_turns
from subscribers.importing.suppressing import Suppressions
from subscribers.models import Import, Seen, Subscriber

log = logging.getLogger(__name__)

CHUNK = 5000
"""Rows of one transaction."""
LEASE = timedelta(seconds=60)
"""How long a process that has fallen silent keeps others from going on."""

Clock = Callable[[], datetime]
_OPEN = (Import.Status.READY, Import.Status.RUNNING, Import.Status.UNDOING)
_ROUNDS = 3
_MANY = 50_000
_SLICE = 50_000


class Lost(Exception):
    """Somebody has cancelled the import, or another process has taken it over."""


class Handler(Protocol):
    """What becomes of rows: read by a thread of its own, outside of any transaction, and written within one."""

    def read(self, records: list[Record], now: datetime) -> Any:
        """What the rows say."""

    def write(self, read: Any, now: datetime) -> Counter[str]:
        """Bring that in; return how many rows came to what."""

    def finish(self, now: datetime) -> None:
        """Do what is left once all rows are in."""


def claim(now: datetime, only: int | None = None) -> Import | None:
    """Take the import whose turn it is, to go on with it or with its undoing, if there is one that nobody works on.

    With `only`, that one, even if another process seems to be at it: what that has not committed is then refused.
    """
    due = Import.objects.filter(status__in=_OPEN).order_by("pk")
    due = due.filter(pk=only) if only else due.filter(Q(lease_until=None) | Q(lease_until__lt=now))
    for job in due:
        mine, begun = uuid.uuid4(), job.started_at or now
        same = Import.objects.filter(pk=job.pk, status=job.status, claim=job.claim)
        status = job.status if job.status == Import.Status.UNDOING else Import.Status.RUNNING
        if same.update(status=status, claim=mine, lease_until=now + LEASE, started_at=begun):
            job.refresh_from_db()
            return job
    return None


def work_on(job: Import, stop: Event, clock: Clock) -> None:
    """Carry a claimed import on until it is done, or `stop` is set, or it is taken away."""
    try:
        layout = Layout.of(job)
        with rows(job, layout) as found:
            _all(job, found, layout, stop, clock)
        _release(job)
    except Lost:
        log.info("%s was taken over or cancelled", job)
    except ImportRefused as error:
        _end(job, Import.Status.FAILED, clock(), reason=str(error))
    except DatabaseError:
        _release(job)
        raise  # whoever takes it next goes on after the last chunk that is in
    except Exception as error:
        _end(job, Import.Status.FAILED, clock(), reason=f"a fault in the program: {error!r}"[:2000])
        raise


def _all(job: Import, found: Iterator[Record], layout: Layout, stop: Event, clock: Clock) -> None:
    for _ in islice(found, job.rows_done):
        pass  # these are in already
    decided = mapping.of(job, layout)
    handler: Handler = People(job, decided) if job.kind == Import.Kind.PEOPLE else Suppressions(job, decided)

    def step() -> tuple[list[Record], Any]:
        records = list(islice(found, CHUNK))
        return records, handler.read(records, clock())

    if _multiplies(job):
        lookup.suspend()
    with closing(ahead(step)) as chunks:
        while not stop.is_set():
            records, read = next(chunks)
            if not records:
                handler.finish(clock())
                _end(job, Import.Status.DONE, clock(), rows_total=job.rows_done)
                return
            _take(job, handler, records, read, clock)


def under_way() -> bool:
    """Whether people are being brought in."""
    return Import.objects.filter(status=Import.Status.RUNNING, kind=Import.Kind.PEOPLE, dry_run=False).exists()


def _multiplies(job: Import) -> bool:
    """Whether it brings in at least as many people as there are: then the index of the search is quicker made anew."""
    if job.kind != Import.Kind.PEOPLE or job.dry_run:
        return False
    left = (job.rows_total or 0) - job.rows_done
    return left >= _MANY and left >= Subscriber.objects.count()


def _take(job: Import, handler: Handler, records: list[Record], read: Any, clock: Clock) -> None:
    """Write what the rows come to in one transaction, together with how far that is."""
    for _ in range(_ROUNDS):
        try:
            with transaction.atomic():
                take_turns()
                if not _mine(job).select_for_update().exists():
                    raise Lost
                take_stock(job.rows_done // CHUNK)
                counts = Counter(job.counts) + handler.write(read, clock())
                done = job.rows_done + len(records)
                _mine(job).update(rows_done=done, counts=counts, lease_until=clock() + LEASE)
            job.rows_done, job.counts = done, dict(counts)
            return
        except FieldsChanged:
            read = handler.read(records, clock())
    raise ImportRefused("the fields were being changed again and again; start it once more")


def _mine(job: Import) -> Any:
    """The import, as long as it is ours to carry on, and as far as we believe it to be."""
    return Import.objects.filter(pk=job.pk, claim=job.claim, status=Import.Status.RUNNING, rows_done=job.rows_done)


def _release(job: Import) -> None:
    """Let anybody go on at once."""
    _mine(job).update(claim=None, lease_until=None)


def _end(job: Import, status: str, now: datetime, **more: object) -> None:
    ended = {"status": status, "finished_at": now, "claim": None, "lease_until": None, **more}
    if _mine(job).update(**ended):
        job.refresh_from_db()
        if status == Import.Status.DONE:
            clear(job, pieces=not job.dry_run)


def clear(job: Import, pieces: bool) -> None:
    """Drop what an import needed while it ran; a slice at a time, since others want to write as well."""
    while numbers := list(Seen.objects.filter(of=job).values_list("pk", flat=True)[:_SLICE]):
        Seen.objects.filter(pk__gte=min(numbers), pk__lte=max(numbers), of=job).delete()
    if pieces:
        for number in job.pieces.values_list("number", flat=True):
            job.pieces.filter(number=number).delete()
