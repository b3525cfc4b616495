"""The tables of docs/configuration.md, drawn from the schema: `python -m newsletter.config.reference FILE` writes them.

In the file each table stands between `<!-- keys: send.smtp -->` and `<!-- end -->`; the rest is left as it is.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from newsletter.config import shape
from newsletter.config.schema import Config
from newsletter.config.section import Section
from newsletter.config.values import Called

_NONE = "–"
_WORDS = {
    bool: "`true` or `false`",
    str: "text",
    SecretStr: "secret",
    Path: "path",
    int: "whole number",
    float: "number",
}
_TABLE = re.compile(r"(<!-- keys: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """A page with its tables brought up to date; raises ValueError if a section is missing or unknown."""
    known = dict(sections())
    named = [match[2] for match in _TABLE.finditer(text)]
    if sorted(named) != sorted(known):
        raise ValueError(f"the page must hold each section once: {', '.join(sorted({*known} ^ {*named})) or 'twice'}")
    return _TABLE.sub(lambda match: f"{match[1]}{table(match[2], known[match[2]])}{match[3]}", text)


def sections(name: str = "", section: type[Section] = Config) -> Iterator[tuple[str, type[Section]]]:
    """Every section of config.yaml with its full name, in order; NAME stands for a name of the user's choice."""
    if name:
        yield name, section
    for key, field in section.model_fields.items():
        here, path = shape.bare(field.annotation), f"{name}.{key}".strip(".")
        inner = shape.sections_of(_innermost(field.annotation))
        # What may be of several kinds has no table of its own: the kinds have.
        if len(inner) == 1:
            below = ".NAME" if shape.is_names(here) else "[]" if shape.is_list(here) else ""
            yield from sections(path + below, inner[0])


def table(name: str, section: type[Section]) -> str:
    """One section's keys as a Markdown table; what it shares with others comes last."""
    keys = sorted(section.model_fields.items(), key=lambda item: item[0] not in section.__annotations__)
    rows = [
        f"| `{name}.{key}` | {_type(field)} | {default(field)} | {_cell(field.description or '')} |\n"
        for key, field in keys
        if not is_fixed(field)
    ]
    return "".join(("| key | type | default | meaning |\n", "|---|---|---|---|\n", *rows))


def is_fixed(field: FieldInfo) -> bool:
    """Whether there is but one value for a key, so that nobody need write it."""
    return get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1


def _innermost(annotation: Any) -> Any:
    here = shape.bare(annotation)
    if shape.is_names(here):
        return _innermost(get_args(here)[1])
    return _innermost(get_args(here)[0]) if shape.is_list(here) else annotation


def _type(field: FieldInfo) -> str:
    if words := next((mark.name for mark in field.metadata if isinstance(mark, Called)), ""):
        return words
    limits = [getattr(mark, side) for side in ("ge", "le") for mark in field.metadata if hasattr(mark, side)]
    bounds = " to ".join(map(str, limits)) + (" or more" if len(limits) == 1 else "")
    return _named(field.annotation) + (f", {bounds}" if limits else "")


def _named(annotation: Any) -> str:
    """What a type is called; a named one keeps its name inside a list or behind `| None`."""
    if words := next((mark.name for mark in getattr(annotation, "__metadata__", ()) if isinstance(mark, Called)), ""):
        return words
    here = shape.bare(annotation)
    if here is not annotation and get_args(annotation) and not getattr(annotation, "__metadata__", ()):
        return _named(get_args(annotation)[0])
    if shape.is_names(here):
        return "keys below each name"
    if shape.is_list(here):
        return f"list of {_plural(_named(get_args(here)[0]))}"
    if get_origin(here) is Literal:
        *most, last = (f"`{word}`" for word in get_args(here))
        return f"{', '.join(most)} or {last}"
    return _WORDS.get(here, "keys below")


def _plural(words: str) -> str:
    return {"keys below": "sections, keys below", "text": "words"}.get(words, f"{words}s")


def default(field: FieldInfo) -> str:
    """What holds where nothing is written, as a cell of the table."""
    if field.is_required():
        return "**required**"
    value = field.default
    if isinstance(value, Section) and shape.bare(field.annotation) is type(value):
        given = ", ".join(f"{key}: {each}" for key, each in value.model_dump(exclude_unset=True).items())
        return f"`{{{given}}}`" if given else "as below"
    if value in (None, (), "") or value == {} or (isinstance(value, SecretStr) and not value.get_secret_value()):
        return _NONE
    is_size = any(isinstance(mark, Called) and mark.name == "size" for mark in field.metadata)
    return f"`{_cell(size(value) if is_size else _value(value))}`"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return span(value) if isinstance(value, timedelta) else str(value)


def span(length: timedelta) -> str:
    """A time span as it is written in the file, in the largest unit that fits."""
    seconds = length.total_seconds()
    units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
    unit, whole = next(((unit, whole) for unit, whole in units if seconds >= whole), units[-1])
    # A day is called 24h: that is what people write.
    return f"{seconds / 3600:g}h" if seconds == 86400 else f"{seconds / whole:g}{unit}"


def size(count: int) -> str:
    """A number of bytes as it is written in the file."""
    return f"{count / 1000**2:g} MB"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
