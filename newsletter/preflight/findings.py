"""A finding: what one check has to say of an issue, how much it matters, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from newsletter.config import Config
from newsletter.config.preflight import Checks, Level
from newsletter.preflight.codes import CODES

LEVELS: tuple[Level, ...] = ("blocker", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    `where` says in which part of the issue, `item` is the number of the item if it is one, and `about` is the very
    thing: an address, a word. `level` is only what the check itself thinks, where that differs from its code's.
    """

    code: str
    what: str
    do: str
    where: str = ""
    item: int | None = None
    about: str = ""
    level: Level | None = None

    @property
    def key(self) -> str:
        """By which the same finding is known again, whatever numbers are in its words."""
        return "|".join((self.code, self.where, self.about))

    def facts(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Finding:
        """What was kept."""
        return cls(**facts)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}"


def graded(found: Iterable[Finding], checks: Checks) -> list[Finding]:
    """The findings that a newsletter wants to hear of, each with its level, the gravest first."""
    levelled = (replace(one, level=_level(one, checks)) for one in found if one.code not in checks.ignore)
    return sorted(dict.fromkeys(levelled), key=lambda one: LEVELS.index(one.level or "note"))


def _level(one: Finding, checks: Checks) -> Level:
    return checks.levels.get(one.code) or one.level or CODES[one.code].level


def may_block(code: str, checks: Checks) -> bool:
    """Whether a finding of this code can stop approval."""
    return code not in checks.ignore and checks.levels.get(code, CODES[code].level) == "blocker"


def checks_of(config: Config, newsletter: str) -> Checks:
    """What a newsletter says of its checks; of one that is gone, nothing."""
    letter = config.newsletters.get(newsletter)
    return letter.preflight if letter else Checks()


def summary(found: Iterable[Finding]) -> str:
    """How many there are of each level, in words: `2 blockers, 1 warning`; what to say of none is the caller's."""
    counts = dict.fromkeys(LEVELS, 0)
    for one in found:
        counts[one.level or "note"] += 1
    return ", ".join(f"{count} {level}{'' if count == 1 else 's'}" for level, count in counts.items() if count)
