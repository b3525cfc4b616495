"""Hosts that a reader cannot reach, or that hide where they lead."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.collect.guard import is_public

# RFC 2606, RFC 6761, RFC 6762, RFC 8375; and what people call their own networks.
_RESERVED = (
    "example",
    "invalid",
    "test",
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
)
_EXAMPLES = ("example.com", "example.net", "example.org", "home.arpa")
_PROVING = ("staging", "stage", "preview", "preprod", "uat", "sandbox")
_SHORTENERS = (
    "bit.ly bitly.com buff.ly cutt.ly dlvr.it fb.me goo.gl ht.ly ift.tt is.gd j.mp lnkd.in ow.ly qr.ae rb.gy "
    "rebrand.ly s.id short.io shorturl.at shrtco.de snip.ly soo.gd t.co t.ly t1p.de tiny.cc tinyurl.com trib.al "
    "u.to v.gd wp.me"
)
SHORTENERS = frozenset(_SHORTENERS.split())


def host_of(url: str) -> str:
    """The host of an address in lower case; empty if it has none, or none that can be taken apart."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_private(url: str) -> bool:
    """Whether an address leads to a place that only we can reach, or that does not exist for anybody."""
    host = host_of(url)
    if not host:
        return False
    try:
        ip_address(host)
    except ValueError:
        return is_reserved(host) or "." not in host
    return not is_public(host)


def is_reserved(host: str) -> bool:
    """Whether a name is reserved for examples, tests and networks of one's own."""
    return host.rpartition(".")[2] in _RESERVED or any(f".{host}".endswith(f".{one}") for one in _EXAMPLES)


def is_proving(url: str) -> bool:
    """Whether a host's name says that pages are only tried out there."""
    first, _, rest = host_of(url).partition(".")
    return "." in rest and first.rpartition("-")[2] in _PROVING


def is_shortened(url: str) -> bool:
    """Whether the host hides where it leads."""
    return host_of(url).removeprefix("www.") in SHORTENERS
