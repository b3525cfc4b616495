"""Finding people among a million without making anybody wait: a page at a time, newest first, and about how many.

Whatever is asked, an answer comes within about a fifth of a second. Where the database can look everything through in
that time, and it mostly can, the answer is whole; where it cannot, it says down to which person it has looked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from subscribers import lookup
from subscribers.limits import TooLong, within
from subscribers.models import Subscriber
from subscribers.wanted import Wanted, driven, looked, narrowed, words

FIRST_TRY, SECOND_TRY, WHOLE = 0.05, 0.04, 0.14
"""Seconds: for the plain question, for the same asked the other way round, for all of it."""
COUNTING, ESTIMATING = 0.05, 0.04
"""Seconds."""
_BLOCKS = (1000, 4000, 16_000)
_WINDOW = 10_000
_PLACES, _NEIGHBOURS = 250, 12
"""A sample is of so many places and so many people at each: neighbours lie on one page of the disk."""


@dataclass(frozen=True)
class Page:
    """Some people, newest first. `below` is where the next page begins, if there may be one; `cut` says that time ran
    out there, and whoever asks on may find more, or nobody."""

    numbers: list[int]
    below: int | None = None
    cut: bool = False


@dataclass(frozen=True)
class Count:
    """How many people, exactly or about; None if it would have taken too long to tell."""

    number: int | None
    exact: bool = True

    def __str__(self) -> str:
        if self.number is None:
            return "an uncounted number of"
        if self.exact:
            return f"{self.number:,}"
        return f"about {self.number:,}" if self.number else "few, if any,"


@dataclass(frozen=True)
class Search:
    """One question about people, at one moment. Asking it raises Unclear if it cannot be asked."""

    wanted: Wanted
    now: datetime

    def everybody(self) -> QuerySet[Subscriber]:
        """The people, in no order: for whoever goes through all of them."""
        if self._by_index:
            return self._filtered.filter(pk__in=lookup.everybody(self._long))
        return self._filtered

    def between(self, low: int, high: int) -> QuerySet[Subscriber]:
        """Those of them with numbers from `low` to `high`, so few that each may be looked at."""
        return self._filtered.filter(pk__gte=low, pk__lte=high)

    def page(self, below: int | None = None, size: int = 50) -> Page:
        """The newest of them below this number."""
        until = time.monotonic() + WHOLE
        people = self._filtered if below is None else self._filtered.filter(pk__lt=below)
        if self._by_index:
            return self._blocks(people, below, size, until)
        for order, seconds in ((F("pk").desc(), FIRST_TRY), ((F("pk") + 0).desc(), SECOND_TRY)):
            try:
                with within(seconds):
                    return _page(list(people.order_by(order).values_list("pk", flat=True)[: size + 1]), size)
            except TooLong:
                continue
        return look_through(people, below, size, until)

    def count(self) -> Count:
        """How many they are: exactly where that is quickly done, else about."""
        try:
            with within(COUNTING):
                return Count(self.everybody().order_by().count())
        except TooLong:
            return self.estimate()

    def estimate(self) -> Count:
        """About how many they are, from a sample of all people that is a percent or two off."""
        low, high = (Subscriber.objects.order_by(end).values_list("pk", flat=True).first() for end in ("pk", "-pk"))
        if low is None or high is None:
            return Count(0)
        asked = _sample(low, high)
        try:
            with within(ESTIMATING):
                found = self._filtered.filter(pk__in=_these(asked)).order_by().count()
        except TooLong:
            return Count(None, exact=False)
        return Count(_rounded(found / len(asked) * (high - low + 1)), exact=False)

    @cached_property
    def _words(self) -> list[str]:
        return words(self.wanted.q)

    @cached_property
    def _long(self) -> list[str]:
        return [word for word in self._words if len(word) >= lookup.SHORTEST]

    @cached_property
    def _filtered(self) -> QuerySet[Subscriber]:
        people = narrowed(Subscriber.objects.all(), self.wanted, self.now)
        return people.filter(looked(self._words)) if self._words else people

    @cached_property
    def _by_index(self) -> bool:
        """Whether the table of trigrams is asked first; where a condition leaves only few, these are looked through."""
        return bool(self._long) and not driven(self.wanted) and lookup.has_table(connection)

    def _blocks(self, people: QuerySet[Subscriber], below: int | None, size: int, until: float) -> Page:
        """Ask the table of trigrams for candidates, block by block, and the rows which of them it is."""
        at, numbers = below or 2**62, list[int]()
        for most in _growing():
            block = lookup.block(self._long, at, most)
            try:
                with within(max(0.01, until - time.monotonic())):
                    rows = people.filter(pk__in=block).order_by("-pk").values_list("pk", flat=True)
                    numbers += rows[: size + 1 - len(numbers)]
                    if len(numbers) > size:
                        break
                    at, number = lookup.extent(connection, block)
            except TooLong:
                return Page(numbers, at, cut=True)
            if number < most:
                break
        return _page(numbers, size)


def _page(numbers: list[int], size: int) -> Page:
    return Page(numbers[:size], numbers[size - 1] if len(numbers) > size else None)


def _growing() -> Iterator[int]:
    yield from _BLOCKS
    while True:
        yield _BLOCKS[-1]


def look_through(
    people: QuerySet[Subscriber], below: int | None, size: int, until: float, width: int = _WINDOW
) -> Page:
    """Look person by person from the newest on, as far as the time goes; at least one window is looked through."""
    ends = (Subscriber.objects.order_by(end).values_list("pk", flat=True).first() or 0 for end in ("pk", "-pk"))
    oldest, newest = ends
    at, numbers = below or newest + 1, list[int]()
    while at > oldest:
        window = people.filter(pk__lt=at, pk__gte=at - width).order_by("-pk").values_list("pk", flat=True)
        numbers += window[: size + 1 - len(numbers)]
        if len(numbers) > size:
            return _page(numbers, size)
        at -= width
        if time.monotonic() > until:
            return Page(numbers, at, cut=True) if at > oldest else Page(numbers)
    return Page(numbers)


def by_lot() -> QuerySet[Subscriber]:
    """Some three thousand people from all over; everybody, where there are no more."""
    return Subscriber.objects.filter(pk__in=drawn()[0]).order_by()


def drawn() -> tuple[RawSQL, float]:
    """The numbers of these people, for `pk__in`, and for how many each of them stands."""
    low, high = (Subscriber.objects.order_by(end).values_list("pk", flat=True).first() for end in ("pk", "-pk"))
    if low is None or high is None:
        return _these([]), 1
    asked = _sample(low, high)
    return _these(asked), (high - low + 1) / len(asked)


def _sample(low: int, high: int) -> list[int]:
    """Numbers from all over, in small groups; not at even distances, which might be those of what is asked."""
    step = (high - low) // _PLACES
    if step <= _NEIGHBOURS:
        return [*range(low, high + 1)]
    starts = (low + at * step + at * 2_654_435_761 % (step - _NEIGHBOURS) for at in range(_PLACES))
    return [one for start in starts for one in range(start, start + _NEIGHBOURS)]


def _these(numbers: list[int]) -> RawSQL:
    """As one parameter: a database takes longer to read thousands of them than to find the rows."""
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", (json.dumps(numbers),))
    return RawSQL("SELECT unnest(%s::bigint[])", (numbers,))


def _rounded(number: float) -> int:
    """With two figures: more are not meant."""
    plain = round(number)
    return round(plain, 2 - len(str(plain))) if plain >= 100 else plain
