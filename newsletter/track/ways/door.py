"""The door: what a link or the image of a mail is answered with, and what is kept of the request.

It looks at the signature and at the link's number, and never at the database, which may be away: a good token and a
link of ours lead on. So a token may follow a link of another issue. That leads only where some mail of ours leads
anyway, since there is no other way into the table of links, and whoever holds the token could have followed the same
link from that mail: it is no open redirect. Whether message and link belong together is looked at when the hit comes
into the database, and only then does it count. A test mail's token names its issue, which is all there is to look at.
"""

from __future__ import annotations

import re
import time
from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from newsletter import tokens
from newsletter.track.hits import CLICK, OPEN, Hit, Kind, told
from newsletter.track.ways.known import Destination, Known

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""One transparent pixel."""
_PATH = re.compile(r"/(?:c/(?P<link>[0-9]{1,18})/(?P<click>[^/]{1,200})|o/(?P<open>[^/]{1,200})\.gif)")
# Kept out of caches and search engines, and out of what the next site is told: the address belongs to one reader.
_PRIVATE = (
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)
_LATER = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b"<title>In a few minutes</title><h1>This link cannot be looked up just now</h1>"
    b"<p>The link in your mail is good, but the part of this site that knows where it leads does not answer."
    b" Please open it again in a few minutes.</p></html>\n"
)


class Answer(NamedTuple):
    """What is answered: status line, headers and body."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


class Request(NamedTuple):
    """What is looked at of a request; headers as they came, empty where there are none."""

    method: str
    path: str
    """Without the query, which mail programs may add to."""
    agent: bytes = b""
    purpose: bytes = b""
    address: str = ""


class Unknown(NamedTuple):
    """A good token asks for a link that is not known: whoever may wait asks the database, and then asks again."""

    link: int


def _sized(status: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (*headers, ("Content-Length", str(len(body))), *_PRIVATE), body)


IMAGE = _sized("200 OK", PIXEL, ("Content-Type", "image/gif"))
REFUSED = _sized("405 Method Not Allowed", b"", ("Allow", "GET, HEAD"))
LATER = _sized("503 Service Unavailable", _LATER, ("Content-Type", "text/html; charset=utf-8"), ("Retry-After", "60"))


def is_ours(path: str | bytes) -> bool:
    """Whether a path may be one of a link or the image: a quick look, before anything else is done."""
    return path[:3] in ("/c/", "/o/", b"/c/", b"/o/")


class Door:
    """Answers requests for links and the image; what it has seen goes to `keep`."""

    def __init__(
        self,
        known: Known,
        keys: Sequence[str],
        keep: Callable[[Hit], object],
        clicks: bool = True,
        opens: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`keys` are those that tokens may be signed with; `clicks` and `opens` say whether they are counted."""
        self.known, self._keys, self._keep, self._clock = known, keys, keep, clock
        self._counted = {CLICK: clicks, OPEN: opens}

    def answer(self, request: Request) -> Answer | Unknown | None:
        """The answer; Unknown if the database has to be asked first; None for what is not here, which others answer."""
        found = _PATH.fullmatch(unquote(request.path) if "%" in request.path else request.path)
        if found is None:
            return None
        if request.method not in ("GET", "HEAD"):
            return REFUSED
        if found["open"]:
            return self._opened(found["open"], request)
        return self._clicked(int(found["link"]), found["click"], request)

    def _opened(self, token: str, request: Request) -> Answer:
        """The image, whatever the token: nobody learns here whether it is good."""
        message = self._number(token, tokens.MESSAGE)
        if message is not None:
            self._see(OPEN, message, 0, request)
        return IMAGE

    def _clicked(self, link: int, token: str, request: Request) -> Answer | Unknown | None:
        message = self._number(token, tokens.MESSAGE)
        tested = self._number(token, tokens.TEST) if message is None else None
        if message is None and tested is None:
            return None
        to = self.known.get(link)
        if to is None:
            return Unknown(link)
        if not to.location or (tested is not None and tested != to.issue):
            return None
        if message is not None:
            self._see(CLICK, message, link, request)
        return _onward(to)

    def _number(self, token: str, purpose: str) -> int | None:
        """The number that was signed for this purpose; None for any other token."""
        try:
            return tokens.read(token, self._keys, purpose)
        except tokens.BadToken:
            return None

    def _see(self, kind: Kind, message: int, link: int, request: Request) -> None:
        if self._counted[kind]:
            agent, address = told(request.agent), request.address
            # `prefetch;prerender`, say: only what it is matters, and not how.
            purpose = told(request.purpose).lower().partition(";")[0].strip()
            self._keep(Hit(kind, message, link, self._clock(), request.method, agent, address, purpose))


def _onward(to: Destination) -> Answer:
    return Answer("302 Found", (("Location", to.location), ("Content-Length", "0"), *_PRIVATE))
