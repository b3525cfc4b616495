"""CSV as it goes out: row by row, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

from subscribers.exporting import harmless


class _Echo:
    def write(self, line: str) -> str:
        return line


def stream(name: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> StreamingHttpResponse:
    """A download whose rows are written as they are read, however many there are."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"  # without it Excel takes UTF-8 for something else
        yield writer.writerow(header)
        for row in rows:
            yield writer.writerow([harmless(cell if isinstance(cell, int | float) else str(cell)) for cell in row])

    return download(name, lines())


def download(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """Lines of CSV as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
