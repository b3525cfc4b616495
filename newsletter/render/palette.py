"""The tokens that a newsletter changes: whether there are such tokens, and whether words still stand out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from newsletter.config import Problem
from newsletter.config.problems import nearest
from newsletter.render.environment import Themes
from newsletter.render.errors import RenderError
from newsletter.render.overlay import fitted, merged

LEAST = 4.5
"""The contrast that WCAG 2 asks for between words of ordinary size and what is behind them (level AA)."""

# What is written on what, in some theme or other.
PAIRS = (
    *((text, ground) for text in ("ink", "soft", "link", "accent") for ground in ("paper", "sheet")),
    *((text, "panel") for text in ("ink", "soft", "link")),
    ("ink", "note"), ("ink", "code"), ("link", "note"), ("on_button", "button"), ("on_band", "band"),
    ("on_band_button", "band_button"), ("on_avatar", "avatar"),
)  # fmt: skip
SCHEMES = ("light", "dark")
_COLOURS = (*SCHEMES, "accents")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LENGTH = re.compile(r"\d+(\.\d+)?px")


def luminance(colour: str) -> float:
    """How bright a colour of six digits is, from 0 to 1, as WCAG 2 computes it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio between two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def problems(found: Themes, theme: str, key: str, over: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the tokens that config.yaml lays over a theme's own."""
    if not over:
        return []
    try:
        tokens = found.tokens(theme)
    except RenderError:
        # The theme's own file is at fault, and is named as such.
        return []
    over = fitted(tokens, over)
    wrong = list(_wrong(tokens, over, key))
    return wrong or list(_faint(merged(tokens, over), over, key))


def _wrong(
    tokens: Mapping[str, Any], over: Mapping[str, Any], key: str, path: tuple[str, ...] = ()
) -> Iterator[Problem]:
    for name, value in over.items():
        place, known = f"{key}.{name}", tokens.get(name)
        if name not in tokens:
            hint = nearest(str(name), list(tokens)) or f"there are {', '.join(tokens)}"
            yield Problem(place, f"the theme has no token '{'.'.join((*path, str(name)))}'", hint=hint)
        elif isinstance(known, Mapping):
            if isinstance(value, Mapping):
                yield from _wrong(known, value, place, (*path, str(name)))
            else:
                yield Problem(place, "this must be a mapping", hint=f"of {', '.join(known)}")
        elif said := _amiss(path, known, value):
            yield Problem(place, said[0], hint=said[1])


def _amiss(path: tuple[str, ...], known: Any, value: Any) -> tuple[str, str] | None:
    """What is wrong with one token's value, and what it should be like."""
    if path[:1] and path[0] in _COLOURS and not _COLOUR.fullmatch(str(value)):
        return f"'{value}' is no colour of six digits", f"write it like '{known}', in quotes"
    if isinstance(known, int) and (not isinstance(value, int) or isinstance(value, bool) or not 320 <= value <= 900):
        return f"'{value}' is no width", f"a whole number from 320 to 900, such as {known}"
    if isinstance(known, str) and _LENGTH.fullmatch(known) and not _LENGTH.fullmatch(str(value)):
        return f"'{value}' is no length", f"write it like {known}"
    if isinstance(known, str) and (not isinstance(value, str) or re.search(r'[{}<>;"]', value)):
        return f"'{value}' cannot stand in a style", f"write it like {known}"
    return None


def _faint(tokens: Mapping[str, Any], over: Mapping[str, Any], key: str) -> Iterator[Problem]:
    """Words that the changed colours make hard to read."""
    for scheme in SCHEMES:
        changed, colours = over.get(scheme, {}), tokens[scheme]
        for text, ground in PAIRS:
            ratio = contrast(colours[text], colours[ground])
            if ratio < LEAST and (text in changed or ground in changed):
                name = text if text in changed else ground
                said = f"{text} {colours[text]} on {ground} {colours[ground]} has a contrast of {ratio:.1f} to 1"
                yield Problem(f"{key}.{scheme}.{name}", said, hint=f"words need {LEAST} to 1")
