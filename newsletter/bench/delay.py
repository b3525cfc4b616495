"""A long wire: `python -m newsletter.bench.delay --to 2525 --rtt 40` passes everything on, each way half of that later.

It limits no throughput: however much is on its way, all of it arrives as long after it was sent. A connection too takes
as long to be made as it would over such a wire, a round trip and a half until the other side hears of it.
"""

from __future__ import annotations

import argparse
import heapq
import selectors
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from newsletter.bench.sink import say

CHUNK = 1 << 18


class Wire:
    """Listens on one port and connects to another; what comes in on either side leaves on the other in its time."""

    def __init__(self, port: int, to: int, rtt: float) -> None:
        self.to, self.rtt = to, rtt
        # Its waits are exact to a millisecond's fraction, unlike those of epoll.
        self.selector = selectors.SelectSelector()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self._listener.setblocking(False)
        self.selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self.port: int = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Pass on until a signal ends the process."""
        while True:
            for key, ready in self.selector.select(self._wait()):
                key.data(ready)
            while self._queue and self._queue[0][0] <= time.monotonic():
                heapq.heappop(self._queue)[2]()

    def after(self, trips: float, do: Callable[[], None]) -> None:
        """Do something so many round trips later."""
        heapq.heappush(self._queue, (time.monotonic() + trips * self.rtt, next(self._numbers), do))

    def _wait(self) -> float | None:
        return max(self._queue[0][0] - time.monotonic(), 0) if self._queue else None

    def _accept(self, ready: int) -> None:
        near, _ = self._listener.accept()
        self.after(1.5, lambda: self._connect(near))

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
        except OSError:
            near.close()
            return
        one, other = End(self, near), End(self, far)
        one.other, other.other = other, one


class End:
    """One side of a connection: reads at once, and writes what the other side has read when it is due."""

    other: End

    def __init__(self, wire: Wire, peer: socket.socket) -> None:
        self._wire, self._peer = wire, peer
        self._out = bytearray()
        self._reads, self._last = True, False
        self._watched = selectors.EVENT_READ
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.selector.register(peer, selectors.EVENT_READ, self._ready)

    def due(self, data: bytes) -> None:
        """Write what has come over the wire; nothing means that the other side has ended."""
        self._last |= not data
        if data and not self._out and self._peer.fileno() >= 0:
            # Almost always all of it goes at once, and is not kept. What stands in the way is seen once more below.
            with suppress(OSError):
                data = data[self._peer.send(data) :]
            if not data:
                return
        self._out += data
        self._write()

    def _ready(self, ready: int) -> None:
        if ready & selectors.EVENT_WRITE:
            self._write()
        if ready & selectors.EVENT_READ and self._reads:
            self._read()

    def _read(self) -> None:
        try:
            data = self._peer.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:  # reset by a process that was killed: for the other side, an end
            data = b""
        self._reads = bool(data)
        self._watch()
        self._wire.after(0.5, lambda: self.other.due(data))

    def _write(self) -> None:
        if self._peer.fileno() < 0:
            return
        try:
            del self._out[: self._peer.send(self._out) if self._out else 0]
        except BlockingIOError:
            pass
        except OSError:
            self._out.clear()
            self._reads, self._last = False, True
        if self._last and not self._out:
            self._end()
        else:
            self._watch()

    def _end(self) -> None:
        """Nothing more is to be written: say so, and close once nothing more is to be read."""
        try:
            self._peer.shutdown(socket.SHUT_WR)
        except OSError:  # the other side has gone altogether
            self._reads = False
        self._watch()
        if not self._reads:
            self._peer.close()

    def _watch(self) -> None:
        events = (selectors.EVENT_READ if self._reads else 0) | (selectors.EVENT_WRITE if self._out else 0)
        if events == self._watched:
            return
        if not events:
            self._wire.selector.unregister(self._peer)
        elif not self._watched:
            self._wire.selector.register(self._peer, events, self._ready)
        else:
            self._wire.selector.modify(self._peer, events, self._ready)
        self._watched = events


def main(arguments: list[str] | None = None) -> None:
    """Listen, say on which port, and pass on until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--to", type=int, required=True, help="port that everything is passed on to")
    parser.add_argument("--rtt", type=float, required=True, help="milliseconds there and back")
    given = parser.parse_args(arguments)
    wire = Wire(given.port, given.to, given.rtt / 1000)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    say(port=wire.port)
    wire.serve()


if __name__ == "__main__":
    main()
