"""The configuration in force, told to people: each key with its value, its default, its meaning, and where it was set.

Secrets are never told, only whether they are set. The words are those of docs/configuration.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from newsletter.config import reference, shape
from newsletter.config.problems import Location, dotted
from newsletter.config.schema import Config
from newsletter.config.section import Section
from newsletter.config.values import Called

NOTHING = "–"
SET, NOT_SET = "set", "not set"
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
_SECRET = re.compile(r"([?&][^=&#\s]*(?:token|key|secret|pass|auth|sig)[^=&#\s]*=)[^&#\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A key in force. `where` is the place that set it: a line of the file, a variable; empty for the default."""

    key: str
    value: str
    default: str
    means: str
    where: str
    required: bool = False

    @property
    def name(self) -> str:
        """Its last part."""
        return self.key.rpartition(".")[2]


@dataclass(frozen=True)
class Part:
    """A section in force, with its own keys."""

    name: str
    means: str
    rows: tuple[Row, ...]

    @property
    def changed(self) -> int:
        """How many of its keys somebody has set."""
        return sum(bool(row.where) for row in self.rows)


def parts(config: Config) -> Iterator[Part]:
    """Every section in force, in the order of the file, each followed by those in it."""
    for key, field in Config.model_fields.items():
        yield from _parts(config, (key,), getattr(config, key), field.description or "")


def rows_of(config: Config, location: Location, section: Section, keys: tuple[str, ...] = ()) -> list[Row]:
    """A section's keys, or those of these names, with all that lies below them, in one list."""
    found: list[Row] = []
    for key in keys or tuple(type(section).model_fields):
        place, value = (*location, key), getattr(section, key)
        inner = list(_within(place, value))
        if inner and isinstance(value, tuple):
            found += [_in_a_line(config, below, one, type(section).model_fields[key]) for below, one in inner]
        elif inner:
            for below, one in inner:
                found += rows_of(config, below, one)
        else:
            found.append(_row(config, place, type(section).model_fields[key], value))
    return found


def masked(text: str) -> str:
    """A text without what opens doors in the addresses that it holds."""
    return _SECRET.sub(r"\1…", _LOGIN.sub("…@", text))


def _parts(config: Config, location: Location, value: Any, means: str) -> Iterator[Part]:
    if not isinstance(value, Section):
        for place, one in _within(location, value):
            yield from _parts(config, place, one, means)
        return
    fields = type(value).model_fields
    inner = {key: field for key, field in fields.items() if list(_within((*location, key), getattr(value, key)))}
    rows = [
        _row(config, (*location, key), field, getattr(value, key))
        for key, field in fields.items()
        if key not in inner and not reference.is_fixed(field)
    ]
    if rows:
        yield Part(dotted(location), means, tuple(rows))
    for key, field in inner.items():
        yield from _parts(config, (*location, key), getattr(value, key), field.description or "")


def _within(location: Location, value: Any) -> Iterator[tuple[Location, Section]]:
    """The sections at a place: itself, or those under names, or in a list."""
    if isinstance(value, Section):
        yield location, value
    elif isinstance(value, dict):
        yield from (((*location, name), one) for name, one in value.items() if isinstance(one, Section))
    elif isinstance(value, tuple):
        yield from (((*location, at), one) for at, one in enumerate(value) if isinstance(one, Section))


def _row(config: Config, location: Location, field: FieldInfo, value: Any) -> Row:
    is_size = any(isinstance(mark, Called) and mark.name == "size" for mark in field.metadata)
    is_secret = shape.bare(field.annotation) is SecretStr
    default = NOT_SET if is_secret else reference.default(field).replace("`", "").replace("\\|", "|")
    value = SecretStr("") if is_secret and value is None else value
    return Row(
        key=dotted(location),
        value=reference.size(value) if is_size else _said(value),
        default="" if field.is_required() else default,
        means=field.description or "",
        where=config.where(location),
        required=field.is_required(),
    )


def _in_a_line(config: Config, location: Location, section: Section, field: FieldInfo) -> Row:
    """One of several sections of a kind: what is set of it."""
    fields = type(section).model_fields
    said = [f"{key}: {_said(getattr(section, key))}" for key in fields if key in section.model_fields_set]
    return Row(dotted(location), "; ".join(said), "", field.description or "", config.where(location))


def _said(value: Any) -> str:
    """A value in words; of a secret, whether it is set."""
    if isinstance(value, SecretStr):
        return SET if value.get_secret_value() else NOT_SET
    if value is None or value in ("", (), {}):
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return reference.span(value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_said(one)}" for name, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    return masked(str(value))
