"""The judge of what became of an issue: the mail server's own log beside the ledger. It asks the program nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LEDGER = (
    "SELECT m.id, m.state, m.reason, s.email FROM newsletter_message m"
    " LEFT JOIN subscribers_subscriber s ON s.id = m.subscriber_id WHERE m.state <> 'excluded' ORDER BY m.id"
)
TAKEN = ("submitted", "delivered")
"""States that say that the mail server has a message."""
REFUSED = ("failed", "bounced")
"""States that say that it will not have it."""


class Log:
    """What `newsletter.bench.sink` has written: a line for each message that it took."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.touch()
        self._seen = self._lines = 0

    def count(self) -> int:
        """How many messages have been taken so far."""
        if self.file.stat().st_size > self._seen:
            with self.file.open("rb") as handle:
                handle.seek(self._seen)
                fresh = handle.read()
            self._seen += len(fresh)
            self._lines += fresh.count(b"\n")
        return self._lines

    def arrived(self) -> Counter[str]:
        """How often each message came, by its number in the ledger, which its Message-ID begins with."""
        return Counter(_number(line) for line in self._whole())

    def told(self) -> Iterator[tuple[str, float, str]]:
        """Of each message its number in the ledger, when it was taken, and its subject."""
        for line in self._whole():
            _, _, at, subject = line.split("\t")
            yield _number(line), float(at), subject

    def _whole(self) -> list[str]:
        return self.file.read_text(encoding="utf-8", errors="replace").splitlines()


def _number(line: str) -> str:
    return line.partition(".")[0].lstrip("<")


@dataclass(frozen=True)
class Uncertain:
    """A message of which the ledger does not know whether it was sent, and whether it was."""

    email: str
    reason: str
    arrived: bool


@dataclass
class Verdict:
    """How many people there were, and who was wronged."""

    people: int = 0
    arrived: int = 0
    lost: list[str] = field(default_factory=list)
    """The ledger says sent, and it did not arrive; or they never got it."""
    twice: list[str] = field(default_factory=list)
    belied: list[str] = field(default_factory=list)
    """It arrived, and the ledger says that it was not sent."""
    uncertain: list[Uncertain] = field(default_factory=list)
    refused: int = 0
    """The mail server refuses these addresses, and the ledger says so."""

    @property
    def arrived_of_uncertain(self) -> int:
        """How many of the uncertain had in fact arrived."""
        return sum(one.arrived for one in self.uncertain)


def judge(
    ledger: Iterable[tuple[Any, ...]], arrived: Counter[str], refuses: Callable[[bytes], bool] = lambda address: False
) -> Verdict:
    """Hold each row of the ledger against what arrived, and what the mail server would not have."""
    verdict, known = Verdict(arrived=sum(arrived.values())), set()
    for number, state, reason, email in ledger:
        came = arrived[str(number)]
        known.add(str(number))
        verdict.people += 1
        if came > 1:
            verdict.twice.append(f"{email} ({came} times)")
        if state == "uncertain":
            verdict.uncertain.append(Uncertain(email, reason, came > 0))
        elif state in TAKEN and not came:
            verdict.lost.append(f"{email} ({state}, and never arrived)")
        elif state not in TAKEN and came:
            verdict.belied.append(f"{email} ({state} {reason}, and arrived)")
        elif state in REFUSED and refuses(email.encode()):
            verdict.refused += 1
        elif state not in TAKEN:
            verdict.lost.append(f"{email} ({state} {reason})")
    verdict.belied += [f"message {number}, which the ledger does not know" for number in arrived if number not in known]
    return verdict
