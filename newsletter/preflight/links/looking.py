"""Looking at links, politely: a HEAD, and a GET only where that says nothing; few at a time, fewer of one host."""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx

from newsletter.collect.download import network
from newsletter.collect.errors import CollectError, Refused, Unreachable
from newsletter.config.preflight import Preflight as Settings
from newsletter.models import LinkCheck
from newsletter.preflight.places import host_of

SIDE_BY_SIDE, PER_HOST = 12, 2
REDIRECTS = 8
_BROKEN = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_PERMANENT = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT)
Outcome = LinkCheck.Outcome
Clock = Callable[[], datetime]
Looker = Callable[[Sequence[str], Settings, Clock], list[LinkCheck]]
"""How links are looked at; tests hand in one with a transport of their own."""


class NoSuchHost(Unreachable):
    """The name servers say that there is no host of this name."""


class NotResolved(Unreachable):
    """The name servers say nothing at present."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, best first. Raises NoSuchHost or NotResolved."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            raise NoSuchHost(f"there is no host named {host}") from None
        raise NotResolved(f"the name {host} could not be looked up") from None
    except (OSError, UnicodeError):
        raise NotResolved(f"the name {host} could not be looked up") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def look(
    urls: Sequence[str], settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> list[LinkCheck]:
    """Look at each of some links; what is found comes unsaved, in no order."""
    return asyncio.run(_look(urls, settings, clock, transport))


async def _look(
    urls: Iterable[str], settings: Settings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> list[LinkCheck]:
    turns = asyncio.Semaphore(SIDE_BY_SIDE)
    hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))

    async def in_turn(client: httpx.AsyncClient, url: str) -> LinkCheck:
        async with hosts[host_of(url)], turns:
            return await _one(client, url, settings.timeout, clock)

    async with _client(settings, transport) as client:
        return await asyncio.gather(*(in_turn(client, url) for url in urls))


def _client(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    seconds = settings.timeout.total_seconds()
    return httpx.AsyncClient(
        transport=transport or network(settings.allow_private, resolve),
        timeout=httpx.Timeout(seconds, connect=seconds / 2), follow_redirects=True, max_redirects=REDIRECTS,
        trust_env=False, headers={"User-Agent": settings.user_agent, "Accept": "*/*"},
    )  # fmt: skip


async def _one(client: httpx.AsyncClient, url: str, patience: timedelta, clock: Clock) -> LinkCheck:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            response = await _asked(client, url)
    except NoSuchHost as error:
        return LinkCheck.of(url, Outcome.BROKEN, clock(), fault=error.reason)
    except Refused as error:
        return LinkCheck.of(url, Outcome.PRIVATE, clock(), fault=error.reason)
    except (TimeoutError, httpx.TimeoutException):
        fault = f"no answer within {patience.total_seconds():g} seconds"
        return LinkCheck.of(url, Outcome.DOUBTFUL, clock(), fault=fault)
    except httpx.TooManyRedirects:
        fault = f"it redirects more than {REDIRECTS} times, perhaps in a circle"
        return LinkCheck.of(url, Outcome.BROKEN, clock(), fault=fault)
    except CollectError as error:
        return LinkCheck.of(url, Outcome.DOUBTFUL, clock(), fault=error.reason)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        fault = "it, or where it redirects to, is no web address"
        return LinkCheck.of(url, Outcome.BROKEN, clock(), fault=fault)
    except httpx.HTTPError as error:
        return _without_answer(url, error, clock())
    return _answered(url, response, clock())


async def _asked(client: httpx.AsyncClient, url: str) -> httpx.Response:
    """The answer to HEAD; to GET where a server does not care for HEAD, hung up before the page comes."""
    response = await client.head(url)
    if response.is_success:
        return response
    async with client.stream("GET", url) as response:
        return response


def _answered(url: str, response: httpx.Response, at: datetime) -> LinkCheck:
    status, end = response.status_code, str(response.url)
    leads_to = end if end != url and response.history else ""
    said = f"the server answers {status} {response.reason_phrase}".strip()
    found = {"status": status, "leads_to": leads_to}
    if response.is_success:
        # Only where every step is for good; to the very same page, but for the last slash, is no news.
        for_good = leads_to and all(one.status_code in _PERMANENT for one in response.history)
        moved = for_good and leads_to.rstrip("/") != url.rstrip("/")
        return LinkCheck.of(url, Outcome.MOVED if moved else Outcome.FINE, at, **found)
    if status in _BROKEN:
        return LinkCheck.of(url, Outcome.BROKEN, at, fault=said, **found)
    outcome = Outcome.DOUBTFUL if status >= 500 and status != 999 else Outcome.REFUSED
    return LinkCheck.of(url, outcome, at, fault=said, **found)


def _without_answer(url: str, error: httpx.HTTPError, at: datetime) -> LinkCheck:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return LinkCheck.of(url, Outcome.TLS, at, fault="the certificate of its server is not valid")
    return LinkCheck.of(url, Outcome.DOUBTFUL, at, fault="the connection to its server failed")
