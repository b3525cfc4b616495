"""`newsletter segments`: people described by rules, and how many they are."""

from __future__ import annotations

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, show, show_one
from newsletter.cli.options import config_option, facts_option

from subscribers.models import Segment, Subscriber  # isort: skip
from subscribers.segments import Broken, check, count, describe, sample


@click.group(invoke_without_command=True)
@config_option
@facts_option
@click.pass_context
def segments(ctx: click.Context, as_json: bool) -> None:
    """Show the segments and how many people they mean."""
    if ctx.invoked_subcommand:
        return
    now = context().clock()
    rows = [
        {
            "segment": one.name,
            "title": one.title,
            "people": None if check(one.rules, one.name) else count(one.rules, now),
            "who": describe(one.rules, one.name),
        }
        for one in Segment.objects.order_by("name")
    ]
    show(rows, as_json, "No segments yet; they are made at the desk, under Audience.")


@command(name="show")
@click.argument("name")
@facts_option
def show_segment(name: str, as_json: bool) -> None:
    """Show one segment: its rules in words, how many people it means, and some of them."""
    segment = Segment.objects.filter(name=name).first()
    if segment is None:
        known = ", ".join(Segment.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise Failure(f"there is no segment '{name}'; there are: {known}")
    now = context().clock()
    try:
        people, some = count(segment.rules, now), sample(segment.rules, now)
    except Broken as broken:
        raise Failure(f"the segment '{name}' cannot be followed: {broken}. Mend it at the desk") from None
    facts = {"segment": segment.name, "title": segment.title, "who": describe(segment.rules, name), "people": people}
    shown: object = [_facts(one) for one in some] if as_json else ", ".join(one.email for one in some)
    show_one({**facts, "some_of_them": shown}, as_json)


def _facts(person: Subscriber) -> dict[str, str]:
    return {"email": person.email, "name": person.name}


segments.add_command(show_segment)
