"""The file of an import, kept in the database in pieces, so that any machine can go on with it."""

from __future__ import annotations

import io
from typing import IO, Any

from django.db.models import Max

from subscribers.importing.refused import ImportRefused
from subscribers.models import Import, Upload

PIECE = 1 << 20


def store(job: Import, source: IO[bytes], limit: int) -> int:
    """Put the file into the database, a piece at a time; return its size. Raises ImportRefused beyond `limit`."""
    size = number = 0
    while data := source.read(PIECE):
        size += len(data)
        if size > limit:
            raise ImportRefused(f"the file is larger than {in_megabytes(limit)}; split it (audience.imports.max_bytes)")
        Upload.objects.create(of=job, number=number, data=data)
        number += 1
    return size


def opened(job: Import) -> io.BufferedReader:
    """The file as it was uploaded, to be read from anywhere within. Raises ImportRefused if it is not kept any more."""
    if not job.pieces.exists():
        raise ImportRefused("the file is not kept any more; upload it again")
    return io.BufferedReader(Pieces(job), PIECE)


def in_megabytes(size: int) -> str:
    """A number of bytes in words."""
    return f"{size / 1_000_000:,.0f} MB" if size >= 1_000_000 else f"{size:,} bytes"


class Pieces(io.RawIOBase):
    """The pieces of an upload as one file; one of them is in memory at a time."""

    def __init__(self, job: Import) -> None:
        self._job, self._at, self._held, self._piece = job, 0, -1, b""
        last = job.pieces.aggregate(last=Max("number"))["last"] or 0
        self._size = last * PIECE + len(self._load(last))

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes: a zip file is read from its end."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the file."""
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        """The place that is read from next."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, up to the end of a piece."""
        if self._at >= self._size:
            return 0
        number, within = divmod(self._at, PIECE)
        found = self._load(number)[within : within + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _load(self, number: int) -> bytes:
        if number != self._held:
            data = self._job.pieces.values_list("data", flat=True).get(number=number)
            self._held, self._piece = number, bytes(data)
        return self._piece
