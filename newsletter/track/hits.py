"""Hit: what the hot path saw of an open or a click, and how it stands in a line of a file."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, cast

Kind = Literal["open", "click"]
OPEN: Kind = "open"
CLICK: Kind = "click"
LONGEST = 500
"""Characters of a program's name that are kept; what browsers say of themselves has fewer than 300."""
_NUMBERS, _TIMES = 1 << 63, 1e11
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class BadLine(ValueError):
    """This line holds no hit: it was cut short, or is somebody else's."""


class Hit(NamedTuple):
    """An open or a click, as it was seen; nothing has been asked of the database yet."""

    kind: Kind
    message: int
    """The number in the token, which was signed here."""
    link: int
    """The number of what was clicked; 0 for an open."""
    at: float
    """Seconds since 1970, by this machine's clock."""
    method: str
    """GET or HEAD."""
    agent: str = ""
    """What the program says it is; no control characters, at most LONGEST characters."""
    address: str = ""
    """The whole address it came from, as text."""
    purpose: str = ""
    """What the program says it is for, in lower case: `prefetch`, or nothing."""

    def line(self) -> bytes:
        """The hit as a line of UTF-8 that ends with a line feed; every value is free of tabs."""
        return (
            f"{self.kind}\t{self.message}\t{self.link}\t{self.at:.6f}\t{self.method}\t{self.agent}\t{self.address}"
            f"\t{self.purpose}\n"
        ).encode()

    @property
    def can_be(self) -> bool:
        """Whether a database takes its numbers, and a calendar its time."""
        return 0 <= self.message < _NUMBERS and 0 <= self.link < _NUMBERS and 0 <= self.at < _TIMES

    @classmethod
    def read(cls, line: bytes) -> Hit:
        """The hit of a line; raise BadLine if it is not whole."""
        try:
            kind, message, link, at, method, agent, address, purpose = line.decode().removesuffix("\n").split("\t")
            hit = cls(cast(Kind, kind), int(message), int(link), float(at), method, agent, address, purpose)
            if kind not in (OPEN, CLICK) or "\0" in agent + address + purpose or not hit.can_be:
                raise ValueError("this is no hit")
            return hit
        except ValueError as error:
            raise BadLine(f"no hit stands in {line[:100]!r}") from error


def told(header: bytes) -> str:
    """A header's text, as far as it is kept: no control characters, whatever the program sent."""
    return _CONTROLS.sub("", header[: 4 * LONGEST].decode("utf-8", "replace"))[:LONGEST]
