"""A post's HTML as text that reads well in a terminal: wrapped, quoted, listed, its links numbered."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

from newsletter import holes
from newsletter.render.blocks import Block
from newsletter.render.vocabulary import BLOCKS, HEADINGS, HIDDEN, SEPARATORS
from newsletter.render.words import emojize

WIDTH = 72
# Deeper lists and quotes are set no further in: the line would have no room for words.
_DEEPEST = 6
_BREAKS = (BLOCKS | SEPARATORS | {"tr"}) - {"li", "pre"}
# A link that shows its own address needs no number.
_SCHEME = re.compile(r"^https?://(www\.)?|/$")
_SPACE = re.compile(r"[ \t\r\n\f]+")


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """Plain text in lines of 72 characters; addresses and long words stay whole, holes count as what fills them may."""
    text, found = holes.folded(text)
    lines = (
        textwrap.wrap(
            line, WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest,
            break_long_words=False, break_on_hyphens=False,
        )
        for line in text.split("\n")
    )  # fmt: skip
    return holes.unfolded("\n".join("\n".join(line) for line in lines), found)


def plain(html: str | Iterable[Block]) -> str:
    """The HTML, or its blocks, as text, its links in a numbered list at the end."""
    reader = _Reader()
    reader.feed(html if isinstance(html, str) else "\n".join(map(_html, html)))
    reader.close()
    reader.flush()
    if reader.links:
        reader.written.append("\n".join(f"[{number}] {url}" for url, number in reader.links.items()))
    return "\n\n".join(reader.written)


def _html(block: Block) -> str:
    """A block as the HTML that it was cut from."""
    if block.kind == "heading":
        return f"<h{block.level}>{block.emoji} {block.html}</h{block.level}>"
    if block.kind == "quote":
        return f"<blockquote>{block.html}</blockquote>"
    if block.kind == "image":
        return f'<p><img alt="{escape(block.alt)}"></p><p>{block.html}</p>'
    if block.kind == "rule":
        return "<hr>"
    return f"<p>{block.html}</p>" if block.kind == "switch" else str(block.html)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self.links: dict[str, int] = {}
        self.line: list[str] = []
        self.indents: list[tuple[str, str]] = []
        self.lists: list[int | None] = []
        self.bullet = ""
        self.hidden: list[str] = []
        self.pre = False
        self.tight = False
        self.rows = False
        self.anchor: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden.append(tag)
        if tag in _BREAKS or tag in ("li", "pre", "hr"):
            self.flush()
        if method := getattr(self, f"_start_{tag}", None):
            method(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and tag == self.hidden[-1]:
            self.hidden.pop()
        elif tag in HEADINGS:
            self._end_heading(tag)
        elif tag in ("td", "th"):
            self.line.append("  |  ")
        elif method := getattr(self, f"_end_{tag}", None):
            method()
        elif tag in _BREAKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.line.append(data if self.pre else _SPACE.sub(" ", emojize(data)))

    def flush(self) -> None:
        """End the paragraph that is being read."""
        text = "".join(self.line)
        self.line.clear()
        if self.pre:
            self._write(textwrap.indent(text.strip("\n"), "    "))
        elif text := _tidy(text):
            first, rest = self._indent()
            self._write(wrap(text, first, rest), tight=bool(self.bullet) or self.rows)
            self.bullet = ""

    def _write(self, paragraph: str, tight: bool = False) -> None:
        """Items of one list and rows of one table follow each other without an empty line."""
        if tight and self.tight:
            self.written[-1] += "\n" + paragraph
        else:
            self.written.append(paragraph)
        self.tight = bool(self.lists) or self.rows

    def _indent(self) -> tuple[str, str]:
        rest = "".join(one for _, one in self.indents[-_DEEPEST:])
        return (rest[: -len(self.bullet)] + self.bullet if self.bullet else rest), rest

    def _start_br(self, _: dict[str, str | None]) -> None:
        self.line.append("\n")

    def _start_hr(self, _: dict[str, str | None]) -> None:
        self._write("* * *")

    def _start_img(self, attrs: dict[str, str | None]) -> None:
        if alt := (attrs.get("alt") or "").strip():
            self.line.append(f"[{_SPACE.sub(' ', alt)}]")

    def _start_pre(self, _: dict[str, str | None]) -> None:
        self.pre = True

    def _end_pre(self) -> None:
        self.flush()
        self.pre = False

    def _start_blockquote(self, _: dict[str, str | None]) -> None:
        self.indents.append(("> ", "> "))

    def _end_blockquote(self) -> None:
        self.flush()
        self._dedent("> ")

    def _start_ul(self, _: dict[str, str | None]) -> None:
        self.lists.append(None)

    def _start_ol(self, attrs: dict[str, str | None]) -> None:
        start = attrs.get("start") or ""
        self.lists.append(int(start) if start.isdecimal() else 1)

    def _end_ul(self) -> None:
        self.flush()
        if self.lists:
            self.lists.pop()
        self.tight = bool(self.lists)

    _end_ol = _end_ul

    def _start_table(self, _: dict[str, str | None]) -> None:
        self.rows = True

    def _end_table(self) -> None:
        self.flush()
        self.rows = self.tight = False

    def _start_li(self, _: dict[str, str | None]) -> None:
        number = self.lists[-1] if self.lists else None
        self.bullet = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1
        self.indents.append(("", " " * len(self.bullet)))

    def _end_li(self) -> None:
        self.flush()
        self.bullet = ""
        self._dedent(" ")

    def _dedent(self, mark: str) -> None:
        if self.indents and self.indents[-1][1].startswith(mark):
            self.indents.pop()

    def _start_a(self, attrs: dict[str, str | None]) -> None:
        href = attrs.get("href") or ""
        self.anchor = (href, len(self.line)) if href.lower().startswith(("http://", "https://", "mailto:")) else None

    def _end_a(self) -> None:
        if self.anchor is None:
            return
        (href, start), self.anchor = self.anchor, None
        shown = "".join(self.line[start:]).strip()
        if shown and _SCHEME.sub("", shown) != _SCHEME.sub("", href.removeprefix("mailto:")):
            self.line.append(f" [{self.links.setdefault(href, len(self.links) + 1)}]")

    def _end_heading(self, tag: str) -> None:
        start = len(self.written)
        self.flush()
        if len(self.written) > start and not self.indents:
            widest = max(map(len, self.written[-1].split("\n")))
            self.written[-1] += "\n" + ("=" if tag == "h1" else "-") * min(WIDTH, max(3, widest))


def _tidy(text: str) -> str:
    lines = (_SPACE.sub(" ", line).strip(" ").removesuffix("|").rstrip(" ") for line in text.split("\n"))
    return "\n".join(lines).strip("\n")
