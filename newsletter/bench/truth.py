"""`newsletter bench tracking-truth`: what is counted of invented issues beside what is true of their readers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from newsletter.bench.mix import WAYS, Mix
from newsletter.bench.scratch import scratch

CLOSE = 5.0
"""Percent by which what is counted may differ from what is true."""
Tell = Callable[[str], None]

MIXES = (
    Mix("usual"),
    Mix("offices", apple=0.2, gmail=0.1, outlook=0.5, images=0.4, offices=0.8, office=400, scanned=0.6, hours=1.5),
    Mix("mostly Apple", apple=0.75, gmail=0.15, outlook=0.05, apple_opened=0.6, opened=0.3, scanned=0.08),
    Mix("few carriers", apple=0.3, gmail=0.5, outlook=0.05, offices=0.05, carriers=0.9, scanned=0.1, hours=0.5),
    Mix("few clicks, many checks", opened=0.25, apple_opened=0.2, clicked=0.06, scanned=0.5),
    Mix("beyond telling", ways={**WAYS, "like a person": 3.0}, beyond=True),
)  # fmt: skip
"""Mixes of readers that differ in what makes judging hard; the last shows what nobody can judge."""
DRAWN = 3
"""Further mixes whose numbers are drawn by chance."""


@dataclass(frozen=True)
class Compared:
    """One mix: what was counted, as it came and judged, and what is true."""

    mix: str
    seed: int
    people: int
    beyond: bool
    figures: dict[str, Any]

    def off(self, counted: str, true: str) -> float:
        """By how many percent a count is off."""
        of = self.figures[true]
        return 100 * (self.figures[counted] - of) / of if of else 0.0

    @property
    def close(self) -> bool:
        """Whether opens and clicks as they were judged are as close to the truth as they should be, where they can."""
        pairs = (("opens", "true_opens"), ("clicks", "true_clicks"), ("by_link", "true_by_link"))
        return self.beyond or all(abs(self.off(counted, true)) <= CLOSE for counted, true in pairs)

    def facts(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {"mix": self.mix, "seed": self.seed, "people": self.people, "close": self.close, **self.figures}


def mixes(seed: int) -> list[Mix]:
    """The mixes of a seed: those that have names, and some drawn by chance within wide bounds."""
    chance = random.Random(seed)  # noqa: S311 - nobody must not guess it
    drawn = [_drawn(f"drawn {at + 1}", chance) for at in range(DRAWN)]
    return [replace(one, seed=seed) for one in (*MIXES, *drawn)]


def _drawn(name: str, chance: random.Random) -> Mix:
    between = chance.uniform
    apple = between(0.1, 0.7)
    return Mix(
        name, apple=apple, gmail=between(0.1, 0.9 - apple), outlook=between(0, 0.1), fetched=between(0.6, 1),
        gmail_ahead=between(0, 0.5), opened=between(0.2, 0.6), apple_opened=between(0.2, 0.6), images=between(0.3, 1),
        clicked=between(0.08, 0.3), more=between(0.1, 0.5), hours=between(0.3, 8), carriers=between(0, 0.8),
        rented=between(0, 0.05), offices=between(0, 0.6), office=chance.randint(10, 1000), scanned=between(0.05, 0.6),
        forwarded=between(0, 0.05), replayed=between(0, 0.1), shared=between(0, 0.05), rate=between(20, 2000),
        ways={way: 0.1 if way == "like a person" else between(1, 20) for way in WAYS},
    )  # fmt: skip


def compare(server: str, people: int, seed: int, only: tuple[str, ...], tell: Tell) -> Iterator[Compared]:
    """Let each mix be read by so many, on a scratch database of this server, or of SQLite where it is empty."""
    for mix in mixes(seed):
        if only and mix.name not in only:
            continue
        tell(f"{mix.name}: {people:,} readers")
        with scratch(server) as place:
            given = json.dumps(asdict(replace(mix, people=people)))
            yield Compared(mix.name, seed, people, mix.beyond, place.run("newsletter.bench.truth_steps", given))


HEADING = """\
| readers | clicked | raw | judged | opened, as it shows | raw | judged | by link | raw | judged | looked | likely |
|---|---|---|---|---|---|---|---|---|---|---|---|"""


def row(one: Compared) -> str:
    """A mix as a line of the table; percent in brackets are how far a count is off."""
    cells = [f"{one.mix} (seed {one.seed}, {one.people:,})"]
    for counted, true in (("clicks", "true_clicks"), ("opens", "true_opens"), ("by_link", "true_by_link")):
        raw = f"raw_{counted}"
        cells += [
            f"{one.figures[true]:,}",
            *(f"{one.figures[each]:,} ({one.off(each, true):+.1f} %)" for each in (raw, counted)),
        ]
    likely = one.figures["likely"]
    cells += [
        f"{one.figures['looked']:,}",
        "–" if likely is None else f"{likely:,} ({one.off('likely', 'looked'):+.1f} %)",
    ]
    return f"| {' | '.join(cells)} |"
