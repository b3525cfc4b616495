"""Addresses, checked as `subscribers.addresses` does, but a million in seconds.

Nearly all addresses are of plain letters, digits and dots at one of few domains. The library judges each domain once;
what stands before the @ is taken unseen only where it is so plain that the library takes it for certain. All else goes
through the library itself, so the verdict is the same.
"""

from __future__ import annotations

import re

from subscribers.addresses import InvalidAddress, normalize, on_the_wire
from subscribers.flags import is_disposable, is_role

_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")
_LONGEST_LOCAL = 64
_LONGEST = 200  # well below the 254 at which the library draws the line
_MOST = 50_000

Address = tuple[str, str, str, str]
"""The address as it is written to, its key, the key's domain, and its flag."""


class Addresses:
    """Checks one address after another, and remembers the domains it has met: `most` of them."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._domains: dict[str, tuple[str, str, str]] = {}

    def read(self, typed: str) -> Address:
        """What an address comes to. Raises InvalidAddress with the reason, also for what no mail server takes."""
        found = _PLAIN.fullmatch(typed)
        if found is None or len(typed) > _LONGEST:
            return self._slowly(typed)
        local, domain = found.groups()
        known = self._domains.get(domain)
        if known is None:
            known = self._judge(domain)
        if len(local) > _LONGEST_LOCAL:
            return self._slowly(typed)
        shown, ascii_domain, flag = known
        small = local.lower()
        return f"{local}@{shown}", f"{small}@{ascii_domain}", ascii_domain, flag or ("role" if is_role(small) else "")

    def _judge(self, domain: str) -> tuple[str, str, str]:
        email, key = normalize(f"a@{domain}")
        on_the_wire(email)
        ascii_domain = key[2:]
        if len(self._domains) >= self._most:
            self._domains = {}  # a file of nothing but different domains must not fill the memory
        flag = "disposable" if is_disposable(ascii_domain) else ""
        self._domains[domain] = (email[2:], ascii_domain, flag)
        return self._domains[domain]

    def _slowly(self, typed: str) -> Address:
        if not typed.strip():
            raise InvalidAddress("this row has no address")
        email, key = normalize(typed)
        on_the_wire(email)
        local, _, domain = key.rpartition("@")
        flag = "disposable" if is_disposable(domain) else "role" if is_role(local) else ""
        return email, key, domain, flag
