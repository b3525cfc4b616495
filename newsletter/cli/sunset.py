"""`newsletter subscribers sunset`: ask who shows no sign of life whether to go on, or only count them."""

from __future__ import annotations

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, problem, show_one
from newsletter.cli.options import facts_option

from newsletter import pipeline, track  # isort: skip


@command()
@click.option("--dry-run", is_flag=True, help="Only say how many that would be.")
@facts_option
def sunset(dry_run: bool, as_json: bool) -> None:
    """Carry out the sunset rule now, as is done once a day.

    Who was sent `audience.sunset.issues` issues without a sign of life is asked by mail whether to go on; who does not
    answer within `audience.sunset.wait` is not written to any more. If the figures look as if something were broken,
    nothing is done.
    """
    ctx = context()
    if ctx.config.audience.sunset.issues is None:
        raise Failure("there is no such rule: say after how many issues people are asked, in audience.sunset.issues")
    outlook = track.Outlook(ctx.config, ctx.clock())
    facts = {
        "readers": outlook.readers, "to_ask": len(outlook.to_ask), "waiting": outlook.waiting,
        "to_stop": outlook.to_stop, "hindrance": outlook.hindrance,
    }  # fmt: skip
    if not dry_run:
        pipeline.let_go(ctx)
    if outlook.hindrance and not as_json:
        problem(f"nobody is asked or let go: {outlook.hindrance}")
    show_one({name: value for name, value in facts.items() if as_json or name != "hindrance"}, as_json)
