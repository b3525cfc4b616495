"""The rows of a CSV file, one at a time, whatever its lines hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

LONGEST_LINE = 1 << 20
"""Characters of a line; what is longer is no row of a table."""
_SWALLOWED = re.compile(r"[\r\n].*@", re.DOTALL)  # a cell that runs on into lines with addresses of their own


class Record(NamedTuple):
    """A row: the line it begins at, its cells; or why it cannot be read."""

    line: int
    cells: list[str]
    fault: str = ""


class _TooLong(Exception):
    """A line that has no end."""


class _Lines:
    """The lines of a text for csv.reader: those of the row at hand are kept, so that they can be read once more."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._again, self.number = text, list[str](), 0
        self.held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
            self._pass_over()
            raise _TooLong
        self.held.append(line)
        return line.replace("\0", "") if "\0" in line else line

    def read_again(self, first: int) -> None:
        """Go back to the line after the one that the row at hand began with."""
        self._again += reversed(self.held[1:])
        self.number = first

    def _pass_over(self) -> None:
        while (line := self._text.readline(LONGEST_LINE)) and line[-1] not in "\r\n":
            pass


def records(text: TextIO, delimiter: str, width: int = 0) -> Iterator[Record]:
    """Every row that is not blank.

    A quotation mark that is never closed costs its own row alone: the lines it ran on into are read once more, and
    those that have as many cells as the file has columns (`width`) are rows like any other.
    """
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    opened, until = 0, 0  # the line of the last open quotation mark, and how far it ran on
    while True:
        first = lines.number + 1
        lines.held.clear()
        try:
            cells = next(reader, None)
        except (csv.Error, _TooLong) as error:
            fault = _fault(error)
        else:
            if cells is None:
                return
            fault = _swallowed(cells) if len(lines.held) > 1 else ""
        if fault:
            opened, until = first, max(until, lines.number)
            lines.read_again(first)
            yield Record(first, [], fault)
        elif first <= until and len(cells or ()) != width:
            if any(cells or ()):
                yield Record(first, [], f"this belongs to line {opened}, where a quotation mark is not closed")
        elif cells and any(cells):
            yield Record(first, cells)


def _swallowed(cells: list[str]) -> str:
    return "a quotation mark is not closed" if any(_SWALLOWED.search(cell) for cell in cells) else ""


def _fault(error: Exception) -> str:
    if isinstance(error, _TooLong):
        return "this line is longer than a million characters"
    said = str(error)
    if "field larger" in said:
        return f"a cell is larger than {csv.field_size_limit():,} characters, or a quotation mark is not closed"
    if "end of data" in said:
        return "a quotation mark is not closed"
    if "expected after" in said:
        return "text follows a closing quotation mark"
    return f"this cannot be read as CSV: {said}"


def delimiter_of(line: str) -> str:
    """What stands between the cells of a first line; spreadsheets write semicolons where the comma is decimal."""
    plain = re.sub(r'"[^"]*"', "", line)
    return max(",;\t|", key=plain.count)
