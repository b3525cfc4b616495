"""A table as text: in columns where they fit a line, else a line for each cell."""

from __future__ import annotations

from html.parser import HTMLParser

from newsletter.render.flow import WIDTH, LinkBook, flowing, wrap
from newsletter.render.words import width

_GAP = "  "


def drawn(html: str, book: LinkBook) -> str:
    """The table in aligned columns, or, where it is too wide, its cells below each other with their headings."""
    reader = _Rows(book)
    reader.feed(html)
    reader.close()
    rows = [row for row in reader.rows if any(row)]
    if not rows:
        return reader.caption
    count = max(map(len, rows))
    rows = [row + [""] * (count - len(row)) for row in rows]
    wide = [max(width(row[place]) for row in rows) for place in range(count)]
    fits = sum(wide) + len(_GAP) * (count - 1) <= WIDTH and not any("\n" in cell for row in rows for cell in row)
    body = _aligned(rows, wide, reader.headed) if fits else _listed(rows, reader.headed)
    return "\n\n".join(filter(None, (wrap(reader.caption), body)))


def _aligned(rows: list[list[str]], wide: list[int], headed: bool) -> str:
    lines = [_line(row, wide) for row in rows]
    if headed:
        lines.insert(1, _line(["-" * size for size in wide], wide))
    return "\n".join(lines)


def _line(row: list[str], wide: list[int]) -> str:
    cells = (cell + " " * (size - width(cell)) for cell, size in zip(row, wide, strict=True))
    return _GAP.join(cells).rstrip()


def _listed(rows: list[list[str]], headed: bool) -> str:
    """Each row as lines of `Heading: cell`, an empty line between two rows."""
    head, body = (rows[0], rows[1:]) if headed and len(rows) > 1 else ([""] * len(rows[0]), rows)
    return "\n\n".join("\n".join(_cells(head, row)) for row in body)


def _cells(head: list[str], row: list[str]) -> list[str]:
    pairs = ((" ".join(name.split()), " ".join(cell.split())) for name, cell in zip(head, row, strict=True))
    return [wrap(f"{name}: {cell}" if name else cell, "", "  ") for name, cell in pairs if cell]


class _Rows(HTMLParser):
    """The cells of a table as text; a table inside a cell is part of the cell."""

    def __init__(self, book: LinkBook) -> None:
        super().__init__(convert_charrefs=False)
        self.rows: list[list[str]] = []
        self.caption = ""
        self.headed = False
        self._book = book
        self._depth = 0
        self._cell: list[str] | None = None
        self._span = 1
        self._only_headings = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._depth += tag == "table"
        if self._depth > 1:
            self._keep(self.get_starttag_text() or "")
        elif tag == "tr":
            self.rows.append([])
            self._only_headings = True
        elif tag in ("td", "th", "caption"):
            self._cell = []
            span = dict(attrs).get("colspan") or ""
            self._span = min(int(span), 50) if span.isdecimal() and len(span) < 4 else 1
            self._only_headings &= tag != "td"
        else:
            self._keep(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._keep(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "table"
        if self._depth > 1 or (self._depth == 1 and tag == "table"):
            self._keep(f"</{tag}>")
        elif tag in ("td", "th", "caption"):
            self._end_cell(tag)
        elif tag == "tr":
            self.headed |= len(self.rows) == 1 and self._only_headings
        else:
            self._keep(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def _keep(self, source: str) -> None:
        if self._cell is not None:
            self._cell.append(source)

    def _end_cell(self, tag: str) -> None:
        text = flowing("".join(self._cell or ()), self._book)
        self._cell = None
        if tag == "caption":
            self.caption = text
        elif self.rows:
            self.rows[-1] += [text] + [""] * (self._span - 1)
