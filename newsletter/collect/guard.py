"""The network as a feed may use it: http and https, to public addresses only.

A host is resolved once, all its addresses are checked, and the connection goes to one of those: a name that answers
differently the second time gains nothing. As a transport it sees every hop of a redirect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from newsletter.collect.errors import BadAnswer, Refused, Unreachable

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_NAT64 = IPv6Network("64:ff9b::/96")


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, best first."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(f"There is no host named {host}.", "Is the address spelt right?") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guarded(httpx.AsyncBaseTransport):
    """Sends a request on to the checked address of its host; `inner` makes the connection."""

    def __init__(self, inner: httpx.AsyncBaseTransport, allow_private: bool, resolve: Resolve = resolve) -> None:
        self._inner, self._allow_private, self._resolve = inner, allow_private, resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, trying the host's addresses in turn while none takes the connection."""
        url = request.url
        if url.scheme not in ("http", "https"):
            raise BadAnswer(f"The address leads to {url.scheme}:, which is neither http nor https.")
        host = url.raw_host.decode("ascii").strip("[]")
        *others, last = await self._checked(host, url.port or (443 if url.scheme == "https" else 80))
        for address in others:
            try:
                return await self._inner.handle_async_request(_to(address, host, request))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # the next address may answer
        return await self._inner.handle_async_request(_to(last, host, request))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise Unreachable(f"The host {host} has no address.")
        for address in addresses:
            if not self._allow_private and not is_public(address):
                hint = "If that is meant, set allow_private: true for this source."
                raise Refused(f"{host} lies at {address}, which is not a public address.", hint)
        return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet, looking into those that carry another inside."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        carried = _carried(ip)
        if carried is not None:
            return is_public(str(carried))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carried(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, 6to4, Teredo or NAT64 address leads to."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


def _to(address: str, host: str, request: httpx.Request) -> httpx.Request:
    """The same request, connecting to this address; Host header and certificate check keep the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
