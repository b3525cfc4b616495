"""`newsletter preview`: an issue before, or after, it is sent; and every theme side by side."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import Failure, command, counted, done, problem
from newsletter.cli.contact_sheet import write_gallery

from newsletter import pipeline, render, send, splice  # isort: skip
from newsletter.models import Issue, Trial
from newsletter.models.trial import FIRST
from newsletter.pipeline import Context
from newsletter.render import gallery as looks
from subscribers.addresses import normalize

FORMATS = ("html", "text", "eml", "mjml")
_ANYBODY = "reader@example.org"


@command()
@click.argument("issue", required=False)
@click.option(
    "--as", "email", metavar="EMAIL", default=_ANYBODY, show_default=True, help="As this person would see it."
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True,
              help="The page, its plain text, the whole message with headers, or the markup behind it.")  # fmt: skip
@click.option("--variant", default="", metavar="LETTER", help="This variant of its A/B test.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of the terminal.")
@click.option("--theme", default="", metavar="NAME", help="In this theme, whatever the newsletter's own is.")
@click.option("--layout", type=click.Choice(looks.LAYOUTS), help="In this layout.")
@click.option("--gallery", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write every theme and layout into a folder, with an index.html to open.")  # fmt: skip
def preview(
    issue: str | None, email: str, form: str, variant: str, output: Path | None, theme: str, layout: str | None,
    folder: Path | None,
) -> None:  # fmt: skip
    """Show an issue as a reader would get it.

    Its links record nothing and its unsubscribe link ends nothing.
    """
    ctx, found = context(), issue_named(issue) if issue else None
    if folder:
        count = write_gallery(ctx.config, ctx.key, folder, found, theme, layout or "")
        done(f"{folder / 'index.html'}: {counted(count, 'mail')}")
        return
    if found is None:
        raise click.UsageError("Name an issue, or a folder with --gallery.")
    data = _preview(ctx, found, email, form, (theme, layout or ""), variant.lower())
    if output:
        output.write_bytes(data)
        done(f"{output}: {len(data)} bytes")
    else:
        sys.stdout.buffer.write(data)


def _preview(ctx: Context, issue: Issue, email: str, form: str, look: tuple[str, str], variant: str) -> bytes:
    address, trial = normalize(email)[0], Trial.of(issue) if variant else None
    if variant and (trial is None or variant not in trial.letters):
        raise Failure(f"{issue} has no variant '{variant}' (`newsletter trial {issue}` shows those it has)")
    if form == "eml":
        if any(look):
            raise click.UsageError("--format eml shows the message that is sent: leave --theme and --layout out.")
        edition = pipeline.edition_of(ctx, issue, variant)
        return send.sample(ctx.config, ctx.key, issue, edition, address, ctx.clock())
    if issue.newsletter not in ctx.config.newsletters:
        raise Failure(f"config.yaml has no newsletter '{issue.newsletter}'")
    shown = render.preview(issue, looks.dressed(ctx.config, issue.newsletter, *look), ctx.key, trial, variant or FIRST)
    weight = render.weight_note(shown.html)
    if weight.level != "fine":
        problem(str(weight))
    person = send.recipient(address, "preview", ctx.config.newsletters[issue.newsletter]).person
    reader = splice.answers("preview", person, shown.late)
    return splice.fill(getattr(shown, form), shown.marker, reader, form).encode()
