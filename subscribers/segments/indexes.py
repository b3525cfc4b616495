"""Indexes of custom fields: there is one for each field that a saved segment asks about, and for no other.

An index makes a segment quick to count, and every import and every open a little slower. So what is there is made to
agree with what is asked, by a job that may run at any time, on any machine, and finds no work most of the time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from django.db import connection
from django.db.models import Index

from subscribers.beside import alone, concurrently
from subscribers.models import Field, Segment, Subscriber
from subscribers.segments.custom import value_of
from subscribers.segments.rules import leaves, read

log = logging.getLogger(__name__)

MOST = 20
"""Indexes at most; the fields of the segments that were made first have them."""
_NAME = re.compile(r"field_\d+_[a-z_]+")


def index_of(field: Field) -> Index:
    """The index of a field's values; another name for another kind, so that a change of kind makes another."""
    return Index(value_of(field), name=f"field_{field.pk}_{field.kind}")


def agree() -> list[str]:
    """Make the indexes that segments need and drop those that none needs; return the names of both."""
    wanted = {index.name: index for index in map(index_of, _asked_about())}
    present = _present()
    sound = {name for name, valid in present.items() if valid}
    if set(wanted) == set(present) == sound:
        return []
    with alone() as ours:
        if not ours:
            return []
        changed = [_dropped(name) for name in sorted(set(present) - (set(wanted) & sound))]
        changed += [_made(wanted[name]) for name in sorted(set(wanted) - sound)]
    log.info("indexes of custom fields made or dropped: %s", ", ".join(changed))
    return changed


def _asked_about() -> Iterable[Field]:
    names: dict[str, None] = {}
    for rules in Segment.objects.order_by("pk").values_list("rules", flat=True):
        node, _ = read(rules)
        names.update((leaf.of, None) for leaf in (leaves(node) if node else ()) if leaf.kind == "field")
    fields = Field.objects.in_bulk([name for name in names if "\0" not in name], field_name="name")
    return [fields[name] for name in names if name in fields][:MOST]


def _present() -> dict[str, bool]:
    """The indexes of fields there are, and whether each is whole: one that PostgreSQL was stopped in making is not."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE i.indrelid = %s::regclass", [Subscriber._meta.db_table],
            )  # fmt: skip
        else:
            cursor.execute(
                "SELECT name, 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = %s", [Subscriber._meta.db_table]
            )
        return {name: bool(valid) for name, valid in cursor.fetchall() if _NAME.fullmatch(name)}


def _dropped(name: str) -> str:
    # By name alone: its field may be gone, or be of another kind now.
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {concurrently()}IF EXISTS {connection.ops.quote_name(name)}")
    return name


def _made(index: Index) -> str:
    """Make the index. PostgreSQL does so beside whoever writes; SQLite in a second or two for a million people."""
    if concurrently():
        with connection.schema_editor(atomic=False) as editor:
            editor.add_index(Subscriber, index, concurrently=True)  # type: ignore[call-arg]  # PostgreSQL's own
    else:
        # Not by the schema editor itself: SQLite's wants foreign keys switched off, for which there is no need here.
        sql = str(index.create_sql(Subscriber, connection.schema_editor(collect_sql=True)))
        with connection.cursor() as cursor:
            cursor.execute(sql)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {connection.ops.quote_name(Subscriber._meta.db_table)}")
    return index.name
