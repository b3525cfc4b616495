"""What can be wrong with a configuration, said so that it can be mended."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Location = tuple[str | int, ...]
Found = Iterator[tuple[Location, str, str]]
"""Contradictions: the place of each, what is wrong there, and a hint."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the configuration, and what to do about it."""

    key: str
    reason: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: " if self.where else ""
        key = f"{self.key}: " if self.key else ""
        tail = f" ({self.hint})" if self.hint else ""
        return f"{head}{key}{self.reason}{tail}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` names everything that is wrong with it at once."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def dotted(location: Location) -> str:
    """A place as documentation writes it: `send.smtp.port`."""
    return ".".join(map(str, location))


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint that names the known word most like this one, or the empty string."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""
