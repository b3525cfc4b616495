"""`newsletter send`: an issue now, or a test of it."""

from __future__ import annotations

import sys

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import Failure, command, done, problem, show
from newsletter.cli.options import facts_option

from newsletter import pipeline  # isort: skip
from newsletter.cli.facts import asked, refuse_unapproved, show_issue
from newsletter.cli.progress import send_and_wait
from newsletter.cli.watching import held_of, progress_of
from newsletter.models import Issue
from newsletter.pipeline import Context
from newsletter.send.transports import TransportDown
from subscribers.addresses import normalize


@command()
@click.argument("issue")
@click.option("--test", "tests", metavar="EMAIL", multiple=True, help="Send a copy marked as a test; counted nowhere.")
@click.option("--wait", is_flag=True, help="Send it from here, and show how it goes until it is done.")
@facts_option
def send(issue: str, tests: tuple[str, ...], wait: bool, as_json: bool) -> None:
    """Send an approved issue now, or a test of any issue.

    Without --wait, a running `newsletter run` or worker does the sending. --test may be given several times.
    """
    if tests and wait:
        raise click.UsageError("--test sends at once: it needs no --wait.")
    ctx, chosen = context(), issue_named(issue)
    if tests:
        _send_tests(ctx, chosen, tests, as_json)
    else:
        _send(ctx, chosen, wait, as_json)


def _send_tests(ctx: Context, issue: Issue, emails: tuple[str, ...], as_json: bool) -> None:
    addresses = [normalize(email)[0] for email in emails]
    try:
        outcomes = pipeline.send_test(ctx, issue, addresses)
    except TransportDown as down:
        raise Failure(down.reason) from None
    rows = [
        {"to": to, "state": one.state.value, "answer": one.reason} for to, one in zip(addresses, outcomes, strict=True)
    ]
    show(rows, as_json, "")
    sys.exit(0 if all(one.state == "submitted" for one in outcomes) else 1)


def _send(ctx: Context, issue: Issue, wait: bool, as_json: bool) -> None:
    if issue.status != Issue.Status.SENDING:
        refuse_unapproved(issue, "send")
        with asked("send", issue):
            pipeline.schedule(ctx, issue, ctx.clock(), local_time=False)
    if wait:
        send_and_wait(ctx, issue)
    issue.refresh_from_db()
    if wait or as_json:
        show_issue(issue, as_json)
    else:
        done(f"{issue} goes out now, if `newsletter run` or a worker is running; --wait sends it from here")
    if wait and issue.status != Issue.Status.SENT:
        stopped = "it was stopped here; the same command goes on where it stopped" if ctx.stop.is_set() else ""
        held = held_of(issue, progress_of(issue))
        reason = issue.reason or stopped or held or "some messages wait for their next attempt"
        problem(f"{issue} is {issue.get_status_display().lower()}: {reason}")
        sys.exit(1)
