"""SMTP, as fast as a server takes it: one round trip a message where it can be, the plain dialogue where it must.

`session` connects and signs in, `wire` is the socket, `dialogue` what is said on one connection, `letters` what is
sent, and `transport` keeps the connection and decides what an answer or a silence means.
"""

from __future__ import annotations

from newsletter.config import Config, Smtp
from newsletter.send.transports.base import TransportDown
from newsletter.send.transports.smtp.transport import SmtpTransport

__all__ = ["SmtpTransport", "check", "open_transport"]


def open_transport(name: str, config: Config) -> SmtpTransport:
    """A connection-to-be to the server of this name."""
    settings = config.transports[name]
    if not isinstance(settings, Smtp):
        raise TypeError(f"the transport '{name}' is no SMTP server")
    return SmtpTransport(name, settings)


def check(name: str, config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would. Only asks, sends nothing."""
    try:
        open_transport(name, config).greet()
    except TransportDown as down:
        return down.reason
    return ""
