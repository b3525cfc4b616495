"""What the schema allows at a place such as `newsletters.weekly.sender`."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from newsletter.config.problems import Location
from newsletter.config.schema import Config


def at(location: Location) -> Any:
    """The type that belongs at a place; None where the schema knows no such place."""
    here: Any = Config
    for part in location:
        here = _below(here, str(part))
    return here


def keys_at(location: Location) -> Sequence[str]:
    """The keys that a section may have; none where anything else stands, or names are free."""
    section = bare(at(location))
    return list(section.model_fields) if is_section(section) else []


def bare(annotation: Any) -> Any:
    """A type without its checks and without `| None`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return bare(next(part for part in get_args(annotation) if part is not NoneType))
    return annotation


def is_section(annotation: Any) -> bool:
    """Whether a bare type is a section with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def is_names(annotation: Any) -> bool:
    """Whether a type maps names of the user's choice to something."""
    return get_origin(bare(annotation)) is dict


def is_list(annotation: Any) -> bool:
    """Whether a type is a list."""
    return get_origin(bare(annotation)) is tuple


def holds_more(annotation: Any) -> bool:
    """Whether a type is a section, a mapping or a list, and not a single value."""
    return is_section(bare(annotation)) or is_names(annotation) or is_list(annotation)


def _below(annotation: Any, part: str) -> Any:
    here = bare(annotation)
    if is_section(here):
        field = here.model_fields.get(part)
        return field.annotation if field else None
    if is_names(here):
        return get_args(here)[1]
    return get_args(here)[0] if is_list(here) else None
