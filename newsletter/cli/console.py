"""How commands speak: facts as a table or as JSON, problems in one line, progress on a terminal."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Failure(Exception):
    """A problem that ends the command: stated in one line, with a hint if there is one."""


def problem(text: str) -> None:
    """State a problem on standard error."""
    err.print("[bold red]✗[/]", end=" ")
    err.print(text, markup=False, soft_wrap=True)


def done(text: str) -> None:
    """State what was done."""
    out.print("[green]✓[/]", end=" ")
    out.print(text, markup=False, soft_wrap=True)


def command(**options: Any) -> Callable[[Callable[..., None]], click.Command]:
    """A command that takes --config, and turns what can go wrong into one line and exit code 1."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> None:
            try:
                function(*args, **kwargs)
            except _expected() as error:
                problem(_sentence(error))
                sys.exit(1)

        config = click.option(
            "--config",
            metavar="PATH",
            expose_value=False,
            help="The publication's config.yaml [env: NEWSLETTER_CONFIG].",
        )
        return click.command(**options)(config(guarded))

    return decorate


def facts_option(function: Callable[..., None]) -> Callable[..., None]:
    """Let a command that prints facts print them as JSON."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def show(rows: Sequence[Mapping[str, Any]], as_json: bool, empty: str) -> None:
    """Print rows of facts: JSON, a table, or a sentence when there are none."""
    if as_json:
        out.print(json.dumps(list(rows), default=str, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
    elif not rows:
        out.print(empty, markup=False)
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in rows[0]:
            table.add_column(column.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(_cell(value) for value in row.values()))
        out.print(table)


def show_one(facts: Mapping[str, Any], as_json: bool) -> None:
    """Print one thing's facts, a line each, or as a JSON object."""
    if as_json:
        out.print(json.dumps(dict(facts), default=str, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), _cell(value))
    out.print(table)


def _cell(value: Any) -> str:
    from rich.markup import escape

    if value is None or value == "":
        return "–"
    if hasattr(value, "astimezone"):
        from django.utils import timezone

        return f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}"
    if isinstance(value, Mapping):
        return escape(", ".join(f"{count} {name}" for name, count in value.items())) or "–"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return escape(", ".join(map(str, value))) or "–"
    return escape(str(value))


def _expected() -> tuple[type[Exception], ...]:
    """What can go wrong for reasons that lie outside the program."""
    from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist
    from django.db import DatabaseError

    # ValueError stands for all of ours that refuse what they were given: RenderError, TransitionRefused, ImportRefused …
    return (Failure, DatabaseError, ImproperlyConfigured, ObjectDoesNotExist, ValueError)


def _sentence(error: Exception) -> str:
    from django.db import DatabaseError

    text = " ".join(str(error).split())
    if isinstance(error, DatabaseError):
        missing = "no such table" in text or ("relation" in text and "does not exist" in text)
        hint = "run `newsletter migrate` first" if missing else "check database.url, and that the database is up"
        return f"the database says: {text} ({hint})"
    return text
