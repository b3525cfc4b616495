"""`newsletter calendar`, `skip` and `move`: what is due, and dates that are left out or moved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click

from newsletter.cli.boot import context
from newsletter.cli.console import Failure, command, done, show
from newsletter.cli.options import facts_option

from newsletter.compose import Plan, planning  # isort: skip
from newsletter.compose.calendar import at_minute, read_date
from newsletter.models import TransitionRefused
from newsletter.models.planning import issues_due
from newsletter.pipeline import Context


@command()
@click.argument("newsletters", nargs=-1, metavar="[NEWSLETTER…]")
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(1, 104), help="How far ahead.")
@facts_option
def calendar(newsletters: tuple[str, ...], weeks: int, as_json: bool) -> None:
    """Show what is due.

    Issues that are drawn up, dates to come, and those that are left out, with the reason.
    """
    ctx = context()
    names = [_known(ctx, name) for name in newsletters] or list(ctx.config.newsletters)
    now = ctx.clock()
    rows = [row for name in names for row in _rows(ctx, name, now, now + timedelta(weeks=weeks))]
    show(sorted(rows, key=lambda row: row["due"]), as_json, "Nothing is due in that time.")


@command()
@click.argument("newsletter")
@click.argument("date")
@click.option("--reason", default="", help="What the calendar says of it.")
@click.option("--undo", is_flag=True, help="Put the date back as the series has it.")
def skip(newsletter: str, date: str, reason: str, undo: bool) -> None:
    """Leave a date out: no issue is made of it, and its posts go to the next one.

    All other dates stay. An issue of that date that is drawn up already and not being sent is given up.
    """
    ctx = context()
    place = _place(ctx, _known(ctx, newsletter), date)
    try:
        if undo:
            planning.put_back(ctx.config, newsletter, place.key, "", ctx.clock(), place.mark)
        else:
            planning.leave_date_out(ctx.config, newsletter, place.key, reason, ctx.clock(), place.mark)
    except TransitionRefused as error:
        raise Failure(str(error)) from None
    done(f"{newsletter} is due on {date} again" if undo else f"no issue of {newsletter} on {date}")


@command()
@click.argument("newsletter")
@click.argument("date")
@click.argument("to")
@click.option("--reason", default="", help="What the calendar says of it.")
def move(newsletter: str, date: str, to: str, reason: str) -> None:
    """Let what is due on a date be due at another moment.

    TO is a day, which keeps the time, or a day and time in the newsletter's zone: '2026-12-23 10:00'. An issue that is
    drawn up moves too; on another day its approval is void, because the mail bears its date.
    """
    ctx = context()
    place = _place(ctx, _known(ctx, newsletter), date)
    moment = _moment(ctx, place, to)
    try:
        moved = planning.move_date(ctx.config, newsletter, place.key, moment, reason, ctx.clock(), place.mark)
    except TransitionRefused as error:
        raise Failure(str(error)) from None
    local = moment.astimezone(Plan.of(ctx.config, newsletter).zone)
    done(f"{newsletter} is due on {local:%Y-%m-%d %H:%M %Z}" + ("; approve it again" if moved.voided else ""))


def _known(ctx: Context, name: str) -> str:
    if name not in ctx.config.newsletters:
        raise Failure(f"config.yaml has no newsletter '{name}'; it has: {', '.join(ctx.config.newsletters) or 'none'}")
    return name


def _place(ctx: Context, name: str, text: str) -> planning.Place:
    try:
        return planning.place_named(ctx.config, name, text)
    except ValueError as error:
        raise Failure(str(error)) from None


def _moment(ctx: Context, place: planning.Place, text: str) -> datetime:
    zone = Plan.of(ctx.config, place.newsletter).zone
    try:
        local, timed = read_date(text)
    except ValueError as error:
        raise Failure(str(error)) from None
    return at_minute(local if timed else datetime.combine(local.date(), place.at.astimezone(zone).time()), zone)


def _rows(ctx: Context, name: str, after: datetime, until: datetime) -> list[dict[str, Any]]:
    plan = Plan.of(ctx.config, name)
    issues = list(issues_due([name], after, until))
    found = planning.places(plan, issues, after, until)
    return [_row(plan, place) for place in found if planning.to_be_told(plan, place, after)]


def _row(plan: Plan, place: planning.Place) -> dict[str, Any]:
    """What the calendar says of a date."""
    planned, issue = place.planned, place.issue
    moved = planned.original.astimezone(plan.zone) if planned and planned.moved else None
    return {
        "due": place.at.astimezone(plan.zone), "newsletter": place.newsletter,
        "status": issue.status if issue else "planned" if planned and planned.due else "left out",
        "issue": str(issue) if issue else "", "moved_from": moved, "reason": planned.why if planned else issue.reason
        if issue else "", "holiday": planned.holiday if planned else "",
    }  # fmt: skip
