"""The spool: hits are in a file before they are answered, and leave it once the database has them.

A process that answers has a file of its own, locked for as long as it writes there. A hit is one line and one write to
the file, not forced to disk: it is the system's as soon as it is written, so it outlives the process, however that
dies, and not the machine (send/journal.py says more of this). A plain write rather than the journal's shared mapping,
since a disk without room must be an error here and never the end of the process.

Whoever reads the files keeps with the events how far it has come. A file that nobody holds any more is complete: its
process is dead, or has gone on to another, which it does once the file is large, or has been written to for a while,
so that nothing of anybody stays here for long.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from newsletter.track.hits import BadLine, Hit

log = logging.getLogger(__name__)

FOLDER = "spool"
"""The folder's name under `site.var`."""
BYTES = 16_000_000
"""A file of this size is left for another: about a hundred thousand hits."""
AGE = 300.0
"""Seconds after which a file is left for another, however small it is."""
_CHUNK = 1 << 18
"""Bytes read at once: a thousand hits or two, which is as many as one transaction should hold."""
_QUIET = 60.0
"""Seconds between two complaints in the log about one and the same thing."""


class Spool:
    """This process's own file, made when there is something to write; any thread may write to it."""

    def __init__(self, folder: Path, size: int = BYTES, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._limit, self._clock = folder, size, clock
        self._lock = threading.Lock()
        self._handle, self._size, self._began = -1, 0, 0.0
        self._complained = -_QUIET
        self.lost = 0
        """Hits that could not be written since the process began."""
        self.fault = ""
        """Why the last hit could not be written; empty if it was."""

    def write(self, hit: Hit) -> None:
        """Keep a hit. One that cannot be kept is counted, and costs the reader nothing."""
        line = hit.line()
        with self._lock:
            try:
                self._put(line)
                self.fault = ""
            except OSError as error:
                self._lose(error)

    def leave(self) -> None:
        """Leave the file, with what is in it, to whoever reads."""
        with self._lock:
            self._leave()

    def leave_if_old(self) -> None:
        """Leave the file if it has been written to for long enough."""
        with self._lock:
            if self._handle >= 0 and self._clock() - self._began > AGE:
                self._leave()

    def _put(self, line: bytes) -> None:
        if self._handle >= 0 and self._size + len(line) > self._limit:
            self._leave()
        if self._handle < 0:
            self._handle, self._size, self._began = _made(self._folder), 0, self._clock()
        written = os.write(self._handle, line)
        if written < len(line):
            # There was room for a part of it, which must not become the beginning of the next.
            os.ftruncate(self._handle, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def _leave(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _lose(self, error: OSError) -> None:
        self.lost, self.fault = self.lost + 1, error.strerror or str(error)
        if self._clock() - self._complained >= _QUIET:
            self._complained = self._clock()
            log.error(
                "opens and clicks cannot be kept in %s, and do not count: %s (%d lost so far)",
                self._folder, self.fault, self.lost,
            )  # fmt: skip


class Page(NamedTuple):
    """Hits that stand one after another in a file."""

    hits: list[Hit]
    start: int
    end: int
    """Where in the file they begin and end, in bytes."""
    bad: int = 0
    """Lines among them that hold no hit."""


def waiting(folder: Path) -> list[Path]:
    """The files there are, the one first that was written to longest ago."""
    return sorted(folder.glob("*.hits"), key=_written)


def drop(file: Path) -> None:
    """Delete a file so that it is not there again when the machine has lost its power."""
    file.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def stuck(folder: Path, now: float) -> bool:
    """Whether there is a file that nobody has written to for long, and nobody has finished; `now` by the clock."""
    return any(now - at > 2 * AGE for at in map(_written, waiting(folder)))


def _written(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


@contextmanager
def opened(file: Path) -> Iterator[tuple[int, bool]]:
    """A file to read from, and whether it is complete: locked, so that nobody writes to it any more."""
    handle = os.open(file, os.O_RDWR)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield handle, True
        except BlockingIOError:
            yield handle, False
    finally:
        os.close(handle)


def pages(handle: int, start: int, complete: bool) -> Iterator[Page]:
    """What stands in a file from some place on, some hits at a time; of a file that is written to, whole lines only.

    A line that was cut short was never answered for; a loss of power may leave holes of zeros. Both hold no hit.
    """
    while data := os.pread(handle, _CHUNK, start):
        end = data.rfind(b"\n") + 1
        if not end and not complete:
            return
        page = _page(data[: end or len(data)], start)
        yield page
        start = page.end


def _page(data: bytes, start: int) -> Page:
    hits, bad = [], 0
    for line in data.removesuffix(b"\n").split(b"\n"):
        try:
            hits.append(Hit.read(line))
        except BadLine:
            bad += 1
    return Page(hits, start, start + len(data), bad)


def _made(folder: Path) -> int:
    """A new file, open for writing at its end, and locked."""
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        file = folder / f"{uuid.uuid4().hex}.hits"
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Not waited for: who takes it for one that was left behind may hold it for as long as the database hangs.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        if file.exists():
            return handle
        os.close(handle)  # somebody has, and it is gone
