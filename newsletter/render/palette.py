"""The tokens that a newsletter changes: whether there are such tokens, and whether words still stand out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from newsletter.config import Problem
from newsletter.config.problems import nearest
from newsletter.config.source import Origins
from newsletter.render.environment import BASE, FILE_OF_TOKENS, SHIPPED, Themes
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
_UNKNOWN = "the theme has no token"
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


def problems_of_files(found: Themes, theme: str) -> list[Problem]:
    """What is wrong with the publication's own tokens.yaml of a theme, and of base, each named by file and line."""
    if found.own == SHIPPED:
        return []
    files = (found.own / room / FILE_OF_TOKENS for room in dict.fromkeys((BASE, theme)))
    return [problem for file in files if file.is_file() for problem in _of_file(found, theme, file)]


def _of_file(found: Themes, theme: str, file: Path) -> list[Problem]:
    try:
        tokens, over, under = found.tokens(theme), found.read(file), found.tokens_under(theme, file)
    except RenderError:
        return []  # named elsewhere, as above
    over = fitted(under, over)
    wrong = [problem for problem in _wrong(under, over, "") if not _asked_for(found, theme, problem)]
    wrong = wrong or list(_faint(tokens, over, ""))
    origins = Origins(file, yaml.compose(file.read_text(encoding="utf-8")))
    folder = Path(found.shown(str(file))).parent
    return [_placed(problem, origins, folder) for problem in wrong]


def _placed(problem: Problem, origins: Origins, folder: Path) -> Problem:
    path = tuple(problem.key.strip(".").split("."))
    return replace(problem, key=".".join(path), where=(folder / origins.find(path)).as_posix())


def _asked_for(found: Themes, theme: str, problem: Problem) -> bool:
    """Whether what seems unknown is a token of the publication's own, which one of its templates asks for."""
    if not problem.reason.startswith(_UNKNOWN):
        return False
    name = re.escape(problem.key.rpartition(".")[2])
    asked = re.compile(rf"""\btheme\b[\w.]*(?:\.|\[["']){name}\b""")
    return any(asked.search(found.loader.get_source(found.sandbox, one)[0]) for one in found.names(theme))


def _wrong(
    tokens: Mapping[str, Any], over: Mapping[str, Any], key: str, path: tuple[str, ...] = ()
) -> Iterator[Problem]:
    for name, value in over.items():
        place, known = f"{key}.{name}", tokens.get(name)
        if name not in tokens:
            hint = nearest(str(name), list(tokens)) or f"there are {', '.join(tokens)}"
            yield Problem(place, f"{_UNKNOWN} '{'.'.join((*path, str(name)))}'", hint=hint)
        elif isinstance(known, Mapping):
            if isinstance(value, Mapping):
                yield from _wrong(known, value, place, (*path, str(name)))
            else:
                yield Problem(place, "this must be a mapping", hint=f"of {', '.join(known)}")
        elif said := _amiss(path, known, value):
            yield Problem(place, said[0], hint=said[1])


def _amiss(path: tuple[str, ...], known: Any, value: Any) -> tuple[str, str] | None:
    """What is wrong with one token's value, and what it should be like."""
    if value is None:
        # A colour without quotes is a comment to YAML.
        return "this is empty", f"write it like '{known}'" + (", in quotes" if path[:1] else "")
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
