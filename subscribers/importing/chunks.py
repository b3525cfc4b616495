"""A chunk of people: its rows read, and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from subscribers.addresses import InvalidAddress
from subscribers.importing import mapping
from subscribers.importing.deciding import REFUSED, REPEATED
from subscribers.importing.meanings import Entry
from subscribers.importing.people import Person, Reader, RowRefused
from subscribers.importing.quick import Addresses
from subscribers.importing.records import Record
from subscribers.importing.writing import refuse, write
from subscribers.models import Field, Import

CELLS = "cells"
"""Counts beside the rows: cells that did not fit, whose rows were taken without them."""


class FieldsChanged(Exception):
    """Somebody has changed what a field is while its values were being read."""


@dataclass
class Read:
    """What the rows of a chunk say, and which of them say nothing that can be used."""

    kinds: dict[str, str]
    people: list[Person] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class People:
    """Brings people in. What it learns of domains is kept from one chunk to the next."""

    def __init__(self, job: Import, decided: Sequence[Entry]) -> None:
        self._job, self._mapping, self._addresses = job, decided, Addresses()
        self._email = next(number for number, entry in enumerate(decided) if entry["as"] == "email")

    def read(self, records: list[Record], now: datetime) -> Read:
        """What the rows say, by what the fields are now."""
        kinds = mapping.kinds(self._mapping, make=not self._job.dry_run)
        made = not self._job.dry_run
        reader = Reader(self._mapping, self._job.format, self._addresses, kinds, now, make=made)
        read, met = Read(kinds), dict[str, int]()
        for record in records:
            self._read(reader, record, read, met)
        read.refused += reader.faults
        read.counts[CELLS] += len(reader.faults)
        return read

    def _read(self, reader: Reader, record: Record, read: Read, met: dict[str, int]) -> None:
        line, cells, fault = record
        try:
            if fault:
                raise RowRefused(fault)
            person = reader.read(line, cells)
        except (InvalidAddress, RowRefused) as error:
            typed = cells[self._email].strip() if cells else ""
            read.refused.append((line, typed, str(error)))
            read.counts[REFUSED] += 1
            return
        if met.setdefault(person.key, line) != line:
            read.refused.append((line, person.email, "this address stands in the file twice"))
            read.counts[REPEATED] += 1
        else:
            read.people.append(person)

    def write(self, read: Read, now: datetime) -> Counter[str]:
        """Bring the people in. Raises FieldsChanged if their fields are not what they were when they were read."""
        # Whoever changes a field's kind meanwhile waits for us; whoever was first has us read the rows anew.
        there = Field.objects.select_for_update(no_key=True).order_by("pk").values_list("name", "kind")
        if any(read.kinds.get(name, kind) != kind for name, kind in there):
            raise FieldsChanged
        refuse(self._job, read.refused)
        return read.counts + write(self._job, read.people, now)

    def finish(self, now: datetime) -> None:
        """Nothing is left to do."""
