"""The kinds of sources. Another is one file here, of the same shape as `feed`, and one line in KINDS."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from newsletter.collect.entry import Call, Fetched
from newsletter.collect.errors import UnknownKind
from newsletter.collect.kinds import feed, folder
from newsletter.config import Config, Problem


class Kind(Protocol):
    """What the file of a kind holds."""

    def check(self, config: Config, name: str) -> Iterable[Problem]:
        """What is wrong with the configuration of a source of this kind."""

    async def fetch(self, call: Call) -> Callable[[], Fetched]:
        """Wait for what must be waited for, side by side with other sources; the answer reads it, one at a time.

        Both raise CollectError.
        """


KINDS: dict[str, Kind] = {
    "feed": feed,
    "folder": folder,
}


def kind(name: str) -> Kind:
    """The kind of this name; raises UnknownKind."""
    if name not in KINDS:
        raise UnknownKind(f"There is no kind of source called '{name}'.", f"Known: {', '.join(KINDS)}.")
    return KINDS[name]
