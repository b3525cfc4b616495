"""The door before an ASGI application, and before uvicorn's own machinery: most clicks never get as far as that.

Everything that uvicorn does for a request (a scope, a cycle, a task, messages) costs three times what the answer does.
So `Quick` answers a good link or the image as soon as the headers are there, with one write; a request that is
anything else, or comes before its forerunners are answered, goes the ordinary way, to `Front` and what is behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from newsletter.track.ways import proxy
from newsletter.track.ways.door import LATER, Answer, Door, Request, Unknown, is_ours

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, HTTPScope

PATIENCE = 2.0
"""Seconds that a reader waits for the database to be asked for a link that is not known."""
SILENCE = 60
"""Seconds that a connection may keep us waiting for the headers it has begun."""
HEAD = 262_144
"""Bytes that a request's headers may have, the first of them not counted."""
Headers = list[tuple[bytes, bytes]]


class Quick(HttpToolsProtocol):
    """uvicorn's protocol, which answers links and the image itself; and lets nobody keep it waiting for headers."""

    def __init__(self, *, door: Door, behind_proxy: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self._door, self._behind_proxy = door, behind_proxy
        self._answered = False
        self._room: int | None = None
        """Bytes that its headers may still have, if a request has begun and they are not all there."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: it may be silent for a while."""
        super().connection_made(transport)
        self._wait(SILENCE)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request, or of several."""
        if self._room is not None:
            self._room -= len(data)
        super().data_received(data)
        if self._room is not None and not self.transport.is_closing():
            if self._room < 0:
                self.send_400_response("The headers are too long.")
            else:
                self._wait(SILENCE)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._answered, self._room = False, HEAD

    def on_headers_complete(self) -> None:
        """Answer at once if it is for us, and nobody before it waits for an answer."""
        self._room = None
        if is_ours(self.url) and self._is_free():
            answer = self._door.answer(self._request())
            if isinstance(answer, Answer):
                self._answered = True
                self._write(answer)
                return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Nobody looks at the body of what is answered already."""
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has ended; the next may follow."""
        if not self._answered:
            super().on_message_complete()

    def _is_free(self) -> bool:
        return not self.flow.write_paused and not self.pipeline and (self.cycle is None or self.cycle.response_complete)

    def _request(self) -> Request:
        method, path = self.parser.get_method().decode("ascii"), self.url.partition(b"?")[0].decode("ascii", "replace")
        return _request(method, path, self.headers, self.client[0] if self.client else "", self._behind_proxy)

    def _write(self, answer: Answer) -> None:
        stays = self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive()
        parts = [_head(answer), *(b"%b: %b\r\n" % header for header in self.server_state.default_headers)]
        parts.append(b"\r\n" if stays else b"connection: close\r\n\r\n")
        if self.parser.get_method() != b"HEAD":
            parts.append(answer.body)
        self.transport.write(b"".join(parts))
        if stays:
            self._wait(self.timeout_keep_alive)
        else:
            self.transport.close()

    def _wait(self, seconds: float) -> None:
        """Close the connection unless something comes within so many seconds."""
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


class Front:
    """An ASGI application that answers links and the image, asks for those that are not known, and leaves the rest."""

    def __init__(
        self, application: ASGI3Application, door: Door, ask: Callable[[int], bool | None], behind_proxy: bool
    ) -> None:
        """`ask` is called in a thread: whether there is such a link, or None if the database does not answer."""
        self._application, self._door, self._ask, self._behind_proxy = application, door, ask, behind_proxy
        # Of their own, so that pages which wait for the database do not keep a click from asking it.
        self._askers = ThreadPoolExecutor(2, "link")

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer a request."""
        if is_ours(scope["path"]) and (answer := await self._answered(self._request(scope))):
            await _send(send, answer)
        else:
            await self._application(scope, receive, send)

    async def _answered(self, request: Request) -> Answer | None:
        found = self._door.answer(request)
        if isinstance(found, Unknown):
            asking = asyncio.get_running_loop().run_in_executor(self._askers, self._ask, found.link)
            try:
                there = await asyncio.wait_for(asking, PATIENCE)
            except TimeoutError:
                there = None
            found = LATER if there is None else self._door.answer(request)
        return None if isinstance(found, Unknown) else found

    def _request(self, scope: HTTPScope) -> Request:
        peer, headers = scope["client"] or ("", 0), list(scope["headers"])
        return _request(scope["method"], scope["path"], headers, peer[0], self._behind_proxy)


def _request(method: str, path: str, headers: Headers, peer: str, behind_proxy: bool) -> Request:
    found = dict(headers)
    if behind_proxy:
        peer = proxy.client(found.get(b"x-forwarded-for", b"").decode("latin-1"), peer)
    purpose = found.get(b"sec-purpose") or found.get(b"purpose", b"")
    return Request(method, path, found.get(b"user-agent", b""), purpose, peer)


@lru_cache(1000)
def _head(answer: Answer) -> bytes:
    """The first lines of an answer; most clicks of an hour are on few links."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return f"HTTP/1.1 {answer.status}\r\n{headers}".encode("latin-1")


async def _send(send: ASGISendCallable, answer: Answer) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": int(answer.status[:3]), "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
