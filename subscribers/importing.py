"""Bring people in from a CSV file: each row is added, found unchanged, or refused with its reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import List, Subscriber, Subscription

CHUNK = 500


class ImportRefused(ValueError):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True)
class Refused:
    """One row that was not taken."""

    line: int
    text: str
    reason: str


@dataclass
class ImportReport:
    """What became of the rows of one file."""

    added: int = 0
    unchanged: int = 0
    stayed_unsubscribed: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class _Person:
    email: str
    key: str
    name: str


def import_file(path: Path, to: List, now: datetime) -> ImportReport:
    """Subscribe the people in a CSV file with an `email` and, if it likes, a `name` column.

    Running it again adds nobody twice, and nobody who has unsubscribed is brought back.
    """
    report = ImportReport()
    for chunk in _chunks(_people(_read(path), report)):
        with transaction.atomic():
            _add(chunk, to, f"imported from {path.name}", now, report)
    return report


def _read(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{path.name} is not UTF-8 (byte {error.start}); save it as CSV UTF-8") from None
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from None
    return text.replace("\0", "")


def _people(text: str, report: ImportReport) -> Iterator[_Person]:
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey="")
    columns = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    if "email" not in columns:
        found = ", ".join(filter(None, columns)) or "none"
        raise ImportRefused(f"no column is headed `email` (found: {found}); the first line must name the columns")
    seen: set[str] = set()
    for row in rows:
        typed = row[columns["email"]] or ""
        try:
            email, key = normalize(typed)
        except InvalidAddress as error:
            report.refused.append(Refused(rows.line_num, typed, str(error)))
            continue
        if key in seen:
            report.refused.append(Refused(rows.line_num, typed, "this address stands in the file twice"))
            continue
        seen.add(key)
        name = " ".join((row.get(columns.get("name", "")) or "").split())
        yield _Person(email, key, name[:200])


def _chunks(people: Iterable[_Person]) -> Iterator[list[_Person]]:
    chunk: list[_Person] = []
    for person in people:
        chunk.append(person)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _add(people: list[_Person], to: List, how: str, now: datetime, report: ImportReport) -> None:
    """Add one chunk with a few statements; unique keys settle two imports at once."""
    Subscriber.objects.bulk_create(
        [Subscriber(email=person.email, key=person.key, name=person.name) for person in people], ignore_conflicts=True
    )
    ids = list(Subscriber.objects.filter(key__in=[person.key for person in people]).values_list("pk", flat=True))
    before = dict(to.subscriptions.filter(subscriber__in=ids).values_list("subscriber_id", "status"))
    Subscription.objects.bulk_create(
        [Subscription(subscriber_id=pk, list=to, changed_at=now, how=how) for pk in ids if pk not in before],
        ignore_conflicts=True,
    )
    gone = sum(status == Subscription.Status.UNSUBSCRIBED for status in before.values())
    report.added += len(ids) - len(before)
    report.stayed_unsubscribed += gone
    report.unchanged += len(before) - gone
