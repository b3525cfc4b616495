"""Bytes to text, whatever the server and the document say about their encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from newsletter.markup.text import scrub

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
# Servers name these by habit; what is valid UTF-8 beside non-ASCII letters is UTF-8 all the same.
_HABITS = frozenset(("ascii", "iso8859-1", "cp1252"))
# As browsers read them: the larger set that real documents use.
_LARGER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "iso8859-9": "cp1254"}
# Codecs of Python that no document is in; punycode takes quadratic time.
_STRANGE = frozenset(("idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"))


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a document, without control characters.

    Its byte order mark decides, then the charset of the HTTP header, then its XML declaration, then what fits.
    """
    for name in _candidates(body, content_type):
        try:
            return scrub(body.decode(name))
        except UnicodeDecodeError:
            continue  # it is not what it says; the next candidate may fit
    return scrub(body.decode("cp1252", "replace"))


def _candidates(body: bytes, content_type: str) -> Iterator[str]:
    for mark, name in _MARKS:
        if body.startswith(mark):
            yield name
            break
    header = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", content_type, re.IGNORECASE)
    declaration = re.match(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})", body)
    named = [_known(header[1])] if header else []
    named += [_known(declaration[1].decode("ascii", "replace"))] if declaration else []
    if any(name in _HABITS for name in named[:1]):
        named.insert(0, "utf-8")
    yield from (_LARGER.get(name, name) for name in named if name)
    yield "utf-8"


def _known(name: str) -> str:
    """Python's name for a charset; empty if it has none."""
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, UnicodeError):  # unknown, or not an encoding of text
        return ""
    return "" if found in _STRANGE else found
