"""The rows of an Excel workbook's first sheet, each cell as people see it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any
from zipfile import BadZipFile

from subscribers.importing.records import Record
from subscribers.importing.refused import ImportRefused


def rows_of(file: IO[bytes]) -> Iterator[Record]:
    """Every row that is not blank, with its number in the sheet. Raises ImportRefused for a workbook that is broken."""
    from openpyxl import load_workbook  # a fifth of a second that only workbooks are worth
    from openpyxl.utils.exceptions import InvalidFileException

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of styles and validations, which mean nothing here
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # some programs write that a sheet is one cell large
            for number, row in enumerate(sheet.iter_rows(), 1):
                cells = [_seen(cell) for cell in row]
                if any(cells):
                    yield Record(number, cells)
        except (InvalidFileException, BadZipFile, LookupError, OSError, ValueError, SyntaxError) as error:
            raise ImportRefused(f"the workbook cannot be read ({error}); save it anew, or as CSV UTF-8") from None


def _seen(cell: Any) -> str:
    """What the cell shows: a date as a date, a number without a needless fraction, zeros that its format asks for."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return _number(value, str(cell.number_format or ""))


def _number(value: Any, format: str) -> str:
    whole = int(value) if isinstance(value, int) or (isinstance(value, float) and value.is_integer()) else None
    if whole is not None and re.fullmatch(r"0+", format):
        return f"{whole:0{len(format)}d}"
    if re.fullmatch(r"0(\.0+)?%", format):
        return f"{value:.{max(len(format) - 3, 0)}%}"
    return str(whole) if whole is not None else repr(value)
