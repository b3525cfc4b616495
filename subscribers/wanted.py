"""Which people are wanted: what staff can ask for on a screen, as plain values that can be kept and told in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from subscribers import lookup
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import List, Segment, Subscriber, Subscription, Suppression, Tag, Tagging
from subscribers.segments import Broken, condition

FEW = 20_000
"""So many people are looked up one by one; beyond, each person is asked whether they belong."""
STANDINGS = {
    "active": "active",
    "asked": "asked whether to stay",
    "dormant": "dormant",
    "paused": "paused",
    "suppressed": "suppressed",
    "bounced": "suppressed: bounced",
    "complained": "suppressed: complained",
}
ON = {"active": "active", "pending": "not confirmed yet", "unsubscribed": "unsubscribed", "any": "whatever status"}


@dataclass(frozen=True)
class Wanted:
    """People described by what a screen can ask; all of it must hold, and what is empty is not asked.

    `q` are words, `list`, `tag` and `segment` names, `on` the status on that list, `since` and `until` days, `numbers`
    the people themselves.
    """

    q: str = ""
    list: str = ""
    on: str = "active"
    tag: str = ""
    standing: str = ""
    flag: str = ""
    language: str = ""
    domain: str = ""
    since: str = ""
    until: str = ""
    segment: str = ""
    made_by: str = ""
    numbers: tuple[int, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, object], numbers: Iterable[int] = ()) -> Wanted:
        """As a query string or a JSON column says it; what it does not know is left alone."""
        names = {one.name for one in dataclasses.fields(cls)} - {"numbers"}
        known = {name: str(value).strip() for name, value in given.items() if name in names and str(value).strip()}
        kept = given.get("numbers", ())
        return cls(**known, numbers=tuple(numbers) or tuple(kept if isinstance(kept, list | tuple) else ()))

    def values(self) -> dict[str, object]:
        """What is asked, as JSON keeps it."""
        asked = {name: value for name, value in dataclasses.asdict(self).items() if value}
        if not self.list:
            asked.pop("on", None)
        return asked | ({"numbers": [*self.numbers]} if self.numbers else {})

    def __str__(self) -> str:
        return ", ".join(self._words()) or "everybody"

    def _words(self) -> Iterator[str]:
        if self.numbers:
            yield f"{len(self.numbers)} ticked"
        if self.q:
            yield f"search “{self.q}”"
        if self.list:
            yield f"list {self.list} ({ON.get(self.on, self.on)})"
        for name, word in _TOLD.items():
            if value := getattr(self, name):
                yield f"{word} {value}"


_TOLD = {
    "tag": "tag", "standing": "standing", "flag": "flag", "language": "language", "domain": "domain",
    "since": "first seen since", "until": "first seen until", "segment": "segment", "made_by": "import",
}  # fmt: skip


class Unclear(ValueError):
    """A value that cannot be asked for; the message says why."""


def words(q: str) -> list[str]:
    """The words that are looked for, as addresses are compared; of an address in another spelling, its key."""
    return [_compared(word) for word in q.replace("\0", "").split()[:10]]


def _compared(word: str) -> str:
    try:
        return normalize(word)[1]
    except InvalidAddress:
        return word.lower()


def day(text: str) -> datetime:
    """The beginning of a day in the site's zone. Raises Unclear."""
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time.min))
    except ValueError:
        raise Unclear(f"“{text[:40]}” is not a day; write it as 2026-11-22") from None


def narrowed(people: QuerySet[Subscriber], wanted: Wanted, now: datetime) -> QuerySet[Subscriber]:
    """Those of the people who are wanted, but for the words of `q`. Raises Unclear."""
    for name, means in _CONDITIONS.items():
        if value := getattr(wanted, name):
            people = people.filter(means(value, wanted, now))
    return people


def driven(wanted: Wanted) -> bool:
    """Whether one of the conditions leaves so few that the database had better begin with them."""
    if wanted.numbers or wanted.flag or wanted.domain or wanted.made_by:
        return True
    rows: list[QuerySet[Model]] = []
    if wanted.list:
        rows.append(_subscriptions(wanted))
    if wanted.tag:
        rows.append(Tagging.objects.filter(tag__name=wanted.tag))
    return any(_few(one) for one in rows)


def looked(found: list[str]) -> Q:
    """That each word stands somewhere in the address or the name; a short one, at the address's beginning."""
    asked = Q()
    for word in found:
        if len(word) < lookup.SHORTEST:
            asked &= _begins("key", word)
        elif word.isascii() or connection.vendor != "sqlite":
            asked &= Q(key__contains=word) | Q(name__icontains=word)
        else:  # whose LIKE knows capitals of ASCII alone
            asked &= Q(key__contains=word) | Q(name__icontains=word) | Q(name__icontains=word.title())
    return asked


def _begins(column: str, word: str) -> Q:
    """As a range, which SQLite's index answers; PostgreSQL's, whatever its collation, answers LIKE."""
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__gte": word, f"{column}__lt": word[:-1] + chr(ord(word[-1]) + 1)})
    return Q(**{f"{column}__startswith": word})


def _few(rows: QuerySet[Model]) -> bool:
    return not rows.order_by()[FEW : FEW + 1].exists()


def _among(rows: QuerySet[Model], column: str, key: str = "pk") -> Q:
    """That there is such a row for a person: asked of the rows where they are few, of each person where they are not.

    PostgreSQL sees that both are one question; SQLite answers each the way it is put.
    """
    if _few(rows):
        return Q(**{f"{key}__in": rows.order_by().values(column)})
    return Q(Exists(rows.filter(**{column: OuterRef(key)})))


def _subscriptions(wanted: Wanted) -> QuerySet[Subscription]:
    # The list's own number first: a join inside would keep SQLite from the index.
    number = List.objects.filter(name=wanted.list).values_list("pk", flat=True).first()
    held = Subscription.objects.filter(list_id=number or 0)
    return held if wanted.on == "any" else held.filter(status=wanted.on)


def _on_list(name: str, wanted: Wanted, now: datetime) -> Q:
    return _among(_subscriptions(wanted), "subscriber_id")


def _tagged(name: str, wanted: Wanted, now: datetime) -> Q:
    number = Tag.objects.filter(name=name).values_list("pk", flat=True).first()
    return _among(Tagging.objects.filter(tag_id=number or 0), "subscriber_id")


def _held(**kind: str) -> Q:
    return _among(Suppression.objects.filter(key__isnull=False, **kind), "key", "key")


def _standing(name: str, wanted: Wanted, now: datetime) -> Q:
    if name == "suppressed":
        return _held()
    if name in ("bounced", "complained"):
        return _held(kind=name)
    if name == "paused":
        return Q(paused_until__gt=now)
    if name == "active":
        free = Q(paused_until__isnull=True) | Q(paused_until__lte=now)
        on = Exists(Subscription.objects.filter(subscriber=OuterRef("pk"), status="active"))
        return Q(~Exists(Suppression.objects.filter(key=OuterRef("key")))) & free & Q(on, status="active")
    return Q(status=name)


def _of_segment(name: str, wanted: Wanted, now: datetime) -> Q:
    segment = Segment.objects.filter(name=name).first()
    if segment is None:
        raise Unclear(f"there is no segment “{name}”")
    try:
        return condition(segment.rules, segment.name)(now)
    except Broken as broken:
        raise Unclear(f"the segment “{segment}” cannot be followed: {broken}") from None


def _domain(name: str, wanted: Wanted, now: datetime) -> Q:
    plain = name.lower().lstrip("@")
    return Q(domain=plain.encode("idna").decode() if not plain.isascii() else plain)


def _made_by(number: str, wanted: Wanted, now: datetime) -> Q:
    if not number.isdecimal():
        raise Unclear(f"“{number[:40]}” is not the number of an import")
    return Q(import_number=int(number))


_CONDITIONS: dict[str, Callable[[str, Wanted, datetime], Q]] = {
    "numbers": lambda _, wanted, now: Q(pk__in=wanted.numbers),
    "list": _on_list,
    "tag": _tagged,
    "standing": _standing,
    "flag": lambda name, _, now: Q(flag=name),
    "language": lambda name, _, now: Q(language=name),
    "domain": _domain,
    "since": lambda text, _, now: Q(created_at__gte=day(text)),
    "until": lambda text, _, now: Q(created_at__lt=day(text) + timedelta(days=1)),
    "segment": _of_segment,
    "made_by": _made_by,
}
