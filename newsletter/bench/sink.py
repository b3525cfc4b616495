"""A mail server that takes everything: `python -m newsletter.bench.sink --port 2525 [--log FILE]`.

It speaks ESMTP with PIPELINING, on one thread, and looks for the end of a text without looking at each of its bytes.
With a log, a message's Message-ID and recipients are in that file before the message is answered: whoever kills the
sender, or this server, can count there what has arrived, without asking the sender.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import re
import selectors
import signal
import socket
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

BUFFER = 1 << 20
HEAD = 8192
"""Bytes at the beginning of a text that are looked through for its Message-ID."""
END = b"\r\n.\r\n"
EHLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SMTPUTF8\r\n"
_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(rb"^subject: *([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(rb"<([^>]*)>")


@dataclass
class Trouble:
    """Recipients that are refused: a share of all addresses, the same ones each time."""

    refuse: float = 0.0
    defer: float = 0.0

    def __post_init__(self) -> None:
        self._put_off: set[bytes] = set()

    def refuses(self, address: bytes) -> bool:
        """Whether there is no such mailbox here."""
        return _place(address) < self.refuse

    def answer(self, address: bytes) -> bytes:
        """What RCPT is answered: refused for good, put off the first time, or taken."""
        if self.refuses(address):
            return b"550 5.1.1 no such mailbox\r\n"
        if _place(address) < self.refuse + self.defer and address not in self._put_off:
            self._put_off.add(address)
            return b"451 4.2.0 come back later\r\n"
        return b"250 2.1.5 ok\r\n"


def _place(address: bytes) -> float:
    """Where an address stands among all, from 0 to 1."""
    return zlib.crc32(address) / 2**32


class Sink:
    """The server: its connections, what it has taken, and what it says later."""

    def __init__(self, port: int, *, log: str = "", delay: float = 0.0, trouble: Trouble | None = None) -> None:
        self.trouble, self.delay = trouble or Trouble(), delay
        self.taken = self.connections = 0
        self.buffer = bytearray(BUFFER)
        self.view = memoryview(self.buffer)
        self.selector = selectors.DefaultSelector()
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) if log else -1
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self._listener.setblocking(False)
        self.selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Answer until a signal ends the process."""
        while True:
            for key, ready in self.selector.select(self._wait()):
                key.data(ready)
            while self._later and self._later[0][0] <= time.monotonic():
                heapq.heappop(self._later)[2]()

    def later(self, do: Callable[[], None]) -> None:
        """Do something once the delay is over."""
        heapq.heappush(self._later, (time.monotonic() + self.delay, self.taken, do))

    def take(self, head: bytes, recipients: list[bytes]) -> None:
        """Count a message, and write it down with a single write."""
        self.taken += 1
        if self._log >= 0:
            number, subject = (
                found[1] if found else b"-" for found in (_MESSAGE_ID.search(head), _SUBJECT.search(head))
            )
            line = b"%s\t%s\t%.3f\t%s\n" % (number, b",".join(recipients), time.time(), subject)
            os.write(self._log, line)

    def close(self) -> None:
        """Close everything that is open."""
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]  # sockets, all of them
        self.selector.close()
        if self._log >= 0:
            os.close(self._log)

    @property
    def logs(self) -> bool:
        """Whether anybody wants to know the Message-IDs."""
        return self._log >= 0

    def _wait(self) -> float | None:
        return max(self._later[0][0] - time.monotonic(), 0) if self._later else None

    def _accept(self, ready: int) -> None:
        peer, _ = self._listener.accept()
        self.connections += 1
        Talk(self, peer)


class Talk:
    """One connection: commands until DATA, then the text until its end, then commands again."""

    def __init__(self, sink: Sink, peer: socket.socket) -> None:
        self._sink, self._peer = sink, peer
        self._in_text = self._paused = self._over = self._choked = False
        self._line = b""
        """The beginning of a command whose end has not come."""
        self._last = b""
        """The last bytes of the text so far, in which its end may have begun."""
        self._head = b""
        self._rest = b""
        """What came behind a text whose answer is still to be given."""
        self._recipients: list[bytes] = []
        self._out = bytearray(b"220 sink ESMTP\r\n")
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sink.selector.register(peer, selectors.EVENT_READ, self._ready)
        self._flush()

    def _ready(self, ready: int) -> None:
        if ready & selectors.EVENT_WRITE:
            self._flush()
        if ready & selectors.EVENT_READ and not self._over:
            self._read()

    def _read(self) -> None:
        try:
            end = self._peer.recv_into(self._sink.view)
        except BlockingIOError:
            return
        except OSError:  # the other side was killed
            end = 0
        if not end:
            self._close()
            return
        self._go_on(self._sink.buffer, end)

    def _go_on(self, data: bytearray | bytes, end: int) -> None:
        at = 0
        while at < end and not self._over:
            if self._paused:
                self._rest += data[at:end]
                break
            at = self._text(data, at, end) if self._in_text else self._commands(data, at, end)
        self._flush()

    def _commands(self, data: bytearray | bytes, at: int, end: int) -> int:
        """Answer the next command, and return where it ends."""
        stop = data.find(b"\n", at, end) + 1
        self._line += data[at : stop or end]
        if stop:
            line, self._line = self._line.strip(), b""
            self._out += self._answer(line)
        return stop or end

    def _answer(self, line: bytes) -> bytes:
        match line[:4].upper():
            case b"RCPT":
                return self._recipient(line)
            case b"DATA":
                if not self._recipients:
                    return b"554 5.5.1 no valid recipients\r\n"
                self._in_text, self._last, self._head = True, b"\r\n", b""
                return b"354 go on\r\n"
            case b"MAIL" | b"RSET":
                self._recipients = []
                return b"250 2.1.0 ok\r\n"
            case b"EHLO" | b"HELO":
                return EHLO if line[:1] in b"eE" else b"250 sink\r\n"
            case b"NOOP":
                return b"250 2.0.0 ok\r\n"
            case b"QUIT":
                self._over = True
                return b"221 2.0.0 bye\r\n"
        return b"502 5.5.2 not known here\r\n"

    def _recipient(self, line: bytes) -> bytes:
        found = _ADDRESS.search(line)
        address = found[1] if found else line[8:].strip()
        answer = self._sink.trouble.answer(address)
        if answer.startswith(b"2"):
            self._recipients.append(address)
        return answer

    def _text(self, data: bytearray | bytes, at: int, end: int) -> int:
        """Look for the end of the text, and return how far it has been looked through."""
        if self._sink.logs and len(self._head) < HEAD:
            self._head += data[at : min(end, at + HEAD - len(self._head))]
        # An end that began in what came before can lie no further into this than four bytes.
        across = (self._last + data[at : min(at + 4, end)]).find(END)
        if across >= 0:
            stop = at + across + len(END) - len(self._last)
        elif (found := data.find(END, at, end)) >= 0:
            stop = found + len(END)
        else:
            self._last = (self._last + data[max(at, end - 4) : end])[-4:]
            return end
        self._in_text = False
        self._sink.take(self._head, self._recipients)
        self._recipients = []
        self._said()
        return stop

    def _said(self) -> None:
        """Answer for a text: now, or after the delay, and what came behind it not before."""
        if not self._sink.delay:
            self._out += b"250 2.0.0 taken\r\n"
            return
        self._paused = True
        self._sink.later(self._unpause)

    def _unpause(self) -> None:
        self._paused = False
        self._out += b"250 2.0.0 taken\r\n"
        rest, self._rest = self._rest, b""
        self._go_on(rest, len(rest))

    def _flush(self) -> None:
        if self._peer.fileno() < 0:
            return
        try:
            sent = self._peer.send(self._out) if self._out else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            self._close()
            return
        del self._out[:sent]
        if self._over and not self._out:
            self._close()
            return
        if bool(self._out) != self._choked:
            self._choked = bool(self._out)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._choked else 0)
            self._sink.selector.modify(self._peer, events, self._ready)

    def _close(self) -> None:
        self._over = True
        if self._peer.fileno() >= 0:
            self._sink.selector.unregister(self._peer)
            self._peer.close()


def main(arguments: list[str] | None = None) -> None:
    """Listen, say on which port, and serve until SIGTERM; then say what was taken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--log", default="", help="file that each accepted message is written to before it is answered")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds before a text is answered")
    parser.add_argument("--refuse", type=float, default=0, help="share of addresses refused with 550 5.1.1")
    parser.add_argument("--defer", type=float, default=0, help="share that is answered 451 the first time")
    given = parser.parse_args(arguments)
    sink = Sink(given.port, log=given.log, delay=given.delay / 1000, trouble=Trouble(given.refuse, given.defer))
    signal.signal(signal.SIGTERM, _stop)
    say(port=sink.port)
    try:
        sink.serve()
    except (SystemExit, KeyboardInterrupt):
        say(taken=sink.taken, connections=sink.connections)


def say(**facts: Any) -> None:
    """A line of JSON for whoever started this."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _stop(number: int, frame: object) -> None:
    raise SystemExit


if __name__ == "__main__":
    main()
