"""`newsletter issues`, `approve`, `refuse`, `schedule` and what else takes an issue on its way, or back, by hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import Failure, command, done, err, show
from newsletter.cli.options import facts_option

from newsletter import moments, pipeline, preflight  # isort: skip
from newsletter.cli.facts import asked, for_people, issue_facts, refuse_unapproved, show_issue
from newsletter.models import AudienceUnknown, Issue
from newsletter.models.tail import tail
from newsletter.pace import tail_words
from newsletter.pipeline import Context


@command()
@click.option("--last", default=20, show_default=True, type=click.IntRange(1), help="How many, newest first.")
@facts_option
def issues(last: int, as_json: bool) -> None:
    """Show the issues."""
    rows = [issue_facts(issue) for issue in Issue.objects.select_related("edition")[:last]]
    show(
        rows if as_json else [for_people(row) for row in rows],
        as_json,
        "No issues yet; `newsletter compose NEWSLETTER` draws one up.",
    )


@command()
@click.argument("issue")
@click.option("--override", metavar="REASON", help="Approve it in spite of its blockers; the reason is kept.")
@facts_option
def approve(issue: str, override: str | None, as_json: bool) -> None:
    """Approve an issue: what it says now is what is sent.

    Byte for byte, names and addresses aside. A later edit voids the approval, and what was overridden. What stops it is
    named; links count as they were found when they were last looked at.
    """
    ctx, chosen = context(), issue_named(issue)
    if override is not None and not override.strip():
        raise Failure("an override needs a reason: --override 'the link is live from Friday on'")
    with asked("approve", chosen):
        if override and chosen.status in Issue.FROM[Issue.Status.APPROVED]:
            preflight.override(chosen, ctx.config, ctx.key, override, ctx.clock())
        pipeline.approve(ctx, chosen)
    show_issue(chosen, as_json)


@command()
@click.argument("issue")
@click.option("--reason", required=True, help="What is to be mended; the issue says so until it is handed in again.")
@facts_option
def refuse(issue: str, reason: str, as_json: bool) -> None:
    """Send an issue in review back to who makes it.

    It is a draft again, and stays one until somebody hands it in.
    """
    chosen = issue_named(issue)
    if not reason.strip():
        raise Failure("it needs a reason: --reason 'the second story has no source'")
    with asked("refuse", chosen):
        pipeline.refuse(context(), chosen, reason)
    show_issue(chosen, as_json)


@command(name="hand-in")
@click.argument("issue")
@facts_option
def hand_in(issue: str, as_json: bool) -> None:
    """Put a draft that was sent back into review again."""
    chosen = issue_named(issue)
    with asked("hand in", chosen):
        pipeline.hand_in(context(), chosen)
    show_issue(chosen, as_json)


@command()
@click.argument("issue")
@click.option(
    "--at", metavar="DATE", help="When, in the newsletter's zone: '2026-12-24 18:00'. Default: when it is due."
)
@click.option(
    "--which", type=click.Choice(["first", "second"]), help="Which of the two, where the clocks show that time twice."
)
@click.option(
    "--local-time/--no-local-time", default=None,
    help="Send at that time of day where each reader lives, or to all at once. Default: as before, or config.yaml's.",
)  # fmt: skip
@facts_option
def schedule(issue: str, at: str | None, which: str | None, local_time: bool | None, as_json: bool) -> None:
    """Schedule an approved issue.

    Without --at it is sent when it is due, or at once if that has passed: from here, nothing waits to be undone.
    """
    ctx, chosen = context(), issue_named(issue)
    refuse_unapproved(chosen, "schedule")
    moment = _moment(ctx, chosen, at, which) if at else None
    with asked("schedule", chosen):
        pipeline.schedule(ctx, chosen, moment, local_time=local_time)
    if chosen.local_time:
        err.print(f"{chosen}: {_tail(ctx, chosen)}", markup=False, soft_wrap=True)
    show_issue(chosen, as_json)


@command()
@click.argument("issue")
@facts_option
def unschedule(issue: str, as_json: bool) -> None:
    """Take an issue off the schedule.

    It stays approved, and is sent only if somebody schedules it again.
    """
    chosen = issue_named(issue)
    with asked("unschedule", chosen):
        pipeline.unschedule(context(), chosen)
    show_issue(chosen, as_json)


@command()
@click.argument("issue")
def pause(issue: str) -> None:
    """Stop sending an issue for the time being.

    What is on the wire is finished.
    """
    chosen = issue_named(issue)
    if chosen.status == Issue.Status.PAUSED:
        done(f"{chosen} is paused already")
        return
    with asked("pause", chosen):
        pipeline.pause(context(), chosen)
    done(f"{chosen} is paused")


@command()
@click.argument("issue")
def resume(issue: str) -> None:
    """Go on sending a paused issue, or that part of it for which a transport has stopped.

    It goes to the same people, and to none of them twice.
    """
    ctx, chosen = context(), issue_named(issue)
    if chosen.status == Issue.Status.SENDING:
        woken = " and ".join(pipeline.let_go_on(ctx, chosen))
        done(f"{chosen} goes on by {woken} too" if woken else f"{chosen} is being sent already")
        return
    with asked("resume", chosen):
        pipeline.resume(ctx, chosen)
    done(f"{chosen} goes on")


@command()
@click.argument("issue")
@click.option("--reason", default="cancelled by hand", show_default=True, help="What the issue says from then on.")
def cancel(issue: str, reason: str) -> None:
    """Give an issue up.

    What has been sent stays sent; its posts are free for the next issue.
    """
    chosen = issue_named(issue)
    if chosen.status == Issue.Status.CANCELLED:
        done(f"{chosen} is cancelled already")
        return
    with asked("cancel", chosen):
        pipeline.cancel(context(), chosen, reason)
    done(f"{chosen} is cancelled")


def _tail(ctx: Context, issue: Issue) -> str:
    """From when until when it goes out, and how many are late."""
    try:
        return tail_words(tail(ctx.config, issue, ctx.clock()))
    except AudienceUnknown as error:
        return f"nobody knows yet who it goes to: {error}"


def _moment(ctx: Context, issue: Issue, text: str, which: str | None) -> datetime:
    """The moment that `2026-12-24 18:00` means in the newsletter's zone; one that has passed is refused."""
    zone = ZoneInfo(ctx.config.time_zone_of(issue.newsletter))
    try:
        local = moments.read(text)
    except ValueError:
        raise Failure(f"'{text}' is not a moment; write it as '2026-12-24 18:00'") from None
    try:
        moment = moments.settle(local, zone, {"first": 0, "second": 1}.get(which or ""))
    except moments.TwiceThatHour as error:
        raise Failure(f"{error} (--which first or --which second)") from None
    except moments.NoSuchHour as error:
        raise Failure(str(error)) from None
    if moment < ctx.clock():
        raise Failure(f"{text} has passed (`newsletter send {issue}` sends it now)")
    return moment
