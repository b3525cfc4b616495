"""Taking people out: CSV, a piece at a time, that a spreadsheet opens without harm and an import reads back unchanged.

A cell that a spreadsheet would take for a formula gets an apostrophe before it, and so does one that has apostrophes
before such a sign; an import takes one apostrophe off again. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from django.db.models import F, Q, QuerySet

from subscribers.models import Field, Import, List, Subscriber, Subscription, Suppression, Tagging

BATCH = 1000
_FORMULA = re.compile("[\"']*[=+\\-@\t\r]")
_COLUMNS = ("email", "name", "language", "time_zone", "status", "joined_at", "tags")
_HELD_WORDS = {Suppression.Kind.MANUAL.value: "suppressed"}


def people(of: List | None = None, status: str = "", among: QuerySet[Subscriber] | None = None) -> Iterator[str]:
    """People as lines of CSV: those of a list, of one status there, or of a queryset; all, if nothing is said.

    With a list, `status` and `joined_at` are theirs on it. The status of whoever is suppressed says so, for they must
    not be written to elsewhere either. Without a list a column names the lists they are on, and
    `joined_at` is when they joined the first of these.
    """
    fields = list(Field.objects.values_list("name", flat=True))
    columns = (*_COLUMNS, *([] if of else ["lists"]), *fields)
    them = Subscriber.objects.all() if among is None else among
    if of is not None or status:
        on = Q(list=of) if of is not None else Q()
        wanted = Subscription.objects.filter(on, **({"status": status} if status else {}))
        them = them.filter(pk__in=wanted.values("subscriber"))
    rows = them.order_by("pk").iterator(chunk_size=BATCH)
    return _lines(columns, (row for batch in _batches(rows) for row in _people(batch, of, fields)))


def suppressions() -> Iterator[str]:
    """All that must not be written to, as lines of CSV; those who were erased by their hashes alone."""
    held = Suppression.objects.order_by("pk").values_list("key", "hash", "kind", "reason", "created_at")
    rows = (
        (key or "", "" if key else hashed, kind, reason, _moment(at))
        for key, hashed, kind, reason, at in held.iterator(chunk_size=BATCH)
    )
    return _lines(("email", "hash", "kind", "reason", "since"), rows)


def refusals(job: Import) -> Iterator[str]:
    """What an import did not take, as lines of CSV: line, what stood there, reason."""
    found = job.refusals.order_by("line", "pk").values_list("line", "text", "reason")
    return _lines(("line", "email", "reason"), found.iterator(chunk_size=BATCH))


def harmless(value: object) -> object:
    """A cell that no spreadsheet calculates; see the module."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _people(batch: Sequence[Subscriber], of: List | None, fields: Sequence[str]) -> Iterator[Sequence[object]]:
    held = dict(Suppression.objects.filter(key__in=[one.key for one in batch]).values_list("key", "kind"))
    tags = _tags(batch)
    subscriptions = _subscriptions(batch, of)
    for one in batch:
        mine = subscriptions.get(one.pk, [])
        kind = held.get(one.key, "")
        status, joined = (mine[0][1], mine[0][2]) if of and mine else (_best(mine), _first(mine))
        yield (
            one.email, one.name, one.language, one.time_zone, _HELD_WORDS.get(kind, kind) or status, _moment(joined),
            ", ".join(tags.get(one.pk, ())), *([] if of else [_active(mine)]),
            *(_value(one.fields.get(name)) for name in fields),
        )  # fmt: skip


def _best(mine: Sequence[tuple[str, str, datetime | None]]) -> str:
    """One word for somebody on several lists: whether they want anything at all."""
    found = {status for _, status, _ in mine}
    return next((status for status in ("active", "pending", "unsubscribed") if status in found), "unsubscribed")


def _first(mine: Sequence[tuple[str, str, datetime | None]]) -> datetime | None:
    return min((at for _, status, at in mine if status == "active" and at), default=None)


def _active(mine: Sequence[tuple[str, str, datetime | None]]) -> str:
    return ", ".join(name for name, status, _ in mine if status == "active")


def _subscriptions(batch: Sequence[Subscriber], of: List | None) -> dict[int, list[tuple[str, str, datetime | None]]]:
    found = Subscription.objects.filter(subscriber__in=batch, **({"list": of} if of else {})).order_by("list__name")
    kept: dict[int, list[tuple[str, str, datetime | None]]] = {}
    for person, name, status, at in found.values_list("subscriber_id", "list__name", "status", "joined_at"):
        kept.setdefault(person, []).append((name, status, at))
    return kept


def _tags(batch: Sequence[Subscriber]) -> dict[int, list[str]]:
    found = Tagging.objects.filter(subscriber__in=batch).order_by(F("tag__name"))
    kept: dict[int, list[str]] = {}
    for person, name, title in found.values_list("subscriber_id", "tag__name", "tag__title"):
        kept.setdefault(person, []).append(title or name)
    return kept


def _value(value: object) -> object:
    if value is True or value is False:
        return "yes" if value else "no"
    return "" if value is None else value


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00") + " UTC" if at else ""


def _batches(rows: Iterable[Subscriber]) -> Iterator[list[Subscriber]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The header, then a line for each row; UTF-8 with its mark, without which Excel takes it for something else."""
    yield "\ufeff" + _line(columns)
    for row in rows:
        yield _line([harmless(cell) for cell in row])


def _line(cells: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
