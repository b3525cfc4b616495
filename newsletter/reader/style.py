"""A theme's tokens as the custom properties of a style sheet, so that a page looks like its mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

# What a colour, a font or a measure is made of; anything else could end the property, or the style sheet.
_SAFE = re.compile(r"[\w#.,%()'\" +/-]{1,300}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
# Token: what the names of its properties begin with.
_GROUPS = {"accents": "accent-", "fonts": "font-", "radius": "radius-"}


def properties(tokens: Mapping[str, Any]) -> Markup:
    """Colours as `--ink`, accents as `--accent-sun`, fonts as `--font-serif`, corners as `--radius-image`."""
    plain = [*_of(tokens, "light", "")]
    for group, prefix in _GROUPS.items():
        plain += _of(tokens, group, prefix)
    dark = "".join(_of(tokens, "dark", ""))
    # As in the mail, a theme may do without the emoji that titles begin with.
    bare = ".emoji{display:none}" if tokens.get("emoji") == "none" else ""
    # Every name and value was matched against what cannot end a property.
    return Markup(f":root{{{''.join(plain)}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{bare}")  # noqa: S704


def colour(tokens: Mapping[str, Any], name: str, otherwise: str) -> str:
    """A colour of the light palette as `#rrggbb`."""
    found = str(_mapping(tokens, "light").get(name, ""))
    return found if _COLOUR.fullmatch(found) else otherwise


def accents(tokens: Mapping[str, Any]) -> tuple[str, ...]:
    """The colours for ornament."""
    return tuple(str(one) for one in _mapping(tokens, "accents").values() if _COLOUR.fullmatch(str(one)))


def _of(tokens: Mapping[str, Any], group: str, prefix: str) -> Iterator[str]:
    for name, value in _mapping(tokens, group).items():
        if _NAME.fullmatch(str(name)) and _SAFE.fullmatch(str(value)):
            yield f"--{prefix}{str(name).replace('_', '-')}:{value};"


def _mapping(tokens: Mapping[str, Any], group: str) -> Mapping[str, Any]:
    found = tokens.get(group)
    return found if isinstance(found, Mapping) else {}
