"""How often anybody may ask for something that sends a mail, counted in rows, so that all processes count alike."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta

from newsletter.models import Turn

AN_HOUR = timedelta(hours=1)


class Refused(ValueError):
    """The wish cannot be taken as it is; the message says what to do."""


class TooOften(Refused):
    """Somebody has had all turns of this hour; the message says when the next one is."""

    def __init__(self, wait: timedelta) -> None:
        self.minutes = in_minutes(wait)
        super().__init__(f"That was asked for too often. You can try again in {minutes(wait)}.")


def take_turns(turns: Iterable[tuple[str, int]], now: datetime) -> None:
    """Take a turn of each of these limits, each so many within an hour. Raises TooOften where none is free."""
    for whose, limit in turns:
        if free := Turn.take(whose, limit, AN_HOUR, now):
            raise TooOften(free - now)


def network(address: str) -> str:
    """The network of an IP address: a /24, or a /64 of IPv6, so that one household is one asker."""
    return _cut(address, 24, 64)


def truncated(address: str) -> str:
    """An IP address without what would tell one person from their neighbours: the first of its /24, or /48 of IPv6."""
    return _cut(address, 24, 48).partition("/")[0]


def minutes(span: timedelta) -> str:
    """A short span in words."""
    count = in_minutes(span)
    return "a minute" if count == 1 else f"{count} minutes"


def in_minutes(span: timedelta) -> int:
    """A short span in whole minutes, at least one."""
    return max(1, -(-int(span.total_seconds()) // 60))


def _cut(address: str, four: int, six: int) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network(f"{found}/{four if found.version == 4 else six}", strict=False))
