"""Whom a preview is drawn for: one reader by address, or somebody of a list or a segment, one after another.

Among a million people each question has its time, and says so where that was not enough.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from newsletter.config import Newsletter
from newsletter.desk.builder import sentence
from subscribers.finding import Count, Search
from subscribers.limits import TooLong, within
from subscribers.models import List, Segment, Subscriber
from subscribers.wanted import Unclear, Wanted

PATIENCE = 0.1
"""Seconds for the reader before another."""
MOST = 200
"""Segments to choose from."""


@dataclass(frozen=True)
class Crowd:
    """A list or a segment to look among, as the form names it: `list:readers`, `segment:berlin`."""

    value: str
    title: str

    @property
    def search(self) -> Search:
        """What finds its people."""
        kind, _, name = self.value.partition(":")
        return Search(Wanted(list=name) if kind == "list" else Wanted(segment=name), timezone.now())


@dataclass(frozen=True)
class Met:
    """Somebody of a crowd, the one before and the one after, and how many there are; or why there is nobody."""

    crowd: Crowd
    person: Subscriber | None = None
    before: str = ""
    after: str = ""
    count: Count | None = None
    fault: str = ""


def crowds(letter: Newsletter | None) -> dict[str, list[Crowd]]:
    """What can be looked among: the newsletter's own lists, and the segments, each with a heading."""
    names = [ref.name for ref in letter.lists] if letter else []
    lists = [Crowd(f"list:{one.name}", one.title or one.name) for one in List.objects.filter(name__in=names)]
    segments = [Crowd(f"segment:{one.name}", one.title) for one in Segment.objects.order_by("title")[:MOST]]
    return {heading: found for heading, found in (("Lists", lists), ("Segments", segments)) if found}


def met(request: HttpRequest, offered: dict[str, list[Crowd]]) -> Met | None:
    """Whom the address of a page means: `of` a crowd somebody drawn by lot, or the one `at`, or next to, a number."""
    crowd = next((one for found in offered.values() for one in found if one.value == request.GET.get("of")), None)
    if crowd is None:
        return None
    try:
        return _met(crowd, request)
    except Unclear as unclear:
        return Met(crowd, fault=f"{sentence(str(unclear))}. Mend it under Segments.")


def _met(crowd: Crowd, request: HttpRequest) -> Met:
    search = crowd.search
    number = _number(request.GET.get("at", ""))
    found = search.page(number + 1, 2).numbers if number else []
    # Whoever has left the crowd meanwhile is not shown in its name.
    numbers = found if found[:1] == [number] else _drawn(search)
    person = Subscriber.objects.filter(pk=numbers[0]).first() if numbers else None
    count = search.count()
    if person is None:
        empty = "Nobody is in it now." if count.number == 0 else "Nobody was found in the time there is."
        return Met(crowd, fault=f"{empty} Choose another, or type an address.")
    after = numbers[1] if len(numbers) > 1 else None
    return Met(crowd, person, _to(crowd, _before(search, person.pk)), _to(crowd, after), count)


def _drawn(search: Search) -> list[int]:
    """Somebody by lot, and who comes next: from a number that is drawn downwards, else from the newest of all."""
    # One question each: SQLite looks the whole table through for both at once.
    low, high = (Subscriber.objects.order_by(end).values_list("pk", flat=True).first() for end in ("pk", "-pk"))
    if low is None or high is None:
        return []
    start = random.randint(low, high)  # noqa: S311 - nothing hangs on it
    return search.page(start + 1, 2).numbers or search.page(None, 2).numbers


def _before(search: Search, number: int) -> int | None:
    people = search.everybody().filter(pk__gt=number).order_by("pk")
    try:
        with within(PATIENCE):
            return people.values_list("pk", flat=True).first()
    except TooLong:
        return None


def _to(crowd: Crowd, number: int | None) -> str:
    return urlencode({"of": crowd.value, "at": str(number)}) if number else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
