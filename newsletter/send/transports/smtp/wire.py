"""A connected socket that sends, and reads answers, with as few calls to the system as that takes."""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import suppress

from newsletter.send.transports.smtp.replies import Reply, joined

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_ANSWER = 65_536  # bytes that may wait for us to read them; no server says so much
_IDLE = 60  # seconds after which the system asks whether the other side is still there


class Lost(Exception):
    """The connection broke off or fell silent, or what came is no answer."""


class Wire:
    """One connection. The socket never blocks: while a long text goes out, what the server says meanwhile is read.

    `timeout` is how long each answer may take, in seconds.
    """

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self._sock, self.timeout = sock, timeout
        self._have, self._at = b"", 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE)
        sock.setblocking(False)

    def send(self, data: bytes) -> None:
        """Write all of it."""
        try:
            sent = self._sock.send(data)
        except _NOT_YET:
            sent = 0
        except OSError as error:
            raise _lost(error) from error
        if sent < len(data):
            self._send_slowly(memoryview(data)[sent:])

    def reply(self) -> Reply:
        """The server's next answer."""
        have, at = self._have, self._at
        end = have.find(b"\n", at)
        if end < 0 or have[at + 3 : at + 4] == b"-":
            return self._read_slowly()
        self._at = end + 1
        return _parsed([have[at:end]])

    def said_early(self) -> Reply | None:
        """An answer that came before the connection broke, if it came whole."""
        with suppress(Lost, *_NOT_YET):
            while True:
                self._take(self._received())
        try:
            return self.reply() if b"\n" in self._have[self._at :] else None
        except Lost:
            return None

    def is_silent(self) -> bool:
        """Whether all that has been read was asked for."""
        return self._at == len(self._have)

    def is_idle(self) -> bool:
        """Whether the server is still there, and has nothing to say unasked."""
        try:
            self._take(self._received())
        except _NOT_YET:  # nothing, or something that concerns the encryption alone
            return self.is_silent()
        except Lost:
            pass
        return False

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def _read_slowly(self) -> Reply:
        until = time.monotonic() + self.timeout
        lines: list[bytes] = []
        while True:
            end = self._have.find(b"\n", self._at)
            if end < 0:
                self._wait_for_more(until)
                continue
            lines.append(self._have[self._at : end])
            self._at = end + 1
            if lines[-1][3:4] != b"-":
                return _parsed(lines)

    def _wait_for_more(self, until: float) -> None:
        while True:
            try:
                self._take(self._received())
                return
            except _NOT_YET:
                if not self._ready(select.POLLIN, until - time.monotonic()):
                    raise Lost("timed out") from None

    def _received(self) -> bytes:
        try:
            data = self._sock.recv(16_384)
        except _NOT_YET:
            raise
        except OSError as error:
            raise _lost(error) from error
        if not data:
            raise Lost("Connection closed")
        return data

    def _take(self, data: bytes) -> None:
        self._have, self._at = self._have[self._at :] + data, 0
        if len(self._have) > _ANSWER:
            raise Lost("the answer has no end")

    def _send_slowly(self, rest: memoryview) -> None:
        """A server that answers before it has read everything must not wait for us while we wait for it."""
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except _NOT_YET:
                self._wait_for_room()
            except OSError as error:
                raise _lost(error) from error

    def _wait_for_room(self) -> None:
        events = self._ready(select.POLLIN | select.POLLOUT, self.timeout)
        if not events:
            raise Lost("timed out")
        if events & ~select.POLLOUT:
            with suppress(*_NOT_YET):
                self._take(self._received())

    def _ready(self, events: int, seconds: float) -> int:
        poll = select.poll()
        poll.register(self._sock, events)
        found = poll.poll(max(seconds, 0) * 1000)
        return found[0][1] if found else 0


def _parsed(lines: list[bytes]) -> Reply:
    line = lines[-1]
    if not (line[:3].isdigit() and b"200" <= line[:3] < b"600" and line[3:4] in b" -\r"):
        raise Lost(f"it answers {line[:100].strip().decode('utf-8', 'replace')!r}")
    return Reply(int(line[:3]), line[4:].strip()) if len(lines) == 1 else joined(lines)


def words(error: OSError) -> str:
    """What went wrong, in the system's words."""
    return error.strerror or str(error) or type(error).__name__


def _lost(error: OSError) -> Lost:
    return Lost(words(error))
