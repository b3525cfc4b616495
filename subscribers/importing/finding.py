"""Finding out what a file is: a table of text, a workbook, or either in a zip; its columns, and its first values."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from subscribers.importing import encodings
from subscribers.importing.guessing import is_data
from subscribers.importing.layout import OF_MEMBER, Layout, Part, of_part, rows, stream
from subscribers.importing.pieces import in_megabytes, opened
from subscribers.importing.records import LONGEST_LINE, delimiter_of
from subscribers.importing.refused import ImportRefused
from subscribers.models import Import

SAMPLES = 3
_LOOKED_AT = 200  # rows in which samples are looked for
_WIDEST = 1000
_LONGEST_SAMPLE = 80
# Of Mailchimp's zip: what each of its files says of everybody in it.
_MAILCHIMP = (
    ("unsubscribed", "unsubscribed"), ("nonsubscribed", "nonsubscribed"), ("non-subscribed", "nonsubscribed"),
    ("cleaned", "cleaned"), ("transactional", "transactional"), ("subscribed", "subscribed"),
)  # fmt: skip


def find_out(job: Import, limit: int) -> Layout:
    """Look through the file of an import. Raises ImportRefused if it is no table, or unpacks to more than `limit`."""
    layout = Layout()
    with closing(opened(job)) as file:
        if file.peek(4)[:4] == b"PK\x03\x04":
            layout.shape, layout.parts = _unpacked(file, limit)
        if layout.shape != "xlsx":
            layout.rows = sum(_read_text(file, layout, part) for part in layout.parts)
        for part in layout.parts:
            _note_columns(file, layout, part)
    layout.columns = _united(layout.parts)
    with rows(job, layout) as found:
        layout.samples = _samples([record.cells for record in islice(found, _LOOKED_AT) if not record.fault], layout)
    return layout


def _unpacked(file: IO[bytes], limit: int) -> tuple[str, list[Part]]:
    """What a zip file holds: a workbook, or tables. Nothing is ever written to a disk, so no path leads anywhere."""
    try:
        with ZipFile(file) as archive:
            members = [one for one in archive.infolist() if not one.is_dir() and not _is_litter(one.filename)]
    except (BadZipFile, NotImplementedError, ValueError) as error:
        raise ImportRefused(f"the zip file is damaged ({error})") from None
    book = any(one.filename == "xl/workbook.xml" for one in members)
    chosen = members if book else _tables(members)
    # No more than it declares is ever read of a member.
    if (size := sum(one.file_size for one in chosen)) > limit:
        raise ImportRefused(
            f"unpacked the file would be {in_megabytes(size)}, more than the {in_megabytes(limit)} that are allowed "
            "(audience.imports.max_bytes)"
        )
    if any(one.flag_bits & 1 for one in chosen):
        raise ImportRefused("the zip file asks for a password; make one without")
    return ("xlsx", [Part()]) if book else ("zip", [Part(one.filename, _says(one.filename)) for one in chosen])


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _tables(members: Sequence[ZipInfo]) -> list[ZipInfo]:
    found = [one for one in members if re.search(r"\.(csv|tsv|txt)$", one.filename, re.IGNORECASE)]
    people = [one for one in found if one.filename.rpartition("/")[2].startswith("email_list")]
    if len(people) == 1:
        return people  # Substack's zip holds its posts as well
    if len(found) == 1 or (found and all(_says(one.filename) for one in found)):
        return found
    what = f"{len(found)} tables" if found else "no CSV file"
    raise ImportRefused(f"the zip file holds {what}; it must hold one, or be Mailchimp's export as it came")


def _says(member: str) -> str:
    name = member.rpartition("/")[2].lower()
    return next((says for beginning, says in _MAILCHIMP if name.startswith(beginning)), "")


def _read_text(file: io.BufferedReader, layout: Layout, part: Part) -> int:
    """Find out how a part is to be read; return how many rows it seems to have."""
    with stream(file, layout.shape, part) as found:
        text = encodings.scan(found)
    part.encoding = text.encoding
    with stream(file, layout.shape, part) as found:
        part.delimiter = delimiter_of(_first_line(found, part.encoding))
    where = f" ({part.member})" if len(layout.parts) > 1 else ""
    if text.encoding == "cp1252":
        layout.warnings.append(
            f"the file is not UTF-8{where}: it is read as Windows-1252, as Western European spreadsheets write it; see "
            "whether the samples look right"
        )
    if text.broken:
        places = f"{text.broken} places" if text.broken > 1 else "one place"
        layout.warnings.append(f"in {places}{where} the characters are damaged; a � stands there")
    return text.lines


def _first_line(stream: IO[bytes], encoding: str) -> str:
    text = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
    try:
        while (line := text.readline(LONGEST_LINE)) and not line.strip():
            pass
        return line
    finally:
        text.detach()


def _note_columns(file: io.BufferedReader, layout: Layout, part: Part) -> None:
    """Take the first row for the header, unless somebody's address stands in it."""
    found = of_part(file, layout.shape, part)
    first = next(found, None)
    if first is None:
        if len(layout.parts) > 1:
            return
        raise ImportRefused("the file is empty")
    if first.fault:
        raise ImportRefused(f"the first line cannot be read: {first.fault}")
    if len(first.cells) > _WIDEST:
        raise ImportRefused(f"the file has {len(first.cells)} columns; that is no list of people")
    part.header = not is_data(first.cells)
    if not part.header:
        layout.warnings.append("the first line is no header but holds an address; say what the columns are")
    named = first.cells if part.header else [""] * len(first.cells)
    part.columns = [" ".join(name.split())[:100] or f"column {number}" for number, name in enumerate(named, 1)]
    if part.header and (twice := sorted({name for name in part.columns if part.columns.count(name) > 1})):
        layout.warnings.append(f"several columns have one header: {', '.join(twice)[:200]}; the first of each counts")


def _united(parts: Sequence[Part]) -> list[str]:
    """The columns of all parts, each once; where there are several, also which of them a row stands in."""
    if len(parts) == 1:
        return parts[0].columns
    return [*dict.fromkeys(name for part in parts for name in part.columns), OF_MEMBER]


def _samples(seen: Sequence[Sequence[str]], layout: Layout) -> list[list[str]]:
    return [list(islice(_values(seen, at), SAMPLES)) for at in range(len(layout.columns))]


def _values(seen: Sequence[Sequence[str]], at: int) -> Iterator[str]:
    for cells in seen:
        if value := " ".join(cells[at].split()):
            yield value[:_LONGEST_SAMPLE]
