"""A mix of readers, mail programs and link checkers, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

WAYS = {
    "all, by a known filter": 20.0, "all, with the image": 20.0, "all, by HEAD": 10.0, "all that are seen": 20.0,
    "a few, from rented machines": 15.0, "one, at an office's gateway": 5.0, "the image alone": 10.0,
    "like a person": 0.1,
}  # fmt: skip
"""How often each way of checking mail is met."""


@dataclass(frozen=True)
class Mix:
    """Who reads and what checks mail, as shares between 0 and 1; the rest of the mail programs is another one."""

    name: str
    seed: int = 1
    people: int = 100_000
    apple: float = 0.45
    gmail: float = 0.25
    outlook: float = 0.15
    """Mail programs."""
    fetched: float = 0.9
    """Of the mails that lie in Apple's program, those whose images it fetches before anybody looks."""
    gmail_ahead: float = 0.15
    opened: float = 0.4
    apple_opened: float = 0.4
    """Of readers, those who look at the mail."""
    images: float = 0.75
    """Of Outlook's and other programs', those that load images."""
    clicked: float = 0.15
    """Of those who look, those who follow a link; each further link with the chance of `more`."""
    more: float = 0.35
    hours: float = 3.0
    """Median of the time after which people look."""
    carriers: float = 0.3
    """Of people at no office, those who share their address with everybody of a mobile carrier."""
    rented: float = 0.02
    """Of people, those who surf through a VPN of rented machines."""
    offices: float = 0.15
    office: int = 120
    """Of people, those in offices, and how many share an address there."""
    scanned: float = 0.2
    """Of readers, those whose mail something checks."""
    ways: dict[str, float] = field(default_factory=lambda: dict(WAYS))
    """How often each way of checking is taken, against the others."""
    forwarded: float = 0.02
    """Of those who look, those who pass the mail on to somebody who looks as well."""
    replayed: float = 0.03
    """Of clicks, those that are made again hours later by a browser that opens its tabs anew."""
    shared: float = 0.02
    """Of clicks, those after which the address is passed on in a chat that looks it up."""
    rate: float = 500.0
    """Messages sent in a second."""
    beyond: bool = False
    """Whether some of what checks mail cannot be told from people by anything that is seen here."""
