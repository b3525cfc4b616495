"""Pydantic's complaints in the words of someone who has to mend the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from newsletter.config import shape
from newsletter.config.problems import Location, Problem, dotted, nearest
from newsletter.config.source import Origins

_WORDS = {
    "missing": "this key is required",
    "extra_forbidden": "there is no such key",
    "model_type": "this must hold further keys",
    "dict_type": "this must hold names, and keys below each",
    "tuple_type": "this must be a list, such as [one, two]",
    "string_type": "this must be text",
    "path_type": "this must be a path",
    "int_parsing": "this must be a whole number",
    "int_type": "this must be a whole number",
    "float_parsing": "this must be a number",
    "float_type": "this must be a number",
    "bool_parsing": "this must be true or false",
    "bool_type": "this must be true or false",
    "string_too_short": "this must not be empty",
    "model_attributes_type": "this must hold further keys",
    "union_tag_not_found": "`kind` is required here: `outbox`, `smtp` or `sendgrid`",
    "union_tag_invalid": "`kind` must be `outbox`, `smtp` or `sendgrid`",
    "too_short": "this needs at least one entry",
    # Names are all that the schema has a pattern for.
    "string_pattern_mismatch": "a name is up to 63 lower-case letters, digits and hyphens",
}


def problems(error: ValidationError, origins: Origins) -> Iterator[Problem]:
    """Each complaint with its key, where it was set, and a hint. Values are not repeated: they may be secret."""
    details = error.errors(include_url=False, include_input=False)
    places = [detail["loc"] for detail in details]
    for detail in details:
        if detail["type"] == "too_short" and _any_inside(detail["loc"], places):
            continue  # a list whose entries were refused is called too short as well
        location = tuple(part for part in detail["loc"] if part != "[key]")
        reason = _reason(detail["type"], detail["msg"])
        place = shape.without_kinds(location)
        yield Problem(dotted(place), reason, origins.find(place), _hint(detail["type"], location))


def _any_inside(outer: Location, places: Iterable[Location]) -> bool:
    return any(place[: len(outer)] == outer and place != outer for place in places)


def _reason(kind: str, said: str) -> str:
    return _WORDS.get(kind) or said.removeprefix("Value error, ").replace("Input should be", "this must be")


def _hint(kind: str, location: Location) -> str:
    if kind == "model_type" and (known := shape.keys_at(location)):
        return f"known here: {', '.join(known)}"
    if kind != "extra_forbidden":
        return ""
    word, known = str(location[-1]), shape.keys_at(location[:-1])
    return nearest(word, known) or _elsewhere(word) or f"known here: {', '.join(known)}"


def _elsewhere(word: str) -> str:
    """Where a key belongs that stands in the wrong place, if there is just one such place among the sections."""
    places = [section for section in shape.keys_at(()) if word in shape.keys_at((section,))]
    return f"it belongs under `{places[0]}:`" if len(places) == 1 else ""
