"""The journal: what happens on the wire, written down as it happens, because the database hears of it only later.

A lane has one file. It names the claim before the database is asked for it, each message before its text is on the
wire, and each answer as it comes. A record is one line, written into memory that is the file's (a shared mapping), not
forced to disk: it is the system's as soon as it is written, so it outlives the process, however that dies, and not the
machine. So a journal of before the machine last started is believed in what it says, and not in what it leaves out.

The file is as long as it may have to be before the first message goes: a disk that is full stops a sheet before it
begins, and never takes the answers of one that has. And writing is no call to the system, which would have the lanes of
a process wait for each other twice for each message.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from newsletter.send.transports import Outcome, State

log = logging.getLogger(__name__)

_RECORD = 400
"""Bytes kept free for what may be said of one message."""
_FLIGHT = 10
"""Seconds that a database may take to carry out what it was asked by somebody who is no longer there."""
_END = ord("\n")
_WORDS = 300
"""Bytes of an answer that are written down; the database gets all of it if the process lives."""


class Journal:
    """A lane's own file, locked for as long as its process lives. `name` is the lane's."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self.name = folder, uuid.uuid4()
        self._at = self._files = 0
        self._handle, self._news = -1, False
        self._map: mmap.mmap | None = None
        self._lock()

    def open(self, claim: uuid.UUID, number: int) -> None:
        """Begin a sheet of up to so many messages; raise OSError if there is no room for what may be said of them."""
        if self._news:
            # The database has not heard of the sheet before: that is left to whoever looks for journals next.
            self.leave()
            self._lock()
        self._at = 0
        self._unmap()
        size = 200 + number * _RECORD
        os.ftruncate(self._handle, 0)
        _allocate(self._handle, size)
        self._map = mmap.mmap(self._handle, size)
        self._news = True
        self._write(f"sheet {claim} {_boot()}")

    def begin(self, refs: Iterable[str]) -> None:
        """These go on the wire now."""
        self._write("> " + " ".join(refs))

    def unsent(self, refs: Iterable[str]) -> None:
        """These did not, after all."""
        self._write("< " + " ".join(refs))

    def answer(self, outcome: Outcome) -> None:
        """What became of one."""
        self.answer_all([outcome.ref], outcome.state, outcome.reason)

    def answer_all(self, refs: Iterable[str], state: State, reason: str) -> None:
        """What became of several alike."""
        words = reason.encode("utf-8", "replace").replace(b"\n", b" ").replace(b"\r", b"")[:_WORDS]
        self._write(f"= {','.join(refs)} {state.value} {words.decode('utf-8', 'ignore')}")

    def clear(self) -> None:
        """The database knows all of it."""
        self._unmap()
        os.ftruncate(self._handle, 0)
        self._news = False

    def close(self) -> None:
        """Take the file away, unless there is something in it that the database has not heard."""
        if not self._news:
            self._file.unlink(missing_ok=True)
        self.leave()

    def leave(self) -> None:
        """Let go of the file and leave it, with what is in it, to whoever looks for journals next."""
        self._unmap()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _lock(self) -> None:
        self._files += 1
        self._file = self._folder / f"{self.name}.{self._files}.journal"
        while True:
            self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            if _is_still(self._handle, self._file):
                return
            os.close(self._handle)  # somebody took it for one that was left behind, before we had locked it

    def _write(self, line: str) -> None:
        if self._map is None:
            raise ValueError("no sheet is open in this journal")
        data = line.encode()
        end = self._at + len(data)
        self._map[self._at : end] = data
        # Last, so that a line that has its end is whole.
        self._map[end] = _END
        self._at = end + 1

    def _unmap(self) -> None:
        if self._map is not None:
            self._map.close()
            self._map = None


@dataclass
class Left:
    """What a journal says that somebody left behind."""

    lane: uuid.UUID | None
    claim: uuid.UUID | None = None
    whole: bool = True
    """Whether what it does not say did not happen."""
    begun: set[str] = field(default_factory=set)
    answers: dict[str, Outcome] = field(default_factory=dict)
    is_young: bool = False
    """Whether the database may yet hear of the claim: what was asked of it last outlives who asked."""
    later: bool = False
    """Set by the reader to leave the file for another time."""


def left_behind(folder: Path) -> Iterator[Left]:
    """The journals that nobody holds any more, each locked while it is looked at.

    It is taken away when the next one is asked for; whoever does not come back for it leaves it to others. One that we
    may not read keeps nobody from the others: its messages are uncertain once their lease has lapsed.
    """
    for file in sorted(folder.glob("*.journal")):
        try:
            handle = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            continue  # another process was here first
        except OSError as error:
            log.warning("the journal %s cannot be read, and is passed over: %s", file, error.strerror)
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(handle, file):
                left = _read(_lane_of(file), file.read_bytes())
                left.is_young = abs(time.time() - os.fstat(handle).st_mtime) < _FLIGHT
                yield left
                if not left.later:
                    file.unlink()
        except BlockingIOError:
            pass  # its lane is alive
        finally:
            os.close(handle)


def _lane_of(file: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(file.name.partition(".")[0])
    except ValueError:
        return None  # somebody else's file, or renamed


def _read(lane: uuid.UUID | None, data: bytes) -> Left:
    """What stands in a journal; a line that was cut short was written too late to count.

    A loss of power may leave holes anywhere. What is no record then says nothing, and nothing follows from that.
    """
    left = Left(lane)
    for line in data.rstrip(b"\0").split(b"\n")[:-1]:
        try:
            _hear(left, line.decode("utf-8"))
        except ValueError:
            left.whole = False
    return left


def _hear(left: Left, line: str) -> None:
    """Take one record into account; ValueError if it is none."""
    mark, _, rest = line.partition(" ")
    if mark == "sheet":
        claim, boot = rest.split(" ")
        left.claim, left.whole = uuid.UUID(claim), left.whole and boot == _boot() != UNKNOWN
    elif mark == ">":
        left.begun.update(rest.split(" "))
    elif mark == "<":
        left.begun.difference_update(rest.split(" "))
    elif mark == "=":
        refs, state, reason = rest.split(" ", 2)
        left.answers.update({ref: Outcome(ref, State(state), reason) for ref in refs.split(",")})
    else:
        raise ValueError(f"no record begins with {mark!r}")


def _is_still(handle: int, file: Path) -> bool:
    """Whether the file of this name is the one that was opened."""
    try:
        return os.fstat(handle).st_ino == file.stat().st_ino
    except FileNotFoundError:
        return False


UNKNOWN = "unknown"


@lru_cache
def _boot() -> str:
    """What names the time since the machine was last started; unknown where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return UNKNOWN


def _allocate(handle: int, size: int) -> None:
    """Make a file so long that writing into it needs no more room."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:  # macOS has none
        os.pwrite(handle, bytes(size), 0)
