"""`newsletter preview`: an issue before, or after, it is sent."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import command, done

from newsletter import render, send, splice  # isort: skip
from newsletter.models import Issue
from newsletter.pipeline import Context
from subscribers.addresses import normalize

FORMATS = ("html", "text", "eml", "mjml")
_ANYBODY = "reader@example.org"


@command()
@click.argument("issue")
@click.option(
    "--as", "email", metavar="EMAIL", default=_ANYBODY, show_default=True, help="As this person would see it."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True,
              help="The page, its plain text, the whole message with headers, or the markup behind it.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of the terminal.")
def preview(issue: str, email: str, form: str, output: Path | None) -> None:
    """Show an issue as a reader would get it.

    Its links record nothing and its unsubscribe link ends nothing.
    """
    data = _preview(context(), issue_named(issue), email, form)
    if output:
        output.write_bytes(data)
        done(f"{output}: {len(data)} bytes")
    else:
        sys.stdout.buffer.write(data)


def _preview(ctx: Context, issue: Issue, email: str, form: str) -> bytes:
    address = normalize(email)[0]
    if form == "eml":
        edition = issue.edition or render.render(issue, ctx.config, ctx.key)
        return send.sample(ctx.config, ctx.key, issue, edition, address, ctx.clock())
    shown = render.preview(issue, ctx.config, ctx.key)
    reader = splice.answers("preview", send.recipient(address, "preview").person, shown.late)
    return splice.fill(getattr(shown, form), shown.marker, reader, form).encode()
