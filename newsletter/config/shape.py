"""What the schema allows at a place such as `newsletters.weekly.sender`."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from newsletter.config.problems import Location
from newsletter.config.schema import Config
from newsletter.config.section import Section


def at(location: Location) -> Any:
    """The type that belongs at a place; None where the schema knows no such place."""
    here: Any = Config
    for part in location:
        here = _below(here, str(part))
    return here


def keys_at(location: Location) -> Sequence[str]:
    """The keys that a section may have; none where anything else stands, or names are free."""
    return list(dict.fromkeys(key for section in sections_of(at(location)) for key in section.model_fields))


def without_kinds(location: Location) -> Location:
    """A place as the file has it: pydantic names the kind, too, where a section may be of several."""
    found: Location = ()
    for index, part in enumerate(location):
        if str(part) not in _kinds(at(location[:index])):
            found = (*found, part)
    return found


def sections_of(annotation: Any) -> list[type[Section]]:
    """The sections that may stand at a place: one; none where anything else stands; or one of each kind."""
    if get_origin(annotation) is Annotated:
        return sections_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [section for part in get_args(annotation) for section in sections_of(part)]
    return [annotation] if is_section(annotation) else []


def _kinds(annotation: Any) -> dict[str, type[Section]]:
    """The sections that may stand at a place by their `kind`, where there are several."""
    sections = sections_of(annotation)
    return {section.model_fields["kind"].default: section for section in sections} if len(sections) > 1 else {}


def bare(annotation: Any) -> Any:
    """A type without its checks and without `| None`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return bare(next(part for part in get_args(annotation) if part is not NoneType))
    return annotation


def is_section(annotation: Any) -> bool:
    """Whether a bare type is a section with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


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
    if part in (kinds := _kinds(annotation)):
        return kinds[part]
    if sections := sections_of(annotation):
        field = next((each.model_fields[part] for each in sections if part in each.model_fields), None)
        return field.annotation if field else None
    if is_names(here):
        return get_args(here)[1]
    return get_args(here)[0] if is_list(here) else None
