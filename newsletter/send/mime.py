"""A message as bytes, its headers written by hand.

Python's email package folds a long List-Unsubscribe into encoded words, which kills one-click unsubscribe, and damages
some emoji subjects. So names and subjects are encoded here, grapheme by grapheme, and addresses are never folded.
"""

from __future__ import annotations

import base64
import quopri
import re
from datetime import datetime
from email.utils import format_datetime

import regex

from newsletter.send.mailing import Mailing, Reader
from subscribers.addresses import on_the_wire

_LINE = 998  # RFC 5321, 4.5.3.1.6, without CRLF
_WORD = 39  # bytes in an encoded word: with `Subject: ` before it, a line of no more than 76 characters (RFC 2047)
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")


def build(mailing: Mailing, reader: Reader, now: datetime) -> bytes:
    """The whole message for one reader, lines ending in CRLF."""
    sender = mailing.newsletter.sender
    boundary = f"=_{mailing.digest[:32]}"
    headers = {
        "Date": format_datetime(now),
        "From": address(sender.name, sender.address),
        "To": address(reader.values["name"], reader.email),
        **({"Reply-To": address("", reply_to)} if (reply_to := mailing.reply_to(reader.reply)) else {}),
        "Subject": unstructured("Subject", mailing.filled("subject", reader)),
        "Message-ID": f"<{reader.ref}.{mailing.newsletter_id}.{mailing.slug}@{mailing.domain}>",
        **mailing.list_headers(reader.token),
        **mailing.bulk_headers(),
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parts = (_part("plain", mailing.filled("text", reader)), _part("html", mailing.filled("html", reader)))
    body = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts)
    return f"{head}{body}\r\n--{boundary}--\r\n".encode("ascii")


def address(name: str, email: str) -> str:
    """A mailbox for From, To or Reply-To: `Atlas News <hello@example.org>`, the address in its ASCII form."""
    ascii_email = on_the_wire(email)
    name = one_line(name)
    if not name:
        return ascii_email
    if name.isascii() and "=?" not in name:
        shown = name if _ATOM.match(name) else '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
        if len(shown) < 200:
            return f"{shown} <{ascii_email}>"
    return f"{_encoded_words(name)}\r\n <{ascii_email}>"


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
    words, word = [], b""
    for grapheme in regex.findall(r"\X", text):
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
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in (*words, word))


def _pieces(grapheme: str) -> list[bytes]:
    return [character.encode() for character in grapheme]


def _part(subtype: str, text: str) -> str:
    """One alternative: as it is where every line is short ASCII, else quoted-printable."""
    lines = text.splitlines()
    plain = text.isascii() and all(len(line) <= _LINE for line in lines)
    charset = "us-ascii" if text.isascii() else "utf-8"
    body = "\r\n".join(lines) if plain else _quoted_printable(lines)
    encoding = "7bit" if plain else "quoted-printable"
    head = f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return f"{head}\r\n{body}\r\n"


def _quoted_printable(lines: list[str]) -> str:
    data = quopri.encodestring("\n".join(lines).encode()).decode("ascii")
    return data.replace("\n", "\r\n")
