"""Running text of a post as lines: wrapped, quoted, listed, its links numbered."""

from __future__ import annotations

import re
import textwrap
from html.parser import HTMLParser

import regex

from newsletter import holes
from newsletter.markup.text import with_emoji
from newsletter.render.vocabulary import BLOCKS, HIDDEN, SEPARATORS
from newsletter.render.words import is_rtl, width

WIDTH = 72
# Deeper lists and quotes are set no further in: the line would have no room for words.
_DEEPEST = 6
_BREAKS = (BLOCKS | SEPARATORS | {"tr"}) - {"li", "pre"}
# A link that shows its own address needs no number.
_SCHEME = re.compile(r"^https?://(www\.)?|/$")
_SPACE = re.compile(r"[ \t\r\n\f]+")
# Chinese and Japanese lines may end after any character, but none begins with what closes a clause.
_UNIT = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}ー々〆][、。，．！？：；」』）】〉》ー…\p{Mn}]*|[^\p{Han}\p{Hiragana}\p{Katakana}ー々〆]+"
)


class LinkBook:
    """The numbers of the links of a mail, running through all of its stories."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._used: dict[str, int] = {}

    def number(self, address: str) -> int:
        """The number of an address; the same wherever it comes again."""
        self._used[address] = self._numbers.setdefault(address, len(self._numbers) + 1)
        return self._used[address]

    def listed(self) -> str:
        """The addresses numbered since the last list, one a line; empty if there are none."""
        used, self._used = self._used, {}
        return "\n".join(f"[{number}] {address}" for address, number in sorted(used.items(), key=lambda one: one[1]))


def flowing(html: str, book: LinkBook) -> str:
    """Well-formed HTML as text, a blank line between its paragraphs."""
    reader = _Flow(book)
    reader.feed(html)
    reader.close()
    reader.flush()
    return "\n\n".join(reader.written)


def picture(alt: str) -> str:
    """What stands for an image; nothing for one that only adorns."""
    alt = _SPACE.sub(" ", alt).strip()
    # An English label would turn a line of Arabic or Hebrew around.
    return f"[{'🖼️' if is_rtl(alt) else 'Picture:'} {alt}]" if alt else ""


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """Plain text in lines of 72 columns, as wide as they look; addresses and long words stay whole.

    A hole counts as what fills it may.
    """
    rest = first if rest is None else rest
    text, found = holes.folded(text)
    return holes.unfolded("\n".join("\n".join(_wrapped(line, first, rest)) for line in text.split("\n")), found)


def _wrapped(line: str, first: str, rest: str) -> list[str]:
    if line.isascii():
        return textwrap.wrap(
            line, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
        )
    lines, current, wide = list[str](), first, width(first)
    started = False
    for space, unit in _units(line):
        length = width(unit)
        if started and wide + len(space) + length > WIDTH:
            lines.append(current)
            current, wide, space = rest, width(rest), ""
        joined = space if started else ""
        current, wide, started = current + joined + unit, wide + len(joined) + length, True
    return [*lines, current] if started else lines


def _units(line: str) -> list[tuple[str, str]]:
    """What no line may break within, each with the space before it; a no-break space is no place to break."""
    found = []
    for word in re.split(r"[ \t]+", line.strip(" \t")):
        for index, unit in enumerate(_UNIT.findall(word)):
            found.append(("" if index else " ", unit))
    return found


class _Flow(HTMLParser):
    """Reads running text: paragraphs, lists, quotes, code; a table inside them is a row a line."""

    def __init__(self, book: LinkBook) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self.book = book
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
        elif tag in ("td", "th"):
            self.line.append("  |  ")
        elif method := getattr(self, f"_end_{tag}", None):
            method()
        elif tag in _BREAKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.line.append(data if self.pre else _SPACE.sub(" ", with_emoji(data)))

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
        self.line.append(picture(attrs.get("alt") or ""))

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
            self.line.append(f" [{self.book.number(href)}]")


def _tidy(text: str) -> str:
    lines = (_SPACE.sub(" ", line).strip(" ").removesuffix("|").rstrip(" ") for line in text.split("\n"))
    return "\n".join(lines).strip("\n")
