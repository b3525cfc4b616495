"""Where a click leads, as the header of a redirect may say it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_PARTS = re.compile(r"(https?://)([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
# All of printable ASCII stays as the author wrote it, percent signs too; spaces and controls cannot stand in a header.
_KEPT = "".join(map(chr, range(0x21, 0x7F)))
# What IDNA takes for the dot between two labels.
_DOTS = re.compile("[.\u3002\uff0e\uff61]")


def location(address: str) -> str:
    """Return a web address in ASCII: its host in IDNA, its other non-ASCII characters percent-encoded as UTF-8.

    Raises ValueError for anything that is not http or https.
    """
    parts = _PARTS.fullmatch(address.strip())
    if parts is None or not parts[2]:
        raise ValueError(f"'{address}' is not a web address")
    scheme, authority, rest = parts.groups()
    user, at, host = authority.rpartition("@")
    return scheme + _encoded(user) + at + _encoded(_ascii_host(host)) + _encoded(rest)


def _ascii_host(host: str) -> str:
    """The host as the name system knows it; an all-ASCII one is left alone."""
    return host if host.isascii() else ".".join(map(_ascii_label, _DOTS.split(host)))


def _ascii_label(label: str) -> str:
    plain = unicodedata.normalize("NFKC", label).lower()
    return plain if plain.isascii() else f"xn--{plain.encode('punycode').decode('ascii')}"


def _encoded(text: str) -> str:
    return quote(text, safe=_KEPT, encoding="utf-8", errors="replace")
