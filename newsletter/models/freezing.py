"""Freezing: the statement that writes an issue's audience, with who is held until when, and who gets which variant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import CharField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Cast, Concat

from subscribers.audience import Audience
from subscribers.models import Subscriber

NONE = "''"
# People in the order of their lots, those who are written to apart from the others.
_PLACED = """, placed AS (
    SELECT people.*, row_number() OVER (PARTITION BY exclusion = '' ORDER BY lot, id) AS place,
    (SELECT (count(*) * {share} + 50) / 100 FROM people WHERE exclusion = '') AS chosen FROM people
)"""


@dataclass(frozen=True)
class Split:
    """Who gets which variant: `share` of a hundred people, evenly between the letters; the others are held.

    People are put in an order that only the seed and their numbers decide, so that nothing that is true of a person has
    a part in it. The first of them get the letters in turn: the shares are right to one person.
    """

    letters: str
    share: int
    seed: str

    def __post_init__(self) -> None:
        if not (self.letters.isascii() and self.letters.isalpha() and 0 < self.share <= 100):
            raise ValueError(f"not a share of people among variants: {self}")

    @property
    def lot(self) -> Combinable:
        """An expression over people by which they are put in that order."""
        return MD5(Concat(Value(f"{self.seed} "), Cast("pk", CharField())))

    @property
    def letter(self) -> str:
        """SQL for the letter of a person who has a place; what there is of it stands in the statement itself."""
        turns = " ".join(f"WHEN {turn} THEN '{letter}'" for turn, letter in enumerate(self.letters))
        turn = f"CASE (place - 1) %% {len(self.letters)} {turns} END"  # the sign is doubled for the parameters' sake
        return f"CASE WHEN exclusion = '' AND place <= chosen THEN {turn} ELSE '' END"


def statement(
    table: str, audience: Audience, now: datetime, route: Combinable, hour: Combinable | None, split: Split | None
) -> tuple[str, list[Any]]:
    """The statement that writes a row for each candidate, and its parameters but for the last, the issue's number.

    An issue that holds nobody is asked nothing about hours and lots.
    """
    if hour and split:
        raise ValueError("people are held until an hour of theirs, or until a decision, not both")
    also = {name: one for name, one in (("hour", hour), ("lot", split and split.lot)) if one}
    select, params = audience.statement(now, route=route, **also)
    if connection.vendor == "postgresql":
        select += f" FOR KEY SHARE OF {connection.ops.quote_name(Subscriber._meta.db_table)}"
    head = f"WITH people ({', '.join(('id', 'exclusion', 'route', *also))}) AS MATERIALIZED ({select})"
    held = "hour IS NOT NULL" if hour else "place > chosen" if split else "false"
    until = "CASE WHEN exclusion = '' THEN hour END" if hour else "NULL"
    # Materialized: state and reason both come from the exclusion, which is worked out once for each person.
    written = (
        f"{head}{_PLACED.format(share=int(split.share)) if split else ''}"  # noqa: S608 - only names of ours
        f" INSERT INTO {table} (state, reason, route, retry_at, variant, subscriber_id, issue_id)"
        f" SELECT CASE WHEN exclusion <> '' THEN 'excluded' WHEN {held} THEN 'held' ELSE 'pending' END, exclusion,"
        f" route, {until}, {split.letter if split else NONE}, id, %s"
        f" FROM {'placed' if split else 'people'} WHERE true ON CONFLICT DO NOTHING"
    )
    return written, list(params)
