"""Counting the audience: how many people, and how many of them have nothing in a field, within a moment."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from newsletter.config import Newsletter
from newsletter.models import AudienceUnknown, Issue, audience_of
from newsletter.preflight.proof import Proof
from subscribers.limits import TooLong, within
from subscribers.models import Subscriber

PATIENCE = 0.4
"""Seconds for an exact count; a million people take longer, and are estimated."""
_DRAWN = 2_000
_ESTIMATING = 0.6

Field = tuple[str, bool]
"""The name of something known of a person, and whether it is a custom field."""


@dataclass(frozen=True)
class Counted:
    """How many people would get the issue, and how many of them have nothing in each field."""

    whole: int
    missing: Mapping[Field, int]
    exact: bool = True


def count(proof: Proof, fields: Sequence[Field] = ()) -> Counted | None:
    """Count over those who would get it now; None if nobody can say who, or not even a guess comes in time."""
    return count_for(proof.issue, proof.letter, proof.now, fields)


def count_for(issue: Issue, letter: Newsletter, now: datetime, fields: Sequence[Field] = ()) -> Counted | None:
    """The same without a mail that is looked at."""
    try:
        people = audience_of(issue, letter).reachable(now)
    except AudienceUnknown:
        return None
    asked = list(dict.fromkeys(fields))
    try:
        with within(PATIENCE):
            return _counted(people, asked)
    except TooLong:
        pass
    try:
        with within(_ESTIMATING):
            return _guessed(people, asked)
    except TooLong:
        return None


def _counted(people: QuerySet[Subscriber], asked: Sequence[Field]) -> Counted:
    names = {f"missing_{number}": one for number, one in enumerate(asked)}
    found = _annotated(people, asked).order_by().aggregate(
        whole=Count("pk"), **{name: Count("pk", filter=_missing(one)) for name, one in names.items()}
    )  # fmt: skip
    return Counted(found["whole"], {one: found[name] for name, one in names.items()})


def _annotated(people: QuerySet[Subscriber], asked: Sequence[Field]) -> QuerySet[Subscriber]:
    """The people, each with what is in the custom fields that are asked for, as text."""
    wanted = {name for name, custom in asked if custom} | {"first_name" for name, _ in asked if name == "first_name"}
    return people.annotate(**{_column(name): KeyTextTransform(name, F("fields")) for name in sorted(wanted)})


def _missing(field: Field) -> Q:
    name, custom = field
    if custom:
        return _nothing_in(_column(name))
    nameless = Q(name="")
    return nameless if name == "name" else nameless & _nothing_in(_column("first_name"))


def _nothing_in(column: str) -> Q:
    return Q(**{f"{column}__isnull": True}) | Q(**{column: ""})


def _column(name: str) -> str:
    # A field's name is the template's; as an alias it must be nothing but letters.
    return "field_" + "".join(f"{ord(one):x}z" for one in name)


def _guessed(people: QuerySet[Subscriber], asked: Sequence[Field]) -> Counted:
    """The same from some people drawn by lot: right to a percent or two of everybody."""
    ends: dict[str, Any] = Subscriber.objects.aggregate(first=Min("pk"), last=Max("pk"))
    numbers = range(ends["first"] or 0, (ends["last"] or 0) + 1)
    drawn = random.sample(numbers, min(_DRAWN, len(numbers)))
    found = _counted(people.filter(pk__in=drawn), asked)
    share = len(numbers) / len(drawn)
    return Counted(
        _round(found.whole * share), {one: _round(many * share) for one, many in found.missing.items()}, False
    )


def _round(number: float) -> int:
    """To two digits, so that nobody takes it for exact."""
    digits = len(str(int(number)))
    return int(round(number, 2 - digits)) if digits > 2 else int(number)
