"""The commands' pages in docs/cli.md, drawn from the commands: `python -m newsletter.cli.reference FILE` writes them.

In the file they stand between `<!-- commands -->` and `<!-- end -->`; the rest is left as it is.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from newsletter.cli import COMMANDS, newsletter

_PLACE = re.compile(r"(<!-- commands -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """A page with its commands brought up to date; raises ValueError if it has no place for them."""
    if not _PLACE.search(text):
        raise ValueError("the page has no <!-- commands --> … <!-- end -->")
    pages = "".join(page(name, command) for name, command in commands())
    return _PLACE.sub(lambda match: f"{match[1]}{pages}\n{match[2]}", text)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, in the order of the help; below a group those that it holds."""
    ctx = click.Context(newsletter, info_name="newsletter")
    for name in COMMANDS:
        command = newsletter.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        elif command:
            yield name, command


def page(name: str, command: click.Command) -> str:
    """One command: how it is called, what it does, and its options."""
    ctx = click.Context(command, info_name=f"newsletter {name}")
    usage = " ".join((ctx.command_path, *command.collect_usage_pieces(ctx)))
    words = inspect.cleandoc(command.help or "").replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n")
    rows = "".join(_row(option, ctx) for option in command.params if isinstance(option, click.Option))
    options = f"\n| option | meaning |\n|---|---|\n{rows}" if rows else ""
    return f"\n### newsletter {name}\n\n```\n{usage}\n```\n\n{words}\n{options}"


def _row(option: click.Option, ctx: click.Context) -> str:
    names, words = (text.replace("|", r"\|") for text in option.get_help_record(ctx) or ("", ""))
    return f"| `{names}` | {words} |\n" if option.expose_value else ""


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsletter.settings")
    file = Path(sys.argv[1])
    file.write_text(written(file.read_text(encoding="utf-8")), encoding="utf-8")
