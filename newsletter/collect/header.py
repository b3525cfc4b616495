"""How large an image is, read from its first bytes; nothing of it is ever decoded.

A picture of a few kilobytes can claim to be gigabytes of pixels. Pillow reads the headers of JPEG, with all its
variants, and stops there; of WebP it would set up the whole canvas, so the simple headers are read here.
"""

from __future__ import annotations

import io
import struct

from PIL import Image

from newsletter.markup.images import UNKNOWN, Size

ENOUGH = 65_536  # bytes: within them any usual image has said how large it is
_LARGEST = 20_000  # pixels on a side; no picture of a mail is larger, and a claim beyond is a trap or a mistake
_FORMATS = ("JPEG", "GIF", "BMP")
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)
# What Pillow lets out on headers that are broken.
_FAULTS = (
    OSError, ValueError, SyntaxError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError, struct.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


def size_of(head: bytes) -> Size:
    """The size that an image claims in its first bytes; unknown if it is none that a mail can show."""
    width, height = _png(head) or _webp(head) or _avif(head) or _by_pillow(head)
    return Size(width, height) if 0 < width <= _LARGEST and 0 < height <= _LARGEST else UNKNOWN


def _by_pillow(head: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(head), formats=_FORMATS) as image:
            turned = image.format == "JPEG" and image.getexif().get(_ORIENTATION) in _TURNED
            width, height = image.size
    except _FAULTS:
        return 0, 0  # no image, or cut off before it says: then it has no size, and that is all
    return (height, width) if turned else (width, height)


def _png(head: bytes) -> tuple[int, int] | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n") or len(head) < 24:
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _webp(head: bytes) -> tuple[int, int] | None:
    """RFC 9649: the canvas of an extended file, else the frame of a lossless or a lossy one."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _avif(head: bytes) -> tuple[int, int] | None:
    """The first `ispe` property of an AVIF or HEIC file: version and flags, width, height."""
    if head[4:8] != b"ftyp":
        return None
    place = head.find(b"ispe")
    if not 0 < place <= len(head) - 16:
        return None
    width, height = struct.unpack(">II", head[place + 8 : place + 16])
    return width, height
