"""Copies of an issue sent to try it out: marked as tests, with links that record nothing, counted nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from newsletter import render, send
from newsletter.chores.doing import Doing, Undone
from newsletter.config import Config
from newsletter.models import Issue, deeds
from newsletter.send.transports import Outcome, State, TransportDown


def send_copies(
    config: Config, key: str, issue: Issue, emails: Iterable[str], now: datetime, letter: str = "",
    told: Callable[[int], object] = lambda answers: None,
) -> list[Outcome]:  # fmt: skip
    """Send copies of an issue as it stands now, or of a variant of it, marked as a test and counted nowhere.

    `told` hears how many went.

    Raises RenderError and TransportDown.
    """
    edition = render.edition_of(issue, config, key, letter)
    return send.send_test(config, key, issue, edition, emails, now, told)


def carry_out(doing: Doing) -> dict[str, Any]:
    """Send them, and say of each address what became of it."""
    chore = doing.chore
    issue = Issue.objects.filter(pk=chore.subject).select_related("edition").first()
    if issue is None or issue.newsletter not in doing.config.newsletters:
        raise Undone("the issue or its newsletter is gone")
    emails, letter = list(chore.facts["emails"]), chore.facts.get("variant", "")
    try:
        outcomes = send_copies(
            doing.config, doing.key, issue, emails, doing.clock(), letter, lambda answers: doing.tell(answers=answers)
        )
    except render.RenderError as error:
        raise Undone(f"it cannot be rendered: {error}") from error
    except TransportDown as error:
        gone = chore.found.get("answers", 0)
        so_far = f" after {gone} of {len(emails)} copies" if gone else ""
        way = doing.config.transport_of(issue.newsletter)
        raise Undone(f"the transport {way} failed{so_far}: {error.reason}") from error
    except ValueError as error:  # an address, a header or a character that mail cannot carry
        raise Undone(str(error)) from error
    heard = [[to, *_said(one)] for to, one in zip(emails, outcomes, strict=True)]
    sent = sum(state == "sent" for _, state, _ in heard)
    what = f"copies of variant {letter.upper()}" if letter else "copies"
    deeds.say(issue, f"{issue}: {sent} of {len(heard)} {what} sent as a test", chore.by)
    return {"heard": heard}


def _said(outcome: Outcome) -> list[str]:
    state = {State.SUBMITTED: "sent", State.UNCERTAIN: "uncertain"}.get(outcome.state, "not sent")
    return [state, outcome.reason]
