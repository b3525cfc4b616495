"""`newsletter issues`, `preview`, `approve`, `schedule`, `send`, `pause`, `resume`, `cancel`, `report`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import command, done, facts_option, out, problem, show, show_one

from newsletter import holes, pipeline, render, send as sending, track  # isort: skip
from newsletter.cli.facts import issue_facts
from newsletter.cli.progress import send_and_wait
from newsletter.models import Issue
from newsletter.pipeline import Context
from subscribers.models import Subscriber

FORMATS = ("html", "text", "eml", "mjml")


@command()
@click.option("--last", default=20, show_default=True, type=click.IntRange(1), help="How many, newest first.")
@facts_option
def issues(last: int, as_json: bool) -> None:
    """Show the issues, newest first."""
    rows = [issue_facts(issue) for issue in Issue.objects.select_related("edition")[:last]]
    show(rows, as_json, "No issues yet; `newsletter compose NEWSLETTER` draws one up.")


@command()
@click.argument("issue")
@click.option("--as", "email", metavar="EMAIL", help="As this subscriber would see it.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of the terminal.")
def preview(issue: str, email: str | None, form: str, output: Path | None) -> None:
    """Show an issue as a reader would get it; its links record nothing."""
    data = _preview(context(), issue_named(issue), email, form)
    if output:
        output.write_bytes(data)
        done(f"{output}: {len(data)} bytes")
    else:
        click.get_binary_stream("stdout").write(data)


@command()
@click.argument("issue")
@facts_option
def approve(issue: str, as_json: bool) -> None:
    """Approve an issue: what it says now is, byte for byte, what is sent."""
    ctx, chosen = context(), issue_named(issue)
    pipeline.approve(ctx, chosen)
    show_one(issue_facts(chosen), as_json)


@command()
@click.argument("issue")
@click.option(
    "--at", metavar="DATE", help="When, in the newsletter's zone: '2026-12-24 18:00'. Default: when it is due."
)
@facts_option
def schedule(issue: str, at: str | None, as_json: bool) -> None:
    """Schedule an approved issue."""
    ctx, chosen = context(), issue_named(issue)
    pipeline.schedule(ctx, chosen, _moment(ctx, chosen, at) if at else None)
    show_one(issue_facts(chosen), as_json)


@command()
@click.argument("issue")
@click.option("--test", "tests", metavar="EMAIL", multiple=True, help="Send a copy marked as a test; counted nowhere.")
@click.option("--wait", is_flag=True, help="Send it from here, and show how it goes until it is done.")
@facts_option
def send(issue: str, tests: tuple[str, ...], wait: bool, as_json: bool) -> None:
    """Send an approved issue now, or a test of any issue."""
    ctx, chosen = context(), issue_named(issue)
    if tests:
        outcomes = pipeline.send_test(ctx, chosen, tests)
        rows = [{"to": to, "state": one.state, "answer": one.reason} for to, one in zip(tests, outcomes, strict=True)]
        show(rows, as_json, "")
        sys.exit(0 if all(one.state == "submitted" for one in outcomes) else 1)
    if chosen.status not in (Issue.Status.SENDING, Issue.Status.SENT):
        pipeline.schedule(ctx, chosen, ctx.clock())
    if wait:
        send_and_wait(ctx, chosen)
    else:
        done(f"{chosen} goes out now, if `newsletter run` or a worker is running; --wait sends it from here")
    chosen.refresh_from_db()
    if wait or as_json:
        show_one(issue_facts(chosen), as_json)
    if wait and chosen.status != Issue.Status.SENT:
        problem(
            f"{chosen} is {chosen.get_status_display()}: {chosen.reason or 'some messages wait for their next attempt'}"
        )
        sys.exit(1)


@command()
@click.argument("issue")
def pause(issue: str) -> None:
    """Stop sending an issue for the time being; what is on the wire is finished."""
    chosen = issue_named(issue)
    pipeline.pause(context(), chosen)
    done(f"{chosen} is paused")


@command()
@click.argument("issue")
def resume(issue: str) -> None:
    """Go on sending a paused issue."""
    chosen = issue_named(issue)
    pipeline.resume(context(), chosen)
    done(f"{chosen} goes on")


@command()
@click.argument("issue")
@click.option("--reason", default="cancelled by hand", show_default=True)
def cancel(issue: str, reason: str) -> None:
    """Give an issue up; what has been sent stays sent."""
    chosen = issue_named(issue)
    pipeline.cancel(context(), chosen, reason)
    done(f"{chosen} is cancelled")


@command()
@click.argument("issue")
@facts_option
def report(issue: str, as_json: bool) -> None:
    """Show what came back of an issue: submitted, failed and why, opened, clicked, unsubscribed."""
    facts = track.report(issue_named(issue)).as_dict()
    links = facts.pop("links", [])
    if as_json:
        show_one({**facts, "links": links}, True)
        return
    show_one(facts, False)
    if links:
        out.print()
        show(links, False, "")


def _preview(ctx: Context, issue: Issue, email: str | None, form: str) -> bytes:
    name = ""
    if email:
        name = Subscriber.objects.filter(key=email.lower()).values_list("name", flat=True).first() or ""
    if form == "eml":
        edition = issue.edition or render.render(issue, ctx.config, ctx.key)
        return sending.sample(ctx.config, issue, edition, email or "reader@example.org", name, ctx.clock())
    shown = render.preview(issue, ctx.config, ctx.key)
    reader = holes.values("preview", email or "reader@example.org", name)
    return holes.fill(getattr(shown, form), holes.marker(issue.pk, ctx.key), reader).encode()


def _moment(ctx: Context, issue: Issue, text: str) -> datetime:
    newsletter = ctx.config.newsletters.get(issue.newsletter)
    zone = ZoneInfo(newsletter.schedule.time_zone) if newsletter and newsletter.schedule else UTC
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a date; write it as '2026-12-24 18:00'") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
