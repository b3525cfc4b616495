"""What the columns of a file probably are: by their headers, and by what stands in the first rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from subscribers import fields
from subscribers.importing.meanings import FIELDS_OF_NAMES, MEANINGS, Entry, wish
from subscribers.importing.programs import ELSEWHERE, OF_SUPPRESSIONS, Program, recognised
from subscribers.models import Field

_ADDRESS = re.compile(r"\s*[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+\s*")
_HASH = re.compile(r"\s*(?:[0-9a-fA-F]{64}|(?:md5:)?[0-9a-fA-F]{32})\s*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Several columns may say so, and all of them count; of anything else the first column does.
_MANY = ("skip", "tags", "status", "opted_out", "unsubscribed_at", "bounced_at", "attributes")


def is_data(cells: Sequence[str]) -> bool:
    """Whether the first row is no header: somebody's address, or its hash, stands in it."""
    return any(_ADDRESS.fullmatch(cell) or _HASH.fullmatch(cell) for cell in cells)


def guess(headers: Sequence[str], samples: Sequence[Sequence[str]], suppressions: bool = False) -> list[Entry]:
    """What each column is; `samples` holds the first values of each."""
    if suppressions:
        return _only_once([_suppression(header, seen) for header, seen in zip(headers, samples, strict=True)])
    program = recognised(frozenset(map(fields.slug, headers)))
    kinds = dict(Field.objects.values_list("name", "kind"))
    found = [
        _column(header, seen, number, program, kinds)
        for number, (header, seen) in enumerate(zip(headers, samples, strict=True), 1)
    ]
    if not any(entry["as"] == "email" for entry in found):
        _find_addresses(found, samples)
    return _only_once(found)


def _column(header: str, seen: Sequence[str], number: int, program: Program | None, kinds: dict[str, str]) -> Entry:
    name = fields.slug(header)
    meant = (program.columns if program else {}).get(name) or (
        program.rest if program else ELSEWHERE.get(name, "field")
    )
    if program is None and meant == "status" and not all(wish(one) for one in seen):
        meant = "field"  # somebody else's status may be anything: gold, single, away
    if program and meant == "field" and name not in program.columns and name in ("name", *FIELDS_OF_NAMES):
        meant = name
    if meant in MEANINGS and meant != "field":
        return {"header": header, "as": meant}
    if not name:
        return {"header": header, "as": "skip"}
    kind = kinds.get(name) or (meant if meant != "field" else _kind(seen))
    return {"header": header, "as": "field", "field": name, "kind": kind}


def _kind(seen: Sequence[str]) -> str:
    """What a new field holds, where the samples leave no doubt; numbers may be postcodes, and stay text."""
    if seen and all(_DATE.fullmatch(one) for one in seen):
        return Field.Kind.DATE
    if seen and {one.lower() for one in seen} <= {"true", "false"}:
        return Field.Kind.YES_NO
    return Field.Kind.TEXT


def _suppression(header: str, seen: Sequence[str]) -> Entry:
    meant = OF_SUPPRESSIONS.get(fields.slug(header), "skip")
    if meant == "skip" and seen:
        meant = "email" if _mostly(_ADDRESS, seen) else "hash" if _mostly(_HASH, seen) else meant
    return {"header": header, "as": meant}


def _find_addresses(found: list[Entry], samples: Sequence[Sequence[str]]) -> None:
    """Take a column that holds addresses for that of the addresses, whatever it is headed."""
    for at, seen in enumerate(samples):
        if _mostly(_ADDRESS, seen):
            found[at] = {"header": found[at]["header"], "as": "email"}
            return


def _mostly(pattern: re.Pattern[str], seen: Sequence[str]) -> bool:
    return 2 * sum(bool(pattern.fullmatch(one)) for one in seen) > len(seen)


def _only_once(found: list[Entry]) -> list[Entry]:
    """Of several columns that are the same thing the first counts; of fields as many as a person may have."""
    met: set[str] = set()
    for at, entry in enumerate(found):
        what = entry.get("field") or entry["as"]
        crowded = entry["as"] == "field" and sum(one["as"] == "field" for one in found[:at]) >= fields.MOST
        if what in met or crowded:
            found[at] = {"header": entry["header"], "as": "skip"}
        elif what not in _MANY:
            met.add(what)
    return found
