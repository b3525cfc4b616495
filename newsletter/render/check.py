"""What is wrong with the themes and patterns of a configuration, before any issue needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from newsletter.config import Config, Newsletter, Problem
from newsletter.config.problems import nearest
from newsletter.render import palette
from newsletter.render.environment import Themes, theme_of, themes
from newsletter.render.errors import RenderError, located
from newsletter.render.mjml import faults, make_safe
from newsletter.render.pages import preview
from newsletter.render.personal import segments_of
from newsletter.render.prose import patterns
from newsletter.render.sample import sample_facts, sample_issue
from newsletter.render.service import KINDS, service_mail
from newsletter.render.unknown import unknown
from newsletter.render.weight import weight_note

PATTERNS = ("subject", "preheader")


def check(config: Config) -> list[Problem]:
    """Every theme that cannot be found, read or filled in, and every subject or preheader that is no pattern.

    Each newsletter's theme is tried with a sample issue; no row is read or written.
    """
    found = themes(config)
    problems: list[Problem] = []
    for name, letter in config.newsletters.items():
        # What cannot be loaded is named as such; there is nothing to try then.
        problems += list(_problems(found, config, name, letter)) or _tried(found, config, name, letter)
    return list(dict.fromkeys(problems))


def _problems(found: Themes, config: Config, name: str, letter: Newsletter) -> Iterator[Problem]:
    theme, theme_key = theme_of(config, letter), _theme_key(name, letter)
    if not found.exists(theme):
        known = found.available()
        hint = nearest(theme, known) or f"there are {', '.join(known)}; more are folders of {found.own}"
        yield Problem(theme_key, f"there is no theme '{theme}'", hint=hint)
    else:
        steps = [partial(found.load, name) for name in found.names(theme)]
        words = [partial(words, theme, letter.language) for words in (found.words, found.pages)]
        yield from _faults(theme_key, [*steps, partial(found.tokens, theme), *words])
        yield from palette.problems_of_files(found, theme)
        yield from palette.problems(found, theme, f"newsletters.{name}.tokens", letter.tokens)
    yield from _faults(f"newsletters.{name}.segments", [partial(segments_of, name, letter)])
    for field in PATTERNS:
        yield from _pattern(f"newsletters.{name}.{field}", getattr(letter, field))
        if letter.summary:
            yield from _pattern(f"newsletters.{name}.summary.{field}", getattr(letter.summary, field))


def _tried(found: Themes, config: Config, name: str, letter: Newsletter) -> list[Problem]:
    """What goes wrong when a sample issue is drawn."""
    theme, key, issue = theme_of(config, letter), _theme_key(name, letter), sample_issue(name, letter)
    silent: list[Problem] = []

    def mail() -> None:
        drawn, layout = preview(issue, config, "sample"), found.shown(f"{theme}/{letter.layout}.mjml.j2")
        silent.extend(_unknown_tags(found, theme, key, drawn.mjml) or _unpaired(key, drawn.mjml, layout))
        weight = weight_note(drawn.html)
        # A mail that is merely heavy is said of the mail itself, where it is looked at.
        if weight.level == "clipped":
            silent.append(Problem(key, f"with a sample of twelve stories {weight}", layout))

    steps: list[Callable[[], object]] = [mail]
    steps += [partial(service_mail, kind, config, name, sample_facts(kind, config, name)) for kind in KINDS]
    loud = list(_faults(key, steps))
    return [*silent, *loud]


def _unpaired(key: str, mjml: str, layout: str) -> list[Problem]:
    """MJML's tags that are closed by others; the engine takes the one for the other without a word."""
    found = faults(make_safe(mjml, layout))
    return [
        Problem(key, f"line {line} of the MJML it makes: {fault}", layout) for line, fault in found if "mj" in fault
    ]


def _unknown_tags(found: Themes, theme: str, key: str, mjml: str) -> list[Problem]:
    return [Problem(key, reason, where, hint) for where, reason, hint in unknown(found, theme, mjml)]


def _theme_key(name: str, letter: Newsletter) -> str:
    return f"newsletters.{name}.theme" if letter.theme else "render.theme"


def _faults(key: str, steps: Iterable[Callable[[], object]]) -> Iterator[Problem]:
    for step in steps:
        try:
            step()
        except RenderError as error:
            where, _, reason = str(error).partition(": ")
            # A pattern is named by its key, a template by its file.
            yield Problem(where, reason) if where.startswith("newsletters.") else Problem(key, reason, where)


def _pattern(key: str, pattern: str) -> Iterator[Problem]:
    try:
        with located(key, str):
            patterns().from_string(pattern)
    except RenderError as error:
        yield Problem(key, str(error).partition(": ")[2])
