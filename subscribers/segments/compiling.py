"""From rules to one condition of the database.

There are two forms of it, which find the same people. One looks up each person's rows (EXISTS), which is quick for a
few people. One that finds everybody at once is made of whole sets where that is faster: SQLite reads each set once,
where it would look up a million people one by one; PostgreSQL joins what stands under “all” by itself, and can hash
the sets that stand under “any”, if it has the memory: see `finding`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.lookups import In

from subscribers.models import Subscriber
from subscribers.segments.binding import bind
from subscribers.segments.vocabulary import Asked, Joined, Rows, Tree


@dataclass(frozen=True)
class _Place:
    """Where a part of the tree stands: under “all” alone, beside tests of the person's own columns, turned round."""

    now: datetime
    whole: bool
    sqlite: bool
    under_all: bool = True
    beside: bool = False
    turned: bool = False


@dataclass(frozen=True)
class Compiled:
    """A condition, as `subscribers.audience.Condition` has it, and its two forms."""

    tree: Tree

    def __call__(self, now: datetime) -> Q:
        """The form for wherever it may stand in a query over many people: PostgreSQL there might lack the memory."""
        return self.whole(now) if connection.vendor == "sqlite" else self.singly(now)

    def singly(self, now: datetime) -> Q:
        """The form for a few people."""
        return _condition(self.tree, _Place(now, False, connection.vendor == "sqlite"))

    def whole(self, now: datetime) -> Q:
        """The form for a query that does nothing but find everybody."""
        return _condition(self.tree, _Place(now, True, connection.vendor == "sqlite"))

    def numbers(self, now: datetime) -> QuerySet[Any, Any]:
        """The numbers of everybody, some of them perhaps more than once."""
        rows = self.rows(now)
        return _numbers(rows) if rows else Subscriber.objects.filter(self.whole(now)).values("pk")

    def rows(self, now: datetime) -> Rows | None:
        """The rows of another table that name everybody, if it is a single rule that asks for such."""
        if not isinstance(self.tree, Asked) or self.tree.question.otherwise:
            return None
        test = self.tree.question.test(self.tree.about, self.tree.value, now)
        return test if isinstance(test, Rows) else None

    @property
    def alternatives(self) -> list[Compiled]:
        """The parts of which any is enough, each for itself: then each can be read by the index that serves it best."""
        if not isinstance(self.tree, Joined):
            return [self]
        if len(self.tree.parts) == 1 and self.tree.join != "not":
            return Compiled(self.tree.parts[0]).alternatives
        return [Compiled(part) for part in self.tree.parts] if self.tree.join == "any" else [self]


def condition(rules: object, name: str = "") -> Compiled:
    """The people whom these rules mean. Raises Broken: rules that cannot be followed mean nobody, never everybody."""
    return Compiled(bind(rules, name))


def _condition(tree: Tree, place: _Place) -> Q:
    if isinstance(tree, Asked):
        return _asked(tree, place)
    if tree.join == "not":
        return _condition(tree.parts[0], replace(place, turned=not place.turned))
    # A “not” is carried down to the single rules, where an index may serve: no two of three are all but one of three.
    every = (tree.join == "all") is not place.turned
    beside = any(_of_columns(part, place) for part in tree.parts)
    inner = replace(place, under_all=place.under_all and every, beside=beside)
    found = Q()
    for part in tree.parts:
        made = _condition(part, inner)
        found = found & made if every else found | made
    return found


def _of_columns(tree: Tree, place: _Place) -> bool:
    return isinstance(tree, Asked) and isinstance(tree.question.test(tree.about, tree.value, place.now), Q)


def _asked(asked: Asked, place: _Place) -> Q:
    test = asked.question.test(asked.about, asked.value, place.now)
    place = replace(place, turned=place.turned is not asked.question.otherwise)
    if isinstance(test, Asked | Joined):
        return _condition(test, place)
    made = _rows(test, place) if isinstance(test, Rows) else _columns(test, place, asked.leaf.kind == "field")
    return ~made if place.turned else made


def _columns(test: Q, place: _Place, custom: bool) -> Q:
    """SQLite finds all but some people by leaving those out; and has no idea which index of a custom field is best."""
    if place.whole and place.sqlite and (place.turned or (custom and place.under_all)):
        return Q(pk__in=Subscriber.objects.filter(test).values("pk"))
    return test


def _rows(rows: Rows, place: _Place) -> Q:
    if not place.whole or (place.under_all and not place.sqlite):
        return Q(Exists(rows.queryset.filter(**{rows.column: OuterRef("pk")})))
    numbers = _numbers(rows)
    if place.sqlite and place.beside:
        # A number that is added to leads nowhere: SQLite starts from the column's index, and asks the set.
        return Q(In(F("pk") + 0, numbers.query))
    return Q(pk__in=numbers)


def _numbers(rows: Rows) -> QuerySet[Any, Any]:
    return rows.queryset.filter(**{f"{rows.column}__isnull": False}).values(rows.column)
