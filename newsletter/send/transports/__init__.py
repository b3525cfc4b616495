"""Ways out. A file holds a transport, `open_transport(config)` and `check(config)`; adding one is a file and a line."""

from __future__ import annotations

from types import ModuleType

from newsletter.config import Config
from newsletter.send.transports import outbox, sendgrid, smtp
from newsletter.send.transports.base import Outcome, State, Transport, TransportDown

__all__ = ["TRANSPORTS", "Outcome", "State", "Transport", "TransportDown", "open_transport"]

TRANSPORTS: dict[str, ModuleType] = {"outbox": outbox, "smtp": smtp, "sendgrid": sendgrid}


def open_transport(name: str, config: Config) -> Transport:
    """The transport of this name, ready to use by one thread."""
    transport: Transport = TRANSPORTS[name].open_transport(config)
    return transport
