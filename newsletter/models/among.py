"""A lookup for many numbers at once: `pk__among=[…]` is one parameter, where `pk__in` is one for each."""

from __future__ import annotations

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler


class Among(Lookup):
    """Whether an integer is one of a list. Django looks at each of `in`'s values several times; that adds up."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """One array on PostgreSQL, one JSON text on SQLite."""
        column, params = self.process_lhs(compiler, connection)
        numbers = list(self.rhs)
        if connection.vendor == "postgresql":
            # As one text: psycopg would adapt each number by itself.
            return f"{column} = ANY(%s::bigint[])", (*params, f"{{{','.join(map(str, numbers))}}}")
        values = "(SELECT value FROM json_each(%s))"
        return f"{column} IN {values}", (*params, json.dumps(numbers))
