"""Bring people in from a CSV file: each row is added, found unchanged, or refused with its reason."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from subscribers import fields
from subscribers.addresses import InvalidAddress, normalize, on_the_wire
from subscribers.models import List, Subscriber, Subscription

CHUNK = 500
_SWALLOWED = re.compile(r"[\r\n].*@", re.DOTALL)  # a cell that runs on into lines with addresses of their own


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
    fields_changed: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class _Person:
    email: str
    key: str
    name: str
    fields: dict[str, str]


def import_file(path: Path, to: List, now: datetime) -> ImportReport:
    """Subscribe the people in a CSV file with an `email` and, if it likes, a `name` column.

    Every other column is a field of theirs, `first_name` and `last_name` among them, of which a name is made where
    there is no column for it. Running it again adds nobody twice, and nobody who has unsubscribed is brought back;
    fields of people who are there already are brought up to date, and an empty cell leaves what is known.
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
    seen: set[str] = set()
    for line, typed, name, known in _rows(text, report):
        try:
            email, key = _address(typed)
            if key in seen:
                raise InvalidAddress("this address stands in the file twice")
        except InvalidAddress as error:
            report.refused.append(Refused(line, typed[:200], str(error)))
            continue
        seen.add(key)
        name = name or " ".join(filter(None, (known.get("first_name"), known.get("last_name"))))
        yield _Person(email, key, " ".join(name.split())[:200], known)


def _address(typed: str) -> tuple[str, str]:
    """The address and its key; what no mail server takes is refused here, where somebody is there to mend it."""
    if not typed.strip():
        raise InvalidAddress("this row has no address")
    email, key = normalize(typed)
    on_the_wire(email)
    return email, key


def _rows(text: str, report: ImportReport) -> Iterator[tuple[int, str, str, dict[str, str]]]:
    """The line, address, name and fields of each row that can be read; the others are refused."""
    # Spreadsheets write semicolons where the comma is the decimal sign.
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = _columns(next(rows, []))
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            report.refused.append(Refused(line, "", f"this cannot be read as CSV: {error}"))
            continue
        if row is None:
            return
        if any(_SWALLOWED.search(cell) for cell in row):
            reason = f"a quotation mark is not closed; nothing was taken from lines {line} to {rows.line_num}"
            report.refused.append(Refused(line, row[0][:200], reason))
        elif row:
            cells = dict(zip(columns, row, strict=False))
            email, name = cells.pop("email", ""), cells.pop("name", "")
            known = {column: value for column, cell in cells.items() if column and (value := fields.tidy(cell))}
            yield line, email, name, known


def _columns(header: list[str]) -> list[str]:
    """What the columns are called; those that have no name, or one that came before, are not read."""
    names = [fields.slug(name) for name in header]
    if "email" not in names:
        found = ", ".join(filter(None, map(str.strip, map(str.lower, header))))[:200] or "none"
        raise ImportRefused(f"no column is headed `email` (found: {found}); the first line must name the columns")
    if len(names) > fields.MOST + 2:
        raise ImportRefused(f"the file has {len(names)} columns; a person has {fields.MOST} fields at most")
    return [name if names.index(name) == at else "" for at, name in enumerate(names)]


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
        [Subscriber(email=one.email, key=one.key, name=one.name, fields=one.fields) for one in people],
        ignore_conflicts=True,
    )
    found = list(Subscriber.objects.filter(key__in=[person.key for person in people]).only("key", "fields"))
    ids = [one.pk for one in found]
    report.fields_changed += _update({person.key: person.fields for person in people}, found)
    before = dict(to.subscriptions.filter(subscriber__in=ids).values_list("subscriber_id", "status"))
    Subscription.objects.bulk_create(
        [Subscription(subscriber_id=pk, list=to, changed_at=now, how=how) for pk in ids if pk not in before],
        ignore_conflicts=True,
    )
    gone = sum(status == Subscription.Status.UNSUBSCRIBED for status in before.values())
    report.added += len(ids) - len(before)
    report.stayed_unsubscribed += gone
    report.unchanged += len(before) - gone


def _update(given: dict[str, dict[str, str]], found: list[Subscriber]) -> int:
    """Bring the fields of people who were there before up to date; return how many have others now."""
    changed = [one for one in found if {**one.fields, **given[one.key]} != one.fields]
    for one in changed:
        one.fields = {**one.fields, **given[one.key]}
    Subscriber.objects.bulk_update(changed, ["fields"])
    return len(changed)
