"""Fetch one document: within the time, within the size, only if it changed."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from newsletter.collect.entry import Call
from newsletter.collect.errors import BadAnswer, CollectError, TooBig, TooSlow, Unreachable
from newsletter.collect.guard import Guarded, Resolve, resolve


@dataclass(frozen=True)
class Wanted:
    """What is fetched, in the words of what can go wrong with it.

    `hints` are by status; `refuse` tells by the content type what an answer is instead, before any of it is read.
    """

    noun: str
    accept: str
    hints: Mapping[int, str]
    again: str
    too_big: str
    refuse: Callable[[str], CollectError | None] = lambda _: None


FEED = Wanted(
    "feed",
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
    {
        401: "The feed wants a password: write it into the address, https://user:password@host/…",
        403: "The server does not let us in; its owner may know why.",
        404: "Is the address still right?",
        410: "The feed is gone for good: take it out of config.yaml.",
        429: "We come too often for this server: raise collect.every.",
        500: "The server has a fault; it is tried again next time.",
    },
    "It is tried again next time.",
    "Raise collect.max_bytes if it is meant to be.",
)


@dataclass(frozen=True)
class Document:
    """What a server answered; `moved_to` is set when it says the address has changed for good."""

    url: str
    body: bytes
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    not_modified: bool = False
    moved_to: str = ""


async def download(
    call: Call, transport: httpx.AsyncBaseTransport | None = None, wanted: Wanted = FEED
) -> Document:  # fmt: skip
    """Fetch the source's location, unless it is as it was at the last visit.

    Raises Unreachable, TooSlow, Refused, BadAnswer or TooBig. Tests hand in a transport of their own.
    """
    collect, seconds = call.config.collect, call.config.collect.timeout.total_seconds()
    try:
        async with (
            asyncio.timeout(seconds),
            _client(call, transport, wanted) as client,
            client.stream("GET", call.source.location, headers=_conditions(call)) as response,
        ):
            return await _document(response, collect.max_bytes, bool(call.etag or call.last_modified), wanted)
    except TimeoutError:
        raise TooSlow(f"The {wanted.noun} did not come within {seconds:g} seconds.", wanted.again) from None
    except httpx.TooManyRedirects:
        raise BadAnswer(
            f"The address redirects more than {collect.max_redirects} times, perhaps in a circle."
        ) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):  # the last from hosts that IDNA does not allow
        raise BadAnswer("The address, or where it redirects to, is not a web address.") from None
    except httpx.HTTPError as error:
        raise _unreachable(error, wanted) from error


def _client(call: Call, transport: httpx.AsyncBaseTransport | None, wanted: Wanted) -> httpx.AsyncClient:
    seconds = call.config.collect.timeout.total_seconds()
    return httpx.AsyncClient(
        transport=transport or network(call.source.allow_private),
        timeout=httpx.Timeout(seconds, connect=seconds / 3),
        follow_redirects=True,
        max_redirects=call.config.collect.max_redirects,
        trust_env=False,
        # Only what _plain can unpack a piece at a time.
        headers={"User-Agent": call.config.collect.user_agent, "Accept": wanted.accept, "Accept-Encoding": "gzip"},
    )


def network(allow_private: bool, resolve: Resolve = resolve) -> httpx.AsyncBaseTransport:
    """The network as a source may use it."""
    return Guarded(httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False), allow_private, resolve)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates of the authorities takes longer than many a fetch."""
    return httpx.create_ssl_context(trust_env=False)


def _conditions(call: Call) -> dict[str, str]:
    pairs = {"If-None-Match": call.etag, "If-Modified-Since": call.last_modified}
    return {name: value for name, value in pairs.items() if value}


async def _document(response: httpx.Response, limit: int, conditional: bool, wanted: Wanted) -> Document:
    if response.status_code == HTTPStatus.NOT_MODIFIED and conditional:
        return Document(str(response.url), b"", not_modified=True)
    if not response.is_success:
        raise _refusal(response, wanted)
    if error := wanted.refuse(response.headers.get("content-type", "")):
        raise error
    body = bytearray()
    async for piece in _plain(response, limit, wanted):
        body += piece
        if len(body) > limit:
            raise TooBig(f"The {wanted.noun} is larger than {limit:,} bytes.", wanted.too_big)
    return Document(
        url=str(response.url),
        body=bytes(body),
        content_type=response.headers.get("content-type", ""),
        etag=_header(response, "etag"),
        last_modified=_header(response, "last-modified"),
        moved_to=_moved_to(response),
    )


async def _plain(response: httpx.Response, limit: int, wanted: Wanted) -> AsyncIterator[bytes]:
    """The body unpacked, never more than a byte beyond the limit at a time, whatever a small packet swells to."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("gzip", "x-gzip", "identity", ""):
        raise BadAnswer(f"The server compressed the {wanted.noun} as {encoding}, which we did not ask for.")
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    async for piece in response.aiter_raw():
        try:
            yield unpack.decompress(piece, limit + 1) if unpack else piece
        except zlib.error:
            raise BadAnswer(f"The server says the {wanted.noun} is compressed with gzip, but it is not.") from None


def _header(response: httpx.Response, name: str) -> str:
    """A header to send back next time; one that could not be sent again is not kept."""
    value = str(response.headers.get(name, ""))
    return value if len(value) <= 500 and value.isascii() and value.isprintable() else ""


def _moved_to(response: httpx.Response) -> str:
    permanent = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT)
    hops = response.history
    return str(response.url) if hops and all(hop.status_code in permanent for hop in hops) else ""


def _refusal(response: httpx.Response, wanted: Wanted) -> CollectError:
    status = response.status_code
    hint = wanted.hints.get(500 if status >= 500 else status, "")
    phrase = response.reason_phrase if re.fullmatch(r"[\w ,'-]{1,60}", response.reason_phrase) else ""
    return BadAnswer(f"The server answered {f'{status} {phrase}'.strip()}.", hint)


def _unreachable(error: httpx.HTTPError, wanted: Wanted) -> CollectError:
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return TooSlow(f"The {wanted.noun}'s server did not answer in time.", wanted.again)
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        said = f"The certificate of the {wanted.noun}'s server is not valid."
        return Unreachable(said, "Does its address open in a browser?")
    return Unreachable(f"The connection to the {wanted.noun}'s server failed: {reason}.", wanted.again)
