"""What the columns of an import are, as somebody has decided: checked, and turned into fields that exist."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import cast

from subscribers import fields
from subscribers.importing.guessing import guess
from subscribers.importing.layout import OF_MEMBER, Layout
from subscribers.importing.meanings import FIELDS_OF_NAMES, MEANINGS, SUPPRESSION_MEANINGS, Entry
from subscribers.importing.programs import recognised
from subscribers.importing.refused import ImportRefused
from subscribers.models import Field, Import

_ONCE = ("email", "name", "first_name", "last_name", "language", "time_zone", "joined_at", "hash", "kind", "reason")


def guessed(job: Import, layout: Layout) -> list[Entry]:
    """What the columns of the file probably are."""
    found = guess(layout.columns, layout.samples, job.kind == Import.Kind.SUPPRESSIONS)
    if found and layout.columns[-1] == OF_MEMBER:
        found[-1] = {"header": OF_MEMBER, "as": "status"}
    if len(layout.parts) == 1 and not layout.parts[0].header:
        # Nobody has said what these columns are called, so nothing but the address is taken unasked.
        found = [one if one["as"] in ("email", "hash") else {"header": one["header"], "as": "skip"} for one in found]
    return found


def of(job: Import, layout: Layout) -> list[Entry]:
    """The mapping of an import: as it was decided, or else as it is guessed."""
    return cast("list[Entry]", job.mapping) if job.mapping else guessed(job, layout)


def check(mapping: Sequence[Entry], layout: Layout, kind: str) -> None:
    """Raise ImportRefused, saying what to change, unless the file can be imported in this way."""
    known = SUPPRESSION_MEANINGS if kind == Import.Kind.SUPPRESSIONS else MEANINGS
    if len(mapping) != len(layout.columns):
        raise ImportRefused(f"the file has {len(layout.columns)} columns, and the mapping {len(mapping)} entries")
    for entry in mapping:
        if entry.get("as") not in known:
            raise ImportRefused(f"“{entry['header']}” cannot be “{entry.get('as')}”; it can be: {', '.join(known)}")
    meant = [entry["as"] for entry in mapping]
    _check_addresses(meant, layout, kind)
    for one in _ONCE:
        if meant.count(one) > 1:
            raise ImportRefused(f"{meant.count(one)} columns are said to be the {known[one]}; there can be one")
    _check_fields(mapping)


def _check_addresses(meant: Sequence[str], layout: Layout, kind: str) -> None:
    if "email" in meant or (kind == Import.Kind.SUPPRESSIONS and "hash" in meant):
        return
    found = ", ".join(layout.columns)[:200]
    raise ImportRefused(f"no column is headed `email`, or said to be the email address (found: {found})")


def _check_fields(mapping: Sequence[Entry]) -> None:
    names = list(_names(mapping))
    for name in names:
        if not re.fullmatch(r"[a-z0-9_]{1,63}", name):
            raise ImportRefused(f"“{name}” cannot be a field's name: write small letters, digits and _")
        if names.count(name) > 1:
            raise ImportRefused(f"{names.count(name)} columns are said to be the field “{name}”; there can be one")
    if len(names) > fields.MOST:
        raise ImportRefused(
            f"{len(names)} columns are to become fields, and a person has {fields.MOST} at most; skip some"
        )
    for entry in mapping:
        if entry["as"] == "field" and entry.get("kind", Field.Kind.TEXT) not in Field.Kind.values:
            raise ImportRefused(f"“{entry.get('kind')}” is no kind of field; there are: {', '.join(Field.Kind.values)}")


def _names(mapping: Iterable[Entry]) -> Iterable[str]:
    for entry in mapping:
        if entry["as"] == "field":
            yield entry.get("field", "")
        elif entry["as"] in FIELDS_OF_NAMES:
            yield entry["as"]


def kinds(mapping: Sequence[Entry], make: bool) -> dict[str, str]:
    """The kind of every field, those of the mapping included, which are made if `make` says so.

    A field that exists keeps its kind, whatever the mapping says.
    """
    wanted = {
        (entry.get("field") or entry["as"]): entry
        for entry in mapping
        if entry["as"] == "field" or entry["as"] in FIELDS_OF_NAMES
    }
    there = dict(Field.objects.values_list("name", "kind"))
    missing = {name: entry for name, entry in wanted.items() if name not in there}
    if missing and make:
        Field.objects.bulk_create([_field(name, entry) for name, entry in missing.items()], ignore_conflicts=True)
        there = dict(Field.objects.values_list("name", "kind"))
    return {name: entry.get("kind", Field.Kind.TEXT.value) for name, entry in missing.items()} | there


def _field(name: str, entry: Entry) -> Field:
    title = "" if entry["header"] == name else entry["header"][:200]
    return Field(name=name, title=title, kind=entry.get("kind", Field.Kind.TEXT))


def slugs(layout: Layout) -> frozenset[str]:
    """The headers of a file as `fields.slug` writes them."""
    return frozenset(map(fields.slug, layout.columns))


def warnings(guesses: Sequence[Entry], layout: Layout) -> list[str]:
    """What somebody should know of the guess before it is taken."""
    program = recognised(slugs(layout))
    found = [program.warning] if program and program.warning else []
    if not any(entry["as"] in ("email", "hash") for entry in guesses):
        found.append("no column is headed `email`; say which one holds the addresses")
    wide = len(layout.columns) - sum(entry["as"] != "skip" for entry in guesses)
    if len(layout.columns) > fields.MOST and wide:
        found.append(f"a person has {fields.MOST} fields at most: {wide} of {len(layout.columns)} columns are left out")
    return found
