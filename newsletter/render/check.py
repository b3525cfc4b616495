"""What is wrong with the themes and patterns of a configuration, before any issue needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from newsletter.config import Config, Newsletter, Problem
from newsletter.render.environment import Themes, patterns, theme_of, themes
from newsletter.render.errors import RenderError, located

PATTERNS = ("subject", "preheader")


def check(config: Config) -> list[Problem]:
    """Every theme that cannot be found or read, and every subject or preheader that is no pattern."""
    found = themes(config)
    problems = [
        problem for name, letter in config.newsletters.items() for problem in _problems(found, config, name, letter)
    ]
    return list(dict.fromkeys(problems))


def _problems(found: Themes, config: Config, name: str, letter: Newsletter) -> Iterator[Problem]:
    key = f"newsletters.{name}"
    theme = theme_of(config, letter)
    theme_key = f"{key}.theme" if letter.theme else "render.theme"
    templates = found.names(theme)
    if not templates:
        yield Problem(theme_key, f"there is no theme '{theme}'", hint=f"themes are folders of {found.own}")
    for wanted in (f"{theme}/{letter.layout}.mjml.j2", f"{theme}/{letter.layout}.txt.j2"):
        if templates and wanted not in templates:
            yield Problem(theme_key, f"the theme '{theme}' has no {wanted.partition('/')[2]}")
    steps = [partial(found.load, name) for name in templates]
    yield from _faults(theme_key, [*steps, partial(found.tokens, theme)])
    for field in PATTERNS:
        yield from _pattern(f"{key}.{field}", getattr(letter, field))


def _faults(key: str, steps: Iterable[Callable[[], object]]) -> Iterator[Problem]:
    for step in steps:
        try:
            step()
        except RenderError as error:
            where, _, reason = str(error).partition(": ")
            yield Problem(key, reason, where)


def _pattern(key: str, pattern: str) -> Iterator[Problem]:
    try:
        with located(key, str):
            patterns().from_string(pattern)
    except RenderError as error:
        yield Problem(key, str(error).partition(": ")[2])
