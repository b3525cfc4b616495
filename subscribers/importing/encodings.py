"""Which characters the bytes of a file stand for, and how much there is of it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import IO

from subscribers.importing.refused import ImportRefused

IN_WORDS = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252 (Western European)",
}  # fmt: skip
_BLOCK = 1 << 18
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# What people rename, or upload by mistake: it is told by its first bytes.
_OTHERS = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file; save it as .xlsx or CSV"),
    (b"\x1f\x8b", "a gzip file; unpack it first, or use zip"),
    (b"Rar!", "a RAR file; unpack it first, or use zip"),
    (b"7z\xbc\xaf", "a 7z file; unpack it first, or use zip"),
    (b"{\\rtf", "a document with formatting"),
    (b"SQLite format 3", "a database"),
)
# These five bytes are no character in Windows-1252.
_NOT_WINDOWS = b"\x81\x8d\x8f\x90\x9d"
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\0")


@dataclass
class Text:
    """How the bytes are to be read, how many lines there are, and in how many places they are damaged."""

    encoding: str
    lines: int = 0
    broken: int = 0


def scan(stream: IO[bytes]) -> Text:
    """Look through the whole of a file, a block at a time. Raises ImportRefused if it is no text."""
    head = stream.read(_BLOCK)
    _insist_on_text(head)
    if encoding := _marked(head):
        return Text(encoding, _lines(stream, head))
    return _judged(stream, head)


def _insist_on_text(head: bytes) -> None:
    for beginning, what in _OTHERS:
        if head.startswith(beginning):
            raise ImportRefused(f"this is not a table but {what}")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 50 > len(head):
        raise ImportRefused("this is not a table: it does not hold text")


def _marked(head: bytes) -> str:
    """The encoding that the file names itself, or that its NULs betray."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[:4096]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 5 > len(sample):
        return "utf-16-be" if even > odd else "utf-16-le"
    return ""


def _lines(stream: IO[bytes], head: bytes) -> int:
    lines = 0
    while head:
        lines += head.count(b"\n") or head.count(b"\r")
        head = stream.read(_BLOCK)
    return lines


def _judged(stream: IO[bytes], block: bytes) -> Text:
    """UTF-8 if it is, or all but is; else Windows-1252, which spreadsheets write where nobody tells them otherwise."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text, proper, strange = Text("utf-8"), 0, 0
    while block:
        text.lines += block.count(b"\n") or block.count(b"\r")
        if not block.isascii():
            found = decoder.decode(block)
            text.broken += found.count("\ufffd")
            proper += len(block) - len(found)
            strange += len(block) - len(block.translate(None, _NOT_WINDOWS))
        block = stream.read(_BLOCK)
    if text.broken and proper < 10 * text.broken:
        if strange:
            raise ImportRefused("the characters are neither UTF-8 nor Windows-1252; save the file as CSV UTF-8")
        return Text("cp1252", text.lines)
    return text
