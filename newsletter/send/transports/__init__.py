"""Ways out. A file holds a transport, `open_transport(name, config)` and `check(name, config)`; one more is a line."""

from __future__ import annotations

from types import ModuleType

from newsletter.config import Config
from newsletter.send.transports import outbox, sendgrid, smtp
from newsletter.send.transports.base import Heard, Journal, Outcome, State, Transport, TransportDown

__all__ = [
    "TRANSPORTS",
    "Heard",
    "Journal",
    "Outcome",
    "State",
    "Transport",
    "TransportDown",
    "check",
    "open_transport",
]

TRANSPORTS: dict[str, ModuleType] = {"outbox": outbox, "smtp": smtp, "sendgrid": sendgrid}


def open_transport(name: str, config: Config) -> Transport:
    """The transport of this name, ready to use by one thread."""
    transport: Transport = TRANSPORTS[config.transports[name].kind].open_transport(name, config)
    return transport


def check(name: str, config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would. Only asks, sends nothing."""
    said: str = TRANSPORTS[config.transports[name].kind].check(name, config)
    return said
