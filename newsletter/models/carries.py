"""A lookup for lists in JSON: `tags__carries=["science", "space"]` is true of a post with either tag."""

from __future__ import annotations

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField, Lookup
from django.db.models.sql.compiler import SQLCompiler


@JSONField.register_lookup
class Carries(Lookup):
    """Whether a list of words has one of these. Django's own `contains` is not there on SQLite."""

    lookup_name = "carries"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """The words as they are: the field would make one JSON value of them."""
        return "%s", (list(value),)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """An operator of PostgreSQL's, or a look at each word on SQLite."""
        column, params = self.process_lhs(compiler, connection)
        words = [str(one) for one in self.rhs]
        if connection.vendor == "postgresql":
            return f"{column} ?| %s::text[]", (*params, words)
        given = "(SELECT value FROM json_each(%s))"
        each = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value IN {given})"  # noqa: S608 - a column's name
        return each, (*params, json.dumps(words))
