"""The door before a WSGI application, for servers of others'; our own server uses asgi.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from newsletter.track.ways import proxy
from newsletter.track.ways.door import LATER, Answer, Door, Request, Unknown, is_ours

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Before:
    """A WSGI application that answers links and the image itself, and leaves all else to another."""

    def __init__(
        self, application: WSGIApplication, door: Door, ask: Callable[[int], bool | None], behind_proxy: bool = False
    ) -> None:
        """`ask` has the database asked for a link: whether there is one, or None if it does not answer."""
        self._application, self._door, self._ask, self._behind_proxy = application, door, ask, behind_proxy

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if is_ours(environ.get("PATH_INFO", "")) and (answer := self._answered(self._request(environ))):
            start_response(answer.status, list(answer.headers))
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
        return self._application(environ, start_response)

    def _answered(self, request: Request) -> Answer | None:
        found = self._door.answer(request)
        if isinstance(found, Unknown):
            there = self._ask(found.link)
            found = LATER if there is None else self._door.answer(request)
        return None if isinstance(found, Unknown) else found

    def _request(self, environ: WSGIEnvironment) -> Request:
        # WSGI's text is bytes, each as the character of its number.
        purpose = environ.get("HTTP_SEC_PURPOSE") or environ.get("HTTP_PURPOSE", "")
        peer = environ.get("REMOTE_ADDR", "")
        return Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            environ.get("HTTP_USER_AGENT", "").encode("latin-1"),
            purpose.encode("latin-1"),
            proxy.client(environ.get("HTTP_X_FORWARDED_FOR", ""), peer) if self._behind_proxy else peer,
        )
