"""Rows for many people at once, written by one statement from the rows that name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import CharField, Model, QuerySet, Value

from subscribers.models import Consent, List, Occasion


def note_each(
    action: str, occasion: Occasion, people: QuerySet[Any], wanted: List | None = None, note: str = ""
) -> None:
    """Write the change down for each of these, whose `person` is the number; as `Consent.note_all` does for a few."""
    values: dict[str, models.Expression | Value] = {
        "hash": text(""), "list_id": number(wanted.pk if wanted else None),
        "list_name": text(wanted.name if wanted else ""), "action": text(action), "at": moment(occasion.at),
        "source": text(occasion.source), "by": text(occasion.by[:150]), "network": text(occasion.network),
        "form": text(occasion.form[:200]), "issue": text(occasion.issue), "note": text((note or occasion.how)[:300]),
    }  # fmt: skip
    insert_valued(Consent, "subscriber_id", values, people)


def insert_valued(
    model: type[Model], person: str, values: dict[str, models.Expression | Value], people: QuerySet[Any]
) -> int:
    """Write a row with these values for each of the people, whose `person` goes into the column of that name."""
    rows = people.order_by().annotate(**{f"_{name}": value for name, value in values.items()})
    return insert(model, (person, *values), rows.values_list("person", *(f"_{name}" for name in values)))


def insert(model: type[Model], columns: tuple[str, ...], rows: QuerySet[Any, Any]) -> int:
    """INSERT … SELECT, which the ORM writes but for its first words; rows that are there already stay as they are."""
    try:
        select, params = rows.query.sql_with_params()
    except EmptyResultSet:  # nobody is meant, as Django knows without asking
        return 0
    table, names = connection.ops.quote_name(model._meta.db_table), ", ".join(map(connection.ops.quote_name, columns))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {select} ON CONFLICT DO NOTHING", params)
        return int(cursor.rowcount)


def text(value: str) -> Value:
    """A text as a column of a statement."""
    return Value(str(value), CharField())


def number(value: int | None) -> Value:
    """A number, or none, as a column of a statement."""
    return Value(value, models.BigIntegerField())


def moment(value: datetime) -> Value:
    """A moment as a column of a statement."""
    return Value(value, models.DateTimeField())
