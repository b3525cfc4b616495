"""The words that a reader wrote: out of HTML if need be, without what they quote and without their signature."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from mailparser_reply import EmailMessage
from mailparser_reply.constants import MAIL_LANGUAGES

from newsletter.markup.said import tidied
from newsletter.markup.tags import BLOCKS, SILENT, VOID

READ = 40_000
"""Characters of a mail that are looked at. What a reader adds comes early, or between lines that begin with >."""

_PARSED = 8_000
"""Characters that the library is given, and none in lines longer than a header is: its patterns take cubic time over
long lines made to that end. Paragraphs on one line are kept aside and put back."""

_LANGUAGES = [language for language in MAIL_LANGUAGES if len(language) == 2]
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
# What leads into a quotation, in whatever language: it names an address and ends in a colon, perhaps on a second line.
_LEAD = re.compile(r"^[^\n]{0,200}<[^<>\s]{1,200}@[^<>\s]{1,200}>[^\n]{0,60}[:：]\s*$", re.MULTILINE)
_HEADER_BLOCK = re.compile(
    r"^_{10,}\s*$|^-{3,} ?(?:original|forwarded|ursprüng|message d'origine|mensaje original)",
    re.IGNORECASE | re.MULTILINE,
)
# How mail programs mark what they quote in HTML.
_QUOTES = re.compile(
    r"gmail_quote|moz-cite|yahoo_quoted|protonmail_quote|divrplyfwdmsg|appendonsend|mail-quote|zmail_extra",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LONG_LINE = re.compile(r"^[^\n]{241,}$", re.MULTILINE)
_SHELVED = re.compile("\ue000([0-9]+)\ue001")
_GAPS = BLOCKS | {"hr"}


def reply_of(text: str) -> str:
    """What is new in a plain text: without quotations, the line that leads into them, and the signature."""
    text = tidied(text[:READ])
    unquoted = tidied(_QUOTED_LINE.sub("", _SIGNATURE.split(text, maxsplit=1)[0]))
    first, *others = _parts(_HEADER_BLOCK.split(unquoted, maxsplit=1)[0])
    above, *below = _LEAD.split(first, maxsplit=1)
    if words := tidied(above):
        return words
    # Some write below what they quote. If that was marked line by line, what is left over is theirs.
    return tidied("\n\n".join([*below, *others])) if _QUOTED_LINE.search(text) else ""


def _parts(text: str) -> list[str]:
    """The text cut where one mail quotes another, each part without its header and signature."""
    long: list[str] = []

    def shelve(match: re.Match[str]) -> str:
        long.append(match[0])
        return f"\ue000{len(long) - 1}\ue001"

    short = _LONG_LINE.sub(shelve, text.replace("\ue000", ""))[:_PARSED]
    parsed = EmailMessage(short, languages=list(_LANGUAGES), keep_hyphen_lists=True).read()
    return [_SHELVED.sub(lambda match: long[int(match[1])], one.body) for one in parsed.replies] or [""]


def text_of(html: str) -> str:
    """The text of an HTML mail, line by line, without what its author's program marked as quoted."""
    # html.parser takes quadratic time over comments and tags that never end.
    tags, close, _ = _COMMENT.sub("", html[: 10 * READ]).rpartition(">")
    walk = _Text()
    walk.feed(tags + close or html[:READ].replace("<", ""))
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
