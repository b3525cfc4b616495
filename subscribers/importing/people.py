"""A row of a file as a person: every cell read as what its column is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from django.utils.text import slugify

from subscribers import fields
from subscribers.importing.meanings import ACTIVE, FIELDS_OF_NAMES, NEVER, UNSUBSCRIBED, WEIGHT, Entry, wish
from subscribers.importing.quick import Addresses
from subscribers.models import Field, Suppression, hash_of

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_NEUTRALISED = re.compile("'[\"']*[=+\\-@\t\r]")


class Person(NamedTuple):
    """What a row says, in the order in which it is staged; `wants` is a key of WEIGHT, `joined_at` UTC or None."""

    line: int
    email: str
    key: str
    domain: str
    hash: str
    mark: int
    name: str
    fields: str
    language: str
    time_zone: str
    flag: str
    joined_at: datetime | None
    wants: str
    tags: tuple[str, ...] = ()


class RowRefused(ValueError):
    """A row that is not taken; the message says why."""


class Reader:
    """Reads the rows of a chunk; `faults` gathers the cells that a row is taken without: line, address, reason.

    Fields are of the given kinds. One that a row brings up is added to them, and made if `make` says so.
    """

    def __init__(
        self, mapping: Sequence[Entry], program: str, addresses: Addresses, kinds: dict[str, str], now: datetime,
        make: bool,
    ) -> None:  # fmt: skip
        self._addresses, self._program, self._make = addresses, program, make
        self._kinds, self._today, self.faults = kinds, now, list[tuple[int, str, str]]()
        at = {entry["as"]: number for number, entry in reversed(list(enumerate(mapping)))}
        self._email, self._name, self._language = at["email"], at.get("name"), at.get("language")
        self._zone, self._joined = at.get("time_zone"), at.get("joined_at")
        self._fields = [
            (number, entry.get("field") or entry["as"], entry["header"])
            for number, entry in enumerate(mapping)
            if entry["as"] == "field" or entry["as"] in FIELDS_OF_NAMES
        ]
        self._wishes = [(n, _WISHES[entry["as"]]) for n, entry in enumerate(mapping) if entry["as"] in _WISHES]
        self._tags = [number for number, entry in enumerate(mapping) if entry["as"] == "tags"]
        self._attributes = [number for number, entry in enumerate(mapping) if entry["as"] == "attributes"]

    def read(self, line: int, cells: list[str]) -> Person:
        """The person of a row. Raises RowRefused, or InvalidAddress, with the reason."""
        email, key, domain, flag = self._addresses.read(plain(cells[self._email]).strip())
        wants = self._wish(cells) if self._wishes else ACTIVE
        known = self._known(line, email, cells) if self._fields or self._attributes else {}
        name = fields.tidy(plain(cells[self._name])) if self._name is not None else ""
        if not name and known:
            name = " ".join(filter(None, (str(known.get("first_name", "")), str(known.get("last_name", "")))))
        digest = hash_of(key)
        return Person(
            line, email, key, domain, digest, int(digest[:15], 16), name[:200], json.dumps(known) if known else "{}",
            self._checked(line, email, cells, self._language, _language),
            self._checked(line, email, cells, self._zone, _time_zone), flag,
            self._joined_at(line, email, cells), wants, self._tags_of(cells) if self._tags else (),
        )  # fmt: skip

    def _wish(self, cells: list[str]) -> str:
        heaviest = max((say(cells[at], self._program) for at, say in self._wishes), key=WEIGHT.__getitem__)
        if heaviest == NEVER:
            raise RowRefused("has not confirmed there, or was never subscribed; so nobody has agreed to anything")
        return heaviest

    def _known(self, line: int, email: str, cells: list[str]) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for at, name, header in self._fields:
            if cells[at]:
                self._put(known, name, plain(cells[at]), header, line, email)
        for at in self._attributes:
            for name, value in self._spread(cells[at], line, email):
                self._put(known, name, value, name, line, email)
        return known

    def _put(self, known: dict[str, Any], name: str, value: str, header: str, line: int, email: str) -> None:
        kind = self._kinds.get(name, "text")
        if kind == "text":
            found: object = fields.tidy(value)
        else:
            try:
                found = fields.typed(kind, value)
            except fields.Unfit as error:
                self.faults.append((line, email, f"taken without “{header}”: {error}"))
                return
        if found is not None and found != "":
            known[name] = found

    def _spread(self, cell: str, line: int, email: str) -> list[tuple[str, str]]:
        """The fields of an object of JSON; those that do not exist yet are made as texts."""
        if not cell.strip():
            return []
        try:
            found = json.loads(cell)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            self.faults.append((line, email, f"taken without “{cell[:60]}”: this is no object of JSON"))
            return []
        spread = [(fields.slug(name), _flat(value)) for name, value in list(found.items())[: fields.MOST]]
        new = dict.fromkeys((name for name, _ in spread if name and name not in self._kinds), Field.Kind.TEXT.value)
        if new and self._make:
            Field.objects.bulk_create([Field(name=name) for name in new], ignore_conflicts=True)
            new.update(Field.objects.filter(name__in=new).values_list("name", "kind"))
        self._kinds.update(new)
        return [(name, value) for name, value in spread if name]

    def _checked(
        self, line: int, email: str, cells: list[str], at: int | None, read: Callable[[str], str | None]
    ) -> str:
        if at is None or not (cell := cells[at].strip()):
            return ""
        found = read(cell)
        if found is None:
            what = "language, such as “de”" if read is _language else "time zone, such as Europe/Berlin"
            self.faults.append((line, email, f"taken without “{cell[:60]}”, which is no {what}"))
        return found or ""

    def _joined_at(self, line: int, email: str, cells: list[str]) -> datetime | None:
        if self._joined is None or not (cell := cells[self._joined].strip()):
            return None
        found = _moment(cell)
        if found is None or found > self._today:
            why = "is no date; write it as 2026-11-22" if found is None else "is yet to come"
            self.faults.append((line, email, f"taken as joining now: “{cell[:60]}” {why}"))
            return None
        return found

    def _tags_of(self, cells: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(tag for at in self._tags for tag in tags_in(cells[at])))


def plain(cell: str) -> str:
    """A cell without the apostrophe that our exports put before what a spreadsheet takes for a formula."""
    return cell[1:] if cell[:1] == "'" and _NEUTRALISED.match(cell) else cell


def tags_in(cell: str) -> list[str]:
    """The titles of the tags in a cell: with commas between them, as Mailchimp quotes them, or as a list of JSON."""
    cell = plain(cell).strip()
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except ValueError:
            found = []
        return [title for one in found if isinstance(one, str) and (title := fields.tidy(one)[:200])]
    return [title for one in re.split(r"[,;|]", cell.replace('"', "")) if (title := fields.tidy(one)[:200])]


def tag_name(title: str) -> str:
    """The name of a tag with this title."""
    return slugify(title)[:63] or f"tag-{hash_of(title)[:8]}"


def _say_status(cell: str, program: str) -> str:
    found = wish(cell, program)
    if found is None:
        blank = not cell.strip()
        what = "the status is blank" if blank else f"“{cell.strip()[:60]}” is no status that we know"
        raise RowRefused(f"{what}, so it is not known whether they want mail")
    return found


def _say_opted_out(cell: str, program: str) -> str:
    if not cell.strip():
        return ACTIVE
    try:
        return UNSUBSCRIBED if fields.typed(Field.Kind.YES_NO, cell) else ACTIVE
    except fields.Unfit as error:
        raise RowRefused(f"{error}, so it is not known whether they want mail") from None


def _say_unsubscribed(cell: str, program: str) -> str:
    return UNSUBSCRIBED if cell.strip() else ACTIVE


def _say_bounced(cell: str, program: str) -> str:
    return Suppression.Kind.BOUNCED.value if cell.strip() else ACTIVE


_WISHES: dict[str, Callable[[str, str], str]] = {
    "status": _say_status,
    "opted_out": _say_opted_out,
    "unsubscribed_at": _say_unsubscribed,
    "bounced_at": _say_bounced,
}


def _language(cell: str) -> str | None:
    return cell.replace("_", "-") if len(cell) <= 35 and _LANGUAGE.fullmatch(cell) else None


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _time_zone(cell: str) -> str | None:
    return _zones().get(cell.lower().replace(" ", "_"))


def _moment(cell: str) -> datetime | None:
    """A day or a moment; where no zone is given it is UTC."""
    try:
        found = datetime.fromisoformat(cell.removesuffix(" UTC"))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    try:
        day = fields.typed(Field.Kind.DATE, cell)
    except fields.Unfit:
        return None
    return datetime.combine(date.fromisoformat(str(day)), datetime.min.time(), UTC) if day else None


def _flat(value: object) -> str:
    """A value of JSON as a cell would hold it; lists with commas, and what is nested as it stands."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
