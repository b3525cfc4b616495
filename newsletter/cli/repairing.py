"""`newsletter retry` and `settle`: what a person does about messages that failed, or whose answer was lost."""

from __future__ import annotations

import getpass
import sys

import click

from newsletter.cli.boot import context, issue_named
from newsletter.cli.console import Failure, command, counted, done, err

from newsletter import pipeline  # isort: skip
from newsletter.models import Issue, Message, repairing
from subscribers.addresses import normalize

SECOND_COPY = "it may have arrived: whoever got it gets it a second time"


@command()
@click.argument("issue")
@click.argument("emails", nargs=-1, metavar="[EMAIL]…")
@click.option("--reason", default="", metavar="TEXT", help="Only those whose answer says this.")
def retry(issue: str, emails: tuple[str, ...], reason: str) -> None:
    """Send again what failed of an issue.

    All that failed, or what went to these addresses. What bounced, or was complained about, only by its address. An
    issue that was sent goes on; a paused one when it is resumed.
    """
    if emails and reason:
        raise click.UsageError("give addresses or --reason, not both.")
    chosen = issue_named(issue)
    numbers = _numbers(chosen, emails, repairing.NAMED, "has not failed") if emails else None
    count = pipeline.retry_failed(context(), chosen, numbers, reason)
    _say(chosen, count, f"{counted(count, 'message')} of {chosen} {'is' if count == 1 else 'are'} sent again", "failed")


@command()
@click.argument("issue")
@click.argument("emails", nargs=-1, metavar="[EMAIL]…")
@click.option("--resend", "way", flag_value="resend", help="Send again: it may be a second copy.")
@click.option("--give-up", "way", flag_value="give_up", help="Call it failed.")
@click.option("--arrived", "way", flag_value="arrived", help="It is known to have arrived.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def settle(issue: str, emails: tuple[str, ...], way: str | None, yes: bool) -> None:
    """Say what became of messages whose answer was lost.

    Of all of them, or of those to these addresses.
    """
    if way is None:
        raise click.UsageError("say --resend, --give-up or --arrived.")
    chosen = issue_named(issue)
    numbers = _numbers(chosen, emails, (Message.State.UNCERTAIN,), "is not uncertain") if emails else None
    if way == "resend" and not yes:
        _ask(chosen, len(numbers) if numbers else repairing.uncertain(chosen).count())
    count = pipeline.settle_uncertain(context(), chosen, way, f"{getpass.getuser()} (command line)", numbers)
    ends = {"resend": "sent again", "give_up": "given up", "arrived": "called submitted"}
    done_to = f"{counted(count, 'message')} of {chosen} {'is' if count == 1 else 'are'} {ends[way]}"
    _say(chosen, count, done_to, "is uncertain")


def _ask(issue: Issue, count: int) -> None:
    """The second question; without a terminal it is answered by --yes."""
    if not count:
        return
    warning = f"{counted(count, 'message')} of {issue}: {SECOND_COPY}"
    if not sys.stdin.isatty():
        raise Failure(f"{warning}; say --yes, for there is no terminal here to ask on")
    err.print(f"{warning}.", markup=False, soft_wrap=True)
    if not click.confirm("Send it again all the same?"):
        raise Failure("nothing was changed")


def _say(issue: Issue, count: int, said: str, none: str) -> None:
    if not count:
        done(f"there is nothing to do: no message of {issue} {none}, or somebody has seen to it")
        return
    issue.refresh_from_db()
    waits = " once it is resumed" if issue.status == Issue.Status.PAUSED and "sent again" in said else ""
    done(f"{said}{waits}")


def _numbers(issue: Issue, emails: tuple[str, ...], states: tuple[str, ...], otherwise: str) -> list[int]:
    """The issue's messages to these addresses; raises Failure for an address without one in such a state."""
    keys = {normalize(email)[1]: email for email in emails}
    rows = Message.objects.filter(issue=issue, subscriber__key__in=keys, state__in=states)
    found = dict(rows.values_list("subscriber__key", "pk"))
    for key, email in keys.items():
        if key not in found:
            raise Failure(f"{issue} to {email} {otherwise}, or was never sent (`newsletter report {issue}` tells more)")
    return sorted(found.values())
