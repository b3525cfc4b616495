"""A reader of many mails at once: `python -m newsletter.bench.clicks`, which follows links and says what that took.

With a rate it asks at that rate, whether or not the answers keep up, and counts from the moment a link was to be
followed: what waits its turn has waited. Without one it asks as fast as the answers come. Each address is asked for
once; the last line is what came of it, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import uvloop

_TICK = 0.0005
_AGENT = "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


class Clicks:
    """What is to be asked, what waits for a connection, and what was answered."""

    def __init__(self, paths: Iterator[str], host: str) -> None:
        self._paths, self._host = paths, host
        self.waiting: deque[float] = deque()
        self.idle: deque[Line] = deque()
        self.took: list[float] = []
        self.led = 0
        """Answers that lead on."""
        self.asked = 0
        self.rate = 0.0
        self.until = 0.0

    def due(self, at: float) -> None:
        """One more is to be asked; it is as old as that if all connections are busy."""
        if self.idle:
            self.ask(self.idle.popleft(), at)
        else:
            self.waiting.append(at)

    def ask(self, line: Line, at: float) -> None:
        """Ask for the next address by this connection."""
        self.asked += 1
        line.since = at
        head = f"GET {next(self._paths)} HTTP/1.1\r\nHost: {self._host}\r\nUser-Agent: {_AGENT}\r\n\r\n"
        line.transport.write(head.encode())

    def answered(self, line: Line, leads: bool) -> None:
        """This connection has its answer, and is free."""
        now = time.perf_counter()
        self.took.append(now - line.since)
        self.led += leads
        if self.waiting:
            self.ask(line, self.waiting.popleft())
        elif not self.rate and now < self.until:
            self.ask(line, now)
        else:
            self.idle.append(line)


class Line(asyncio.Protocol):
    """A connection, with one question on it at a time; its answers have no bodies."""

    def __init__(self, clicks: Clicks) -> None:
        self._clicks, self._had = clicks, b""
        self.since = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self.transport = transport  # type: ignore[assignment]
        self._clicks.idle.append(self)

    def data_received(self, data: bytes) -> None:
        """An answer, or the beginning of one."""
        self._had += data
        if self._had.endswith(b"\r\n\r\n"):
            leads, self._had = b" 302 " in self._had[:16], b""
            self._clicks.answered(self, leads)


async def follow(clicks: Clicks, port: int, connections: int, rate: float, seconds: float) -> float:
    """Follow links for so many seconds, and wait for the last answers; return what all of it took."""
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Line(clicks), "127.0.0.1", port)
    began = time.perf_counter()
    clicks.rate, clicks.until = rate, began + seconds
    if rate:
        for number in range(int(rate * seconds)):
            while (at := began + number / rate) > time.perf_counter():
                await asyncio.sleep(_TICK)
            clicks.due(at)
    else:
        for line in [clicks.idle.popleft() for _ in range(connections)]:
            clicks.ask(line, began)
        await asyncio.sleep(seconds)
    patience = time.perf_counter() + 30
    while len(clicks.took) < clicks.asked + len(clicks.waiting) and time.perf_counter() < patience:
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


def main() -> None:
    """Read what is wanted, do it, and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--paths", type=Path, required=True)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    wanted = parser.parse_args()
    with wanted.paths.open() as lines:
        paths = (line.rstrip() for line in islice(lines, wanted.skip, None))
        clicks = Clicks(paths, f"127.0.0.1:{wanted.port}")
        took = uvloop.run(follow(clicks, wanted.port, wanted.connections, wanted.rate, wanted.seconds))
    sys.stdout.write(json.dumps(_said(clicks, took)) + "\n")


def _said(clicks: Clicks, seconds: float) -> dict[str, Any]:
    took = sorted(clicks.took)
    shares = {f"p{share}": 1000 * took[min(int(len(took) * share / 100), len(took) - 1)] for share in (50, 99)}
    return {"asked": clicks.asked, "led": clicks.led, "seconds": seconds, "most": 1000 * took[-1], **shares}


if __name__ == "__main__":
    main()
