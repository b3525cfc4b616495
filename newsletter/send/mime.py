"""A message as bytes, its headers written by hand.

Python's email package folds a long List-Unsubscribe into encoded words, which kills one-click unsubscribe, and damages
some emoji subjects. So names and subjects are encoded here, grapheme by grapheme, and addresses are never folded.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from email.utils import format_datetime

import regex

from newsletter.send.mailing import Mailing, Reader
from newsletter.send.metadata import metadata
from subscribers.addresses import on_the_wire

LINE = 998
"""Characters in a line, without its CRLF (RFC 5321, 4.5.3.1.6)."""
PARTS = {"text": "plain", "html": "html"}
"""The alternatives in their order, and each one's kind of text."""
_WORD = 39  # bytes in an encoded word: with `Subject: ` before it, a line of no more than 76 characters (RFC 2047)
# One by one, but for a few Latin letters at a time, before another one: then nothing that follows belongs to them.
_GRAPHEMES = regex.compile("[ -~\u00c0-\u024f]{1,8}(?=[ -~\u00c0-\u024f])|\\X")
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNSAFE = re.compile(rb"[^\t\n\x20-<>-~]|[\t ](?=\n|\Z)")  # what quoted-printable may not hold as it is
_RUN = re.compile(r".{1,73}(?<!=)(?<!=.)")  # leaves room for a dot's escape and the soft break, and cuts no escape
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")


def build(mailing: Mailing, reader: Reader, now: datetime, *, utf8: bool = False) -> bytes:
    """The whole message for one reader, lines ending in CRLF. `compiled` makes the same one, only faster.

    With `utf8`, for a server that offers SMTPUTF8, the reader's address may be beyond ASCII, and then To is too.
    """
    top = head(
        mailing, date=format_datetime(now), to=address(reader.values["name"], reader.email, utf8=utf8),
        subject=unstructured("Subject", mailing.filled("subject", reader)), ref=reader.ref, token=reader.token,
        reply=reader.reply,
    )  # fmt: skip
    parts = (part(subtype, mailing.filled(name, reader)) for name, subtype in PARTS.items())
    return whole(mailing, top, *parts).encode()


def head(mailing: Mailing, *, date: str, to: str, subject: str, ref: str, token: str, reply: str) -> str:
    """The headers, around what is each reader's own, which is encoded already."""
    sender = mailing.newsletter.sender
    headers = {
        "Date": date,
        "From": address(sender.name, sender.address),
        "To": to,
        **({"Reply-To": address("", reply_to)} if (reply_to := mailing.reply_to(reply)) else {}),
        "Subject": subject,
        "Message-ID": f"<{ref}.{mailing.newsletter_id}.{mailing.slug}@{mailing.domain}>",
        **metadata(mailing.config, ref),
        **mailing.list_headers(token),
        **mailing.bulk_headers(),
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{_boundary(mailing)}"',
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def whole(mailing: Mailing, top: str, *parts: str) -> str:
    """The headers and the alternatives, the plainest first."""
    between = f"\r\n--{_boundary(mailing)}"
    return "".join([top, *(f"{between}\r\n{one}" for one in parts), f"{between}--\r\n"])


def _boundary(mailing: Mailing) -> str:
    return f"=_{mailing.digest[:32]}"


def address(name: str, email: str, *, utf8: bool = False) -> str:
    """A mailbox for From, To or Reply-To: `Atlas News <hello@example.org>`, the address as `on_the_wire` has it."""
    bare = on_the_wire(email, utf8=utf8)
    name = one_line(name)
    if not name:
        return bare
    if name.isascii() and "=?" not in name:
        shown = name if _ATOM.match(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        if len(shown) < 200:
            return f"{shown} <{bare}>"
    return f"{_encoded_words(name)}\r\n <{bare}>"


def unstructured(header: str, text: str) -> str:
    """A header's text on one line if it is short ASCII, else in encoded words, never cut inside a grapheme."""
    text = one_line(text)
    if text.isascii() and len(header) + 2 + len(text) <= 78 and "=?" not in text:
        return text
    return _encoded_words(text)


def one_line(text: str) -> str:
    """Text fit for a header: breaks and control characters are spaces; joiners and wide spaces, which mean
    something in many scripts and emoji, stay."""
    return _BREAKS.sub(" ", text).strip(" ")


def _encoded_words(text: str) -> str:
    if len(data := text.encode()) <= _WORD:
        return _encoded_word(data)
    words, word = [], b""
    for grapheme in _GRAPHEMES.findall(text):
        data = grapheme.encode()
        if len(word) + len(data) > _WORD and word:
            words.append(word)
            word = b""
        # A grapheme of more bytes than a word holds is cut between characters; decoders join the words again.
        for piece in _pieces(grapheme) if len(data) > _WORD else [data]:
            if len(word) + len(piece) > _WORD:
                words.append(word)
                word = b""
            word += piece
    return "\r\n ".join(map(_encoded_word, (*words, word)))


def _encoded_word(data: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(data).decode()}?="


def _pieces(grapheme: str) -> list[bytes]:
    return [character.encode() for character in grapheme]


def part(subtype: str, text: str) -> str:
    """One alternative: as it is where every line is short ASCII, else quoted-printable."""
    lines = text.splitlines()
    if text.isascii() and all(len(line) <= LINE for line in lines):
        return part_head(subtype, "us-ascii", "7bit") + "\r\n".join(lines) + "\r\n"
    return part_head(subtype, "utf-8", "quoted-printable") + quoted_printable("\n".join(lines)) + "\r\n"


def part_head(subtype: str, charset: str, encoding: str) -> str:
    """What stands before the text of an alternative."""
    return f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"


def quoted_printable(text: str) -> str:
    """Lines in quoted-printable (RFC 2045, 6.7): none longer than 76 characters, none beginning with a dot."""
    safe = _UNSAFE.sub(lambda byte: b"=%02X" % ord(byte[0]), text.encode()).decode("ascii")
    return "\r\n".join("=\r\n".join(map(_undotted, _RUN.findall(line))) for line in safe.split("\n"))


def _undotted(run: str) -> str:
    return f"=2E{run[1:]}" if run.startswith(".") else run
