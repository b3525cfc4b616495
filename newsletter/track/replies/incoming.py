"""Incoming: a mail that arrived, by whatever way, in one normal form. Nothing about a mail is too broken for it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32
from email.utils import getaddresses
from itertools import islice

from newsletter.markup.text import collapse, scrub

# What servers write the address into that a mail was really for; To and Cc are what its author wrote.
_RECIPIENTS = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "X-Forwarded-To")
_HEADER = 998
_MOST = 50  # recipients looked at, and headers of one name; no reply has more

# What a mail may be before its rest is left alone. The email package takes quadratic time over headers made to that
# end, and walks parts within parts recursively.
_HEADERS = 128_000  # bytes before the first empty line; large providers stop at half of it
_PARTS = 1_000  # lines that may begin a part
_DEEPEST = 50
_NO_TEXT = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}  # nobody writes mail in these
_BLANK = re.compile(rb"\r?\n\r?\n")
_FIELDS = re.compile(rb"\r?\n(?![ \t])")
_DASHES = re.compile(rb"^--", re.MULTILINE)


class Bounded(Compat32):
    """The email package's own policy, with no header longer than twenty lines, in the mail or in any part of it."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """A header as it came, or the beginning of it."""
        name, value = super().header_source_parse(sourcelines)
        return name[:_HEADER], value[: 20 * _HEADER]


BOUNDED = Bounded()


@dataclass(frozen=True)
class Incoming:
    """Headers, text, HTML, and what stood on the envelope. `attachments` are names; their content was never read."""

    headers: Mail
    text: str = ""
    html: str = ""
    envelope_to: tuple[str, ...] = ()
    envelope_from: str | None = None
    attachments: tuple[str, ...] = ()
    cut: bool = False

    @classmethod
    def of_bytes(
        cls, data: bytes, envelope_to: Sequence[str] = (), envelope_from: str | None = None, cut: bool = False
    ) -> Incoming:
        """A mail as it came over the wire; `cut` says that only its beginning is here."""
        short = shortened(data)
        cut = cut or len(short) < len(data)
        try:
            mail = BytesParser(policy=BOUNDED).parsebytes(short)
        except RecursionError:  # parts within parts, hundreds deep
            mail, cut = headers_of(short), True
        return cls.of_mail(mail, envelope_to, envelope_from, cut)

    @classmethod
    def of_mail(
        cls, mail: Mail, envelope_to: Sequence[str] = (), envelope_from: str | None = None, cut: bool = False
    ) -> Incoming:
        """A mail that was parsed already."""
        text, html, attachments = [], [], []
        for part in _leaves(mail):
            if name := _attached(part):
                attachments.append(name)
            elif part.get_content_type() == "text/html":
                html.append(_decoded(part))
            elif part.get_content_maintype() == "text":
                text.append(_decoded(part))
        return cls(
            mail, "\n".join(text), "\n".join(html), tuple(envelope_to), envelope_from, tuple(attachments), cut
        )  # fmt: skip

    def header(self, name: str) -> str:
        """A header's text on one line, its encoded words decoded; empty where there is none."""
        return readable(self.headers.get(name))

    def every(self, name: str) -> list[str]:
        """All headers of this name."""
        return [readable(value) for value in self.headers.get_all(name, [])[:_MOST]]

    @property
    def sender(self) -> tuple[str, str]:
        """The name and the address in From."""
        # Taken apart first and decoded then: what is encoded may hold anything, brackets too.
        name, address = next(iter(_addresses([_raw(self.headers.get("From"))])), ("", ""))
        return readable(name), readable(address)

    @property
    def recipients(self) -> list[str]:
        """Every address this mail may have been for, the envelope's first."""
        written = [_raw(value) for name in _RECIPIENTS for value in self.headers.get_all(name, [])[:_MOST]]
        found = (address for one in written for _, address in _addresses([one])[:_MOST] if address)
        return [*self.envelope_to, *islice(found, _MOST)]


def headers_of(data: bytes) -> Mail:
    """The headers of a mail alone."""
    return BytesHeaderParser(policy=BOUNDED).parsebytes(shortened(data))


def shortened(data: bytes) -> bytes:
    """A mail without what no mail has: headers by the thousand, parts by the thousand."""
    blank = _BLANK.search(data)
    end = blank.start() if blank else len(data)
    if end > _HEADERS:
        data = b"\n".join(_first(data[:end])) + data[end:]
    starts = [match.start() for match in islice(_DASHES.finditer(data), _PARTS + 1)]
    return data[: starts[_PARTS]] if len(starts) > _PARTS else data


def _first(block: bytes) -> Iterator[bytes]:
    """The headers of a block as far as there is room, none of them longer than twenty lines."""
    room = _HEADERS
    for field in _FIELDS.split(block):
        if (room := room - min(len(field), 20 * _HEADER)) < 0:
            return
        yield field[: 20 * _HEADER]


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(values)
    except RecursionError:  # comments within comments, thousands deep
        return []


def readable(value: object) -> str:
    """A header's value as a person reads it; what cannot be decoded stays as it came."""
    raw = _raw(value)
    with suppress(LookupError, UnicodeError, ValueError):  # an unknown charset, or words that are none
        raw = str(make_header(decode_header(raw)))
    return collapse(scrub(raw.encode("utf-8", "replace").decode("utf-8")))


def _raw(value: object) -> str:
    return collapse(str(value or "")[: 20 * _HEADER])


def decoded(data: bytes, charset: str | None) -> str:
    """Bytes as text in the charset they claim; where that is unknown or wrong, as UTF-8, else as Windows did it."""
    charset = _known(charset)
    for name in (charset, "utf-8"):
        try:
            return data.decode((name or "utf-8").strip("\"' ") or "utf-8")
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    try:
        return data.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("cp1252", "replace")


def _known(charset: str | None) -> str | None:
    """The charset, unless it is a codec of Python's for other things than texts, which may take very long."""
    with suppress(LookupError, ValueError):
        if charset and codecs.lookup(charset.strip("\"' ")).name.replace("-", "_") in _NO_TEXT:
            return None
    return charset


def _leaves(mail: Mail, deep: int = 0) -> Iterator[Mail]:
    """The parts of a mail, but nothing that lies inside a mail attached to it."""
    if not mail.is_multipart():
        yield mail
        return
    if mail.get_content_type() == "message/rfc822":
        yield mail
        return
    if deep > _DEEPEST:
        return
    for part in mail.get_payload():
        if isinstance(part, Mail):
            yield from _leaves(part, deep + 1)


def _attached(part: Mail) -> str:
    """The name of a part that is an attachment; the empty string for one that is to be read."""
    name = readable(part.get_filename())
    shown = part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"
    return "" if shown and not name else (name or part.get_content_type())[:100]


def _decoded(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    return decoded(payload, part.get_content_charset()) if isinstance(payload, bytes) else str(payload or "")
