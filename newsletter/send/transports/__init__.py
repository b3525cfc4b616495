"""Ways out. A file holds a transport, `open_transport(name, config)` and `check(name, config)`; one more is a line."""

from __future__ import annotations

from types import ModuleType

from newsletter.config import Config
from newsletter.send.transports import outbox, sendgrid, smtp
from newsletter.send.transports.base import Heard, Journal, Outcome, State, Transport, TransportDown

__all__ = ["TRANSPORTS", "Heard", "Journal", "Outcome", "State", "Transport", "TransportDown", "open_transport"]

TRANSPORTS: dict[str, ModuleType] = {"outbox": outbox, "smtp": smtp, "sendgrid": sendgrid}


def open_transport(name: str, config: Config) -> Transport:
    """The transport of this name, ready to use by one thread."""
    transport: Transport = TRANSPORTS[name].open_transport(name, config)
    return transport
