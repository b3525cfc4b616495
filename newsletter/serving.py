"""The web server: uvicorn on one thread, which answers links and images itself, and eight threads for Django's pages.

An event loop, so that a click is answered though every thread waits for a database that hangs: a server with threads
alone has none left by then. uvicorn with httptools and uvloop, because we can answer where its parser hands the
headers over (track/ways/asgi.py). The same redirect a second with nothing behind it, on one core beside other work:
waitress 8,100; uvicorn by ASGI 13,000; granian by WSGI 15,100 and by ASGI 22,700; httptools on uvloop and nothing else
44,900. granian starts Python itself, and so is no part of a process that also has a clock.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware

from newsletter.track.gate import Gate
from newsletter.track.ways import proxy
from newsletter.track.ways.asgi import Front, Quick

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope

THREADS = 8
LARGEST = 1 << 30
"""Bytes that may be posted at once."""
MOST_ON_DISK = 2 * LARGEST
"""Bytes of all that is being posted that may lie on the disk: anybody may post, until a page says that they may not."""
_IN_MEMORY = 1 << 19
"""Bytes posted that are kept in memory; more go to a file that has no name."""
_SILENCE = 120
"""Seconds that somebody who posts may say nothing."""
_CHUNKS = 2000
"""Pieces of an answer, of 8 kB mostly, that wait for a slow reader while the thread that made them goes on."""
_GRACE = 6
"""Seconds that requests may still take when the process is asked to end."""
_FORGED = {b"forwarded", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-by"}
"""Headers that no proxy of ours sets."""


class TooSlow(Exception):
    """Somebody who posts has broken off, or says nothing any more."""


class TooLarge(Exception):
    """Somebody posts more than LARGEST."""


class Full(Exception):
    """So much is being posted by all together that no more of it may go on the disk."""


class Room:
    """How much of the disk is taken by what is being posted. Small posts need none: they lie in memory."""

    def __init__(self) -> None:
        self.taken = 0

    @contextmanager
    def place(self) -> Iterator[Callable[[int], None]]:
        """The place of one post, given back in the end: it is told to what size the post grows. Raises Full."""
        held = 0

        def grow(size: int) -> None:
            nonlocal held
            wanted = size if size > _IN_MEMORY else 0
            if self.taken - held + wanted > MOST_ON_DISK:
                raise Full
            self.taken += wanted - held
            held = wanted

        try:
            yield grow
        finally:
            self.taken -= held


class Pages:
    """An ASGI application that hands whole requests to a WSGI application, in threads.

    A thread gets a request when all of it is here, and leaves its answer behind: nobody's slow line keeps one busy.
    """

    def __init__(self, application: WSGIApplication, behind_proxy: bool) -> None:
        self._behind_proxy, self._room = behind_proxy, Room()
        self._threads = WSGIMiddleware(cast(Any, application), workers=THREADS, send_queue_size=_CHUNKS)

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer a request."""
        scope = _believed(scope, self._behind_proxy)
        if not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]):
            await self._pass(scope, receive, send)
            return
        with SpooledTemporaryFile(_IN_MEMORY) as body, self._room.place() as grow:
            try:
                size = await _read(receive, cast("IO[bytes]", body), grow)
            except TooLarge:
                await _refuse(send, 413, b"This is too large.\n")
            except TooSlow:
                await _refuse(send, 408, b"This took too long.\n")
            except Full:
                await _refuse(send, 503, b"Too much is being uploaded just now; please try again in a few minutes.\n")
            else:
                headers = [one for one in scope["headers"] if one[0] not in (b"content-length", b"transfer-encoding")]
                scope["headers"] = [*headers, (b"content-length", b"%d" % size)]
                await self._pass(scope, _again(cast("IO[bytes]", body)), send)

    async def _pass(self, scope: HTTPScope, receive: Any, send: ASGISendCallable) -> None:
        await self._threads(cast(Any, scope), receive, cast(Any, send))

    def close(self) -> None:
        """Wait for the threads."""
        self._threads.executor.shutdown(cancel_futures=True)


async def _read(receive: ASGIReceiveCallable, body: IO[bytes], grow: Callable[[int], None]) -> int:
    """Write all that is posted into a file; return how many bytes it has. Raises TooSlow, TooLarge or Full."""
    more = True
    while more:
        try:
            message = cast("dict[str, Any]", await asyncio.wait_for(receive(), _SILENCE))
        except TimeoutError:
            raise TooSlow from None
        if message["type"] != "http.request":
            raise TooSlow
        data = message.get("body", b"")
        if (size := body.tell() + len(data)) > LARGEST:
            raise TooLarge
        grow(size)
        body.write(data)
        more = message.get("more_body", False)
    size = body.tell()
    body.seek(0)
    return size


def _again(body: IO[bytes]) -> Callable[[], Any]:
    async def receive() -> dict[str, Any]:
        data = body.read(1 << 16)
        return {"type": "http.request", "body": data, "more_body": bool(data)}

    return receive


async def _refuse(send: ASGISendCallable, status: int, words: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": words, "more_body": False})


def _believed(scope: HTTPScope, behind_proxy: bool) -> HTTPScope:
    """A request without what it only claims: headers with `_` would pass for others with `-` once WSGI has them."""
    scope = cast("HTTPScope", dict(scope))
    headers = scope["headers"] = [one for one in scope["headers"] if b"_" not in one[0]]
    if behind_proxy:
        scope["headers"] = [one for one in headers if one[0] not in _FORGED]
        found = dict(headers)
        peer, port = scope["client"] or ("", 0)
        scope["client"] = proxy.client(found.get(b"x-forwarded-for", b"").decode("latin-1"), peer), port
        if (scheme := found.get(b"x-forwarded-proto", b"").decode("latin-1").lower()) in ("http", "https"):
            scope["scheme"] = scheme
    return scope


def listening(listen: str) -> list[socket.socket]:
    """Sockets bound to an address such as 127.0.0.1:8000, [::1]:8000, localhost:8000 or *:8000. Raises OSError."""
    host, _, port = listen.rpartition(":")
    name = host.strip("[]")
    found = socket.getaddrinfo(
        None if name in ("", "*") else name, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            if family == socket.AF_INET6 and not socket.has_dualstack_ipv6() and len(found) > 1:
                continue
            sockets.append(one := socket.socket(family, kind, protocol))
            # What the last run left half closed keeps nobody from listening.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


class Web(uvicorn.Server):
    """The server, in a thread of its own; it begins to end as soon as `stop` is set."""

    def __init__(self, listen: str, gate: Gate, application: WSGIApplication, stop: threading.Event) -> None:
        self._pages, self._stop = Pages(application, gate.behind_proxy), stop
        front = Front(cast(Any, self._pages), gate.door, gate.ask, gate.behind_proxy)
        settings: dict[str, Any] = {
            "http": partial(Quick, door=gate.door, behind_proxy=gate.behind_proxy), "ws": "none", "loop": "uvloop",
            "lifespan": "off", "log_config": None, "access_log": False, "proxy_headers": False,
            "server_header": False, "timeout_graceful_shutdown": _GRACE,
        }  # fmt: skip
        super().__init__(uvicorn.Config(cast(Any, front), **settings))
        self._asked = 0.0
        self._thread = threading.Thread(target=self.run, args=(listening(listen),), name="web", daemon=True)

    def start(self) -> None:
        """Answer requests from here on."""
        self._thread.start()
        while not self.started and self._thread.is_alive():
            time.sleep(0.01)

    async def on_tick(self, counter: int) -> bool:
        """Whether to end; asked ten times a second."""
        ends = await super().on_tick(counter) or self._stop.is_set()
        if ends:
            self._asked = time.monotonic()
        return ends

    @property
    def ending_for(self) -> float:
        """Seconds since it began to end; none if it has not."""
        return time.monotonic() - self._asked if self._asked else 0.0

    def finish(self) -> None:
        """Take no more, and let what has begun be answered."""
        self.should_exit = True
        self._thread.join()
        self._pages.close()
