"""What a reader wrote, as HTML: every character as typed, in paragraphs, its web addresses made links."""

from __future__ import annotations

import re
from html import escape

from newsletter.markup.text import scrub

LONGEST = 5_000
"""Characters of a reply; what is longer was not written by hand."""

_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\^{|}\u2028\u2029]{1,500}", re.IGNORECASE)
_TRAILING = ".,;:!?)]}»”’…"


def tidied(text: str) -> str:
    """The text with plain line ends, no control characters, no spaces at line ends and no more than one empty line."""
    text = scrub(re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", text))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def to_html(text: str) -> str:
    """Paragraphs of escaped text. Nothing in it can be markup, and its links lend nobody a reputation."""
    paragraphs = re.split(r"\n\s*\n", tidied(text))
    return "\n".join(f"<p>{_linked(paragraph).replace(chr(10), '<br>')}</p>" for paragraph in paragraphs if paragraph)


def _linked(text: str) -> str:
    out, at = [], 0
    for match in _ADDRESS.finditer(text):
        url = match[0].rstrip(_TRAILING)
        out.append(escape(text[at : match.start()]))
        out.append(f'<a href="{escape(url)}" rel="nofollow ugc noopener">{escape(url)}</a>')
        at = match.start() + len(url)
    return "".join(out) + escape(text[at:])
