"""How a file is laid out, and its rows, one by one."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from subscribers.importing.pieces import opened
from subscribers.importing.records import Record, records
from subscribers.importing.refused import ImportRefused
from subscribers.importing.sheets import rows_of
from subscribers.models import Import

OF_MEMBER = "(file)"
"""The header of the column that is added to Mailchimp's files: what the file that a row stands in says of it."""


@dataclass
class Part:
    """One table of a file: the name of its member where the file is a zip, and what its name says of its people."""

    member: str = ""
    says: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    header: bool = True
    columns: list[str] = field(default_factory=list)


@dataclass
class Layout:
    """All that has to be known to read the file again, and what the mapping page shows; kept as `Import.layout`."""

    shape: str = "csv"
    parts: list[Part] = field(default_factory=lambda: [Part()])
    columns: list[str] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rows: int | None = None

    @classmethod
    def of(cls, job: Import) -> Layout:
        """The layout that was found when the file came."""
        kept = dict(job.layout)
        return cls(**{**kept, "parts": [Part(**part) for part in kept.get("parts", ())]})

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)


@contextmanager
def rows(job: Import, layout: Layout) -> Iterator[Iterator[Record]]:
    """The rows of the whole file, each with a cell for every one of `layout.columns`; headers are none of them."""
    with closing(opened(job)) as file, closing(_all_rows(file, layout)) as found:
        yield found


def _all_rows(file: io.BufferedReader, layout: Layout) -> Generator[Record]:
    for part in layout.parts:
        found = of_part(file, layout.shape, part)
        if part.header:
            next(found, None)
        yield from _padded(found, len(part.columns)) if len(layout.parts) == 1 else _aligned(found, layout, part)


def _padded(found: Iterator[Record], width: int) -> Iterator[Record]:
    for record in found:
        if len(record.cells) < width:
            record.cells.extend([""] * (width - len(record.cells)))
        yield record


def _aligned(found: Iterator[Record], layout: Layout, part: Part) -> Iterator[Record]:
    """The rows of one part, their cells at the places of all parts' columns."""
    places = [part.columns.index(name) if name in part.columns else -1 for name in layout.columns[:-1]]
    for line, cells, fault in _padded(found, len(part.columns)):
        if fault:
            yield Record(line, [], f"{fault} (in {part.member})")
        else:
            yield Record(line, [cells[at] if at >= 0 else "" for at in places] + [part.says])


def of_part(file: io.BufferedReader, shape: str, part: Part) -> Iterator[Record]:
    """Every row of one table, its header among them."""
    if shape == "xlsx":
        file.seek(0)
        yield from rows_of(file)
        return
    with stream(file, shape, part) as found:
        text = io.TextIOWrapper(found, part.encoding, errors="replace", newline="")
        try:
            yield from records(text, part.delimiter, len(part.columns))
        finally:
            if not found.closed:
                text.detach()  # it would close the file, which others read after it


@contextmanager
def stream(file: io.BufferedReader, shape: str, part: Part) -> Iterator[IO[bytes]]:
    """The bytes of one table. Raises ImportRefused where a zip file is damaged."""
    file.seek(0)
    if shape == "csv":
        yield file
        return
    try:
        with ZipFile(file) as archive, archive.open(part.member) as member:
            yield member
    except (BadZipFile, EOFError, NotImplementedError) as error:
        raise ImportRefused(f"the zip file is damaged ({error})") from None
