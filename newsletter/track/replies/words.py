"""The words that a reader wrote: out of HTML if need be, without what they quote and without their signature."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from mailparser_reply import EmailReplyParser
from mailparser_reply.constants import MAIL_LANGUAGES

from newsletter.markup.said import tidied
from newsletter.markup.tags import BLOCKS, SILENT, VOID

READ = 40_000
"""Characters of a mail that are looked at. The reply comes first; the library's patterns take their time over more."""

_LANGUAGES = [language for language in MAIL_LANGUAGES if len(language) == 2]
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_HEADER_BLOCK = re.compile(
    r"^_{10,}\s*$|^-{3,} ?(original|forwarded|ursprüng|message d'origine|mensaje original)", re.I | re.M
)
# How mail programs mark what they quote in HTML.
_QUOTES = re.compile(
    r"gmail_quote|moz-cite|yahoo_quoted|protonmail_quote|divrplyfwdmsg|appendonsend|mail-quote|zmail_extra", re.I
)
_GAPS = BLOCKS | {"hr"}


def reply_of(text: str) -> str:
    """What is new in a plain text: without quotations, the line that leads into them, and the signature."""
    text = tidied(text[:READ])
    head = _SIGNATURE.split(text, maxsplit=1)[0]
    parsed = EmailReplyParser(languages=list(_LANGUAGES)).read(head)
    first = parsed.replies[0].body if parsed.replies else ""
    return tidied(_QUOTED_LINE.sub("", _HEADER_BLOCK.split(first, maxsplit=1)[0]))


def text_of(html: str) -> str:
    """The text of an HTML mail, line by line, without what its author's program marked as quoted."""
    walk = _Text()
    walk.feed(html[: 10 * READ])
    walk.close()
    return tidied("".join(walk.out))[:READ]


class _Text(HTMLParser):
    """Writes text, with line ends where blocks begin and end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._skipped, self._depth = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            self._depth += tag == self._skipped
            return
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        if tag not in VOID and (tag in SILENT or tag == "blockquote" or _QUOTES.search(marks)):
            self._skipped, self._depth = tag, 1
        elif tag == "br":
            self.out.append("\n")
        elif tag in _GAPS:
            self.out.append("\n\n" if tag == "p" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._depth -= tag == self._skipped
            if not self._depth:
                self._skipped = ""
        elif tag in _GAPS:
            self.out.append("\n\n" if tag == "p" else "\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.out.append(re.sub(r"[ \t\r\n]+", " ", data))
