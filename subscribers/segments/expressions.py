"""A custom field as an expression that an index holds, the same on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Field, FloatField, Func, Q, TextField
from django.db.models.lookups import (
    Contains,
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)
from django.db.models.sql.compiler import SQLCompiler

from subscribers.fields import slug

# Each is NULL for what is not of the field's kind. The name stands in the statement itself, for the database compares
# the whole text with the index's; it is a slug, so there is nothing in it to escape.
_SQLITE = {
    "text": "CASE WHEN json_type({0}, '{1}') = 'text' THEN lower(json_extract({0}, '{1}')) END",
    "number": "CASE WHEN json_type({0}, '{1}') IN ('integer', 'real') THEN json_extract({0}, '{1}') END",
    "date": "CASE WHEN json_extract({0}, '{1}') GLOB '????-??-??' THEN json_extract({0}, '{1}') END",
    "yes_no": "CASE WHEN json_type({0}, '{1}') IN ('true', 'false') THEN json_type({0}, '{1}') END",
}
# An entry of an index must not be long: what is longer than any value of ours is compared by its beginning.
_POSTGRESQL = {
    "text": "CASE WHEN jsonb_typeof({0} -> '{1}') = 'string' THEN lower(left({0} ->> '{1}', 500) COLLATE \"C\") END",
    "number": "CASE WHEN jsonb_typeof({0} -> '{1}') = 'number' THEN ({0} ->> '{1}')::numeric END",
    "date": "CASE WHEN ({0} ->> '{1}') LIKE '____-__-__' THEN ({0} ->> '{1}') COLLATE \"C\" END",
    "yes_no": "CASE WHEN jsonb_typeof({0} -> '{1}') = 'boolean' THEN {0} ->> '{1}' END",
}
_BOUNDS = {"least": GreaterThanOrEqual, "most": LessThanOrEqual, "above": GreaterThan, "below": LessThan}
_LAST = "\U0010ffff"
_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


class FieldValue(Func):
    """The value of a person's custom field, NULL if there is none of its kind; texts in small letters (A–Z)."""

    def __init__(self, name: str, kind: str) -> None:
        if name != slug(name) or not name:
            raise ValueError(f"“{name}” is no name of a field")
        self.name, self.kind = name, kind
        output: Field[Any, Any] = FloatField() if kind == "number" else TextField()
        super().__init__(F("fields"), output_field=output)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        """SQLite's form of it."""
        column, params = compiler.compile(self.get_source_expressions()[0])
        return f"({_SQLITE[self.kind]})".format(column, f'$."{self.name}"'), params

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        """PostgreSQL's form of it."""
        column, params = compiler.compile(self.get_source_expressions()[0])
        return f"({_POSTGRESQL[self.kind]})".format(column, self.name), params


def spellings(text: str) -> list[str]:
    """A text as `FieldValue` may have it: databases agree on small letters from A to Z alone, so the others are looked
    for as typed, all small and all large."""
    return sorted({one.translate(_LOWER) for one in (text, text.lower(), text.upper())})


def known(value: FieldValue) -> Q:
    """That there is a value."""
    return Q(IsNull(value, False))


def among(value: FieldValue, wanted: Sequence[Any]) -> Q:
    """That the value is one of these."""
    return known(value) & Q(Exact(value, wanted[0]) if len(wanted) == 1 else In(value, list(wanted)))


def bounded(value: FieldValue, **bounds: Any) -> Q:
    """That the value is `least`, `most`, `above` and `below` these bounds, as far as they are given."""
    found = known(value)
    for name, bound in bounds.items():
        found &= Q(_BOUNDS[name](value, bound))
    return found


def starting(value: FieldValue, beginning: str) -> Q:
    """That the value begins so; as a range, for which an index serves whatever the database's collation is."""
    found = Q()
    for spelling in spellings(beginning):
        found |= bounded(value, least=spelling, below=spelling + _LAST)
    return found


def containing(value: FieldValue, part: str) -> Q:
    """That this is a part of the value. The lower bound changes nothing, and lets SQLite read the index."""
    found = Q()
    for spelling in spellings(part):
        found |= Q(Contains(value, spelling))
    return bounded(value, least="") & found
