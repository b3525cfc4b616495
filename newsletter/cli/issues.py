"""`newsletter issues`, `approve`, `schedule`, `pause`, `resume`, `cancel` and `report`: an issue's way by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import Failure, brief, command, counted, done, out, show, show_one
from newsletter.cli.options import facts_option

from django.db.models import Count  # isort: skip

from newsletter import pipeline, track  # isort: skip
from newsletter.cli.facts import asked, for_people, issue_facts, refuse_unapproved, show_issue
from newsletter.cli.watching import progress_of
from newsletter.models import Issue, Message
from newsletter.pipeline import Context
from newsletter.track.report import FAILED

TOP = 10
"""Reasons that a report names, the most frequent first."""


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
@facts_option
def approve(issue: str, as_json: bool) -> None:
    """Approve an issue: what it says now is what is sent.

    Byte for byte, names and addresses aside. A later edit voids the approval.
    """
    ctx, chosen = context(), issue_named(issue)
    with asked("approve", chosen):
        pipeline.approve(ctx, chosen)
    show_issue(chosen, as_json)


@command()
@click.argument("issue")
@click.option(
    "--at", metavar="DATE", help="When, in the newsletter's zone: '2026-12-24 18:00'. Default: when it is due."
)
@facts_option
def schedule(issue: str, at: str | None, as_json: bool) -> None:
    """Schedule an approved issue.

    Without --at it is sent when it is due, or at once if that has passed.
    """
    ctx, chosen = context(), issue_named(issue)
    refuse_unapproved(chosen, "schedule")
    moment = _moment(ctx, chosen, at) if at else None
    with asked("schedule", chosen):
        pipeline.schedule(ctx, chosen, moment)
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


@command()
@click.argument("issue")
@facts_option
def report(issue: str, as_json: bool) -> None:
    """Show what came back of an issue.

    How many messages were submitted, failed or left out, and why; what went by each transport, and what waits for it;
    opens, clicks and unsubscribes; replies, likes and votes; clicks for each link.
    """
    chosen = issue_named(issue)
    facts, failures, ways = track.report(chosen).as_dict(), _failures(chosen), _ways(chosen)
    if as_json:
        show_one({**facts, "failures": failures, "transports": ways}, True)
    else:
        _show_report(facts, failures, ways)


def _ways(issue: Issue) -> list[dict[str, Any]]:
    """What went by each transport, and what waits for it."""
    counted = {way.name: (way.submitted, way.waiting, way.deferred, way.lost) for way in progress_of(issue).ways}
    names = ("sent", "waiting", "deferred", "failed")
    return [{"transport": name, **dict(zip(names, by, strict=True))} for name, by in counted.items() if any(by)]


def _show_report(facts: dict[str, Any], failures: list[dict[str, Any]], ways: list[dict[str, Any]]) -> None:
    links = facts.pop("links")
    polls = [
        {"poll": poll["question"], "answer": answer, "votes": votes}
        for poll in facts.pop("polls")
        for answer, votes in poll["answers"].items()
    ]
    show_one({name: _percent(value) if name.endswith("_rate") else value for name, value in facts.items()}, False)
    for rows in (ways, [{**row, "reason": brief(row["reason"], 200)} for row in failures[:TOP]], polls, links):
        if rows:
            out.print()
            show(rows, False, "")
    if more := failures[TOP:]:
        out.print(f"… and {counted(len(more), 'more reason')} (--json has all)", markup=False)


def _failures(issue: Issue) -> list[dict[str, Any]]:
    """Why messages failed or were withheld, the most frequent reason first."""
    lost = issue.messages.filter(state__in=(*FAILED, Message.State.WITHHELD))
    counts = lost.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return [{"reason": reason, "count": count} for reason, count in counts]


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.1%}"


def _moment(ctx: Context, issue: Issue, text: str) -> datetime:
    """The moment that `2026-12-24 18:00` means in the newsletter's zone; one that has passed is refused."""
    newsletter = ctx.config.newsletters.get(issue.newsletter)
    zone = ZoneInfo(newsletter.schedule.time_zone) if newsletter and newsletter.schedule else UTC
    try:
        moment = datetime.strptime(text.strip().replace("T", " "), "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    except ValueError:
        raise Failure(f"'{text}' is not a moment; write it as '2026-12-24 18:00'") from None
    if moment < ctx.clock():
        raise Failure(f"{text} has passed (`newsletter send {issue}` sends it now)")
    return moment
