"""How others are asked: what tests put their own in the place of."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import dns.resolver

Ends = Callable[[str, int, float], datetime]
"""When the certificate of a host and port ends, asked within so many seconds. Raises OSError if it is not valid."""


def ends(host: str, port: int, seconds: float) -> datetime:
    """The end of the certificate that a server shows, if it is valid for its name now."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        shown = wrapped.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


@dataclass(frozen=True)
class Means:
    """The name servers, and what looks at certificates."""

    given: dns.resolver.Resolver | None = None
    ends: Ends = field(default=ends)

    @cached_property
    def resolver(self) -> dns.resolver.Resolver:
        """The machine's own name servers, unless others are given. Raises NoResolverConfiguration."""
        return self.given or dns.resolver.Resolver()
