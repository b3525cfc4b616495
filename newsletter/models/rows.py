"""Rows as one parameter: a JSON array of arrays, read by the database as a table; one statement then does for many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection


def given() -> str:
    """The table that a parameter of rows is read as, for FROM."""
    return "jsonb_array_elements(%s::jsonb) AS r(v)" if connection.vendor == "postgresql" else "json_each(%s) AS r"


def values(columns: Mapping[str, str]) -> str:
    """Its columns by name, in their order, each of the PostgreSQL type that is said of it; for SELECT."""
    read = "(r.v ->> {at})::{kind} AS {name}" if connection.vendor == "postgresql" else "r.value ->> {at} AS {name}"
    return ", ".join(read.format(at=at, kind=kind, name=name) for at, (name, kind) in enumerate(columns.items()))


def moment(value: datetime | None) -> str | None:
    """A moment as the database keeps it, inside of JSON."""
    return str(connection.ops.adapt_datetimefield_value(value)) if value else None
