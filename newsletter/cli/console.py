"""How commands speak: facts as a table or as JSON, and problems in one line."""

from __future__ import annotations

import errno
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from newsletter.acting import COMMAND_LINE, acting
from newsletter.cli.options import config_option

# Facts are shown as they are: a `:tea:` in a subject is not for the terminal to draw.
# Elsewhere than on a terminal a row is one line, for grep and awk.
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 10_000)
err = Console(stderr=True, highlight=False, emoji=False)


NAMED = 5
"""Warnings of one visit that the terminal spells out; JSON has all."""


class Failure(Exception):
    """A problem that ends the command: stated in one line, with a hint if there is one."""


def problem(text: str) -> None:
    """State a problem on standard error."""
    err.print("[bold red]✗[/]", end=" ")
    err.print(_harmless(text), markup=False, soft_wrap=True)


def done(text: str) -> None:
    """State what was done."""
    out.print("[green]✓[/]", end=" ")
    out.print(_harmless(text), markup=False, soft_wrap=True)


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things in words: `1 post`, `2 posts`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def in_short(warning: str) -> str:
    """The first of a visit's warnings, which stand on lines of their own, on one line."""
    lines = warning.splitlines()
    return "; ".join(lines[:NAMED]) + (f"; and {len(lines) - NAMED} more" if len(lines) > NAMED else "")


def brief(text: str, length: int = 100) -> str:
    """The beginning of a text that is longer than a table has room for."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def quoted(text: str) -> str:
    """What somebody wrote, in quotation marks before the next word; nothing if it was empty."""
    return f"“{text}” " if text.strip() else ""


def command(by: str = COMMAND_LINE, **options: Any) -> Callable[[Callable[..., None]], click.Command]:
    """A command that takes --config; the log calls what it does the deed of `by`."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def by_hand(*args: Any, **kwargs: Any) -> None:
            with acting(by):
                function(*args, **kwargs)

        made: click.Command = click.command(**options)(config_option(by_hand))
        return made

    return decorate


def show(rows: Sequence[Mapping[str, Any]], as_json: bool, empty: str) -> None:
    """Print rows of facts: JSON, a table, or a sentence when there are none."""
    if as_json:
        _print_json(list(rows))
    elif not rows:
        out.print(empty, markup=False)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for number, column in enumerate(rows[0]):
            table.add_column(column.replace("_", " "), overflow="fold", no_wrap=number == 0)
        for row in rows:
            table.add_row(*(_cell(value) for value in row.values()))
        out.print(table)


def show_one(facts: Mapping[str, Any], as_json: bool) -> None:
    """Print one thing's facts, a line each, or as a JSON object."""
    if as_json:
        _print_json(dict(facts))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _cell(value))
    out.print(table)


def _print_json(facts: object) -> None:
    out.print(json.dumps(facts, default=_plain, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        from django.utils import timezone

        return f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}"
    if isinstance(value, Mapping):
        counts = all(type(one) is int for one in value.values())
        told = (f"{one} {name}" if counts else f"{name}: {one}" for name, one in value.items())
        return escape(_harmless(", ".join(told))) or "–"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return escape(_harmless(", ".join(map(str, value)))) or "–"
    return escape(_harmless(str(value)))


def _harmless(text: str) -> str:
    """Text without control characters, by which a feed's title could drive the terminal."""
    return "".join(one for one in text if one == "\n" or unicodedata.category(one) != "Cc")


def expected() -> tuple[type[Exception], ...]:
    """What can go wrong for reasons that lie outside the program."""
    from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
    from django.db import DatabaseError

    from newsletter.config import ConfigError

    # ValueError stands for all of ours that refuse what they are given: RenderError, TransitionRefused and others.
    return (Failure, ConfigError, DatabaseError, ImproperlyConfigured, ObjectDoesNotExist, OSError, ValueError)


def sentences(error: Exception) -> Iterator[str]:
    """An expected error as lines for people; only a configuration may have several."""
    from django.db import DatabaseError

    from newsletter.config import ConfigError

    text = " ".join(str(error).split())
    if isinstance(error, ConfigError):
        yield from map(str, error.problems)
    elif isinstance(error, DatabaseError):
        missing = "no such table" in text or ("relation" in text and "does not exist" in text)
        hint = "run `newsletter migrate` first" if missing else "check database.url, and that the database is up"
        yield f"the database says: {text} ({hint})"
    elif isinstance(error, OSError):
        yield _of_the_system(error, text)
    else:
        yield text


def _of_the_system(error: OSError, text: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens on the address of site.listen (is `newsletter run` running already?)"
    return f"{Path(error.filename)}: {error.strerror}" if isinstance(error.filename, str) else error.strerror or text
