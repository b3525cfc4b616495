"""Where a request came from, if a proxy in front says so and is believed (`site.behind_proxy`)."""

from __future__ import annotations

from ipaddress import ip_address


def client(forwarded: str, peer: str) -> str:
    """The address that the proxy saw: the last in X-Forwarded-For, since those before it are anybody's words.

    That of the connection itself where the header names none.
    """
    last = forwarded.rpartition(",")[2].strip()
    if last.startswith("["):
        last = last[1:].partition("]")[0]
    elif last.count(":") == 1:
        last = last.partition(":")[0]
    try:
        return str(ip_address(last))
    except ValueError:
        return peer
