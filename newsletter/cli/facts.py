"""An issue's facts as commands show them, and what stands in the way of what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from newsletter.cli.console import Failure, show_one
from newsletter.models import Issue, Message, TransitionRefused
from newsletter.preflight import Blocked
from newsletter.render import for_nobody

Status = Issue.Status

# Why an issue does not go where it was told to, and what to do instead; the more particular first.
_OF_VERB = {
    ("approve", Status.APPROVED): "it has been approved already",
    ("approve", Status.SCHEDULED): "it has been approved already",
    ("pause", Status.DRAFT): "it is not being sent",
    ("pause", Status.IN_REVIEW): "it is not being sent",
    ("pause", Status.APPROVED): "it is not being sent",
    ("pause", Status.SCHEDULED): "it is not being sent yet; `newsletter schedule {} --at DATE` puts it off",
    ("pause", Status.PAUSED): "it is paused already",
    ("resume", Status.SCHEDULED): "it is sent when its time comes; `newsletter send {}` sends it now",
}
_OF_STATUS = {
    Status.DRAFT: "approve it first: `newsletter approve {}`",
    Status.IN_REVIEW: "approve it first: `newsletter approve {}`",
    Status.APPROVED: "schedule it first: `newsletter schedule {}`",
    Status.SENDING: "it is being sent already",
    Status.PAUSED: "it is paused; `newsletter resume {}` goes on with it",
    Status.SENT: "it has been sent already",
    Status.SKIPPED: "it was skipped, and its posts are left to the next one",
    Status.CANCELLED: "it has been cancelled, and its posts are left to the next one",
}
_DONE = {"approve": "approved", "schedule": "scheduled", "pause": "paused", "resume": "resumed", "cancel": "cancelled",
         "send": "sent"}  # fmt: skip


def issue_facts(issue: Issue) -> dict[str, Any]:
    """Name, status, dates, number of posts and counts of messages by state."""
    return {
        "issue": str(issue),
        "id": issue.pk,
        "kind": issue.kind,
        "status": issue.status,
        "reason": issue.reason,
        "due": issue.due_at,
        "send_at": issue.send_at,
        "local_time": issue.local_time,
        "posts": issue.items.count(),
        "subject": subject_of(issue),
        "messages": Message.counts(issue),
    }


def subject_of(issue: Issue) -> str:
    """The subject as it reads for nobody in particular: what is approved; else what an editor wrote, if anything."""
    return for_nobody(issue.edition, "subject") if issue.edition else issue.subject


def for_people(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as a table shows them: what the status says, the reason need not say again."""
    return {**facts, "reason": facts["reason"].removeprefix(f"{facts['status']} because ")}


def show_issue(issue: Issue, as_json: bool) -> None:
    """Print an issue's facts."""
    facts = issue_facts(issue)
    show_one(facts if as_json else for_people(facts), as_json)


def refuse_unapproved(issue: Issue, verb: str) -> None:
    """Raise Failure for an issue that cannot be scheduled or sent, and say what has to be done first."""
    if issue.status not in (Status.APPROVED, Status.SCHEDULED):
        raise _refusal(issue, verb)


@contextmanager
def asked(verb: str, issue: Issue) -> Iterator[None]:
    """Turn the refusal of a change into a sentence on what has become of the issue, and what to do."""
    try:
        yield
    except Blocked as error:
        way = f"`newsletter preflight {issue}` lists all, `newsletter approve {issue} --override REASON` overrides it"
        raise Failure(f"{error} ({way})") from error
    except TransitionRefused as error:
        issue.refresh_from_db()
        if (verb, issue.status) == ("resume", Status.PAUSED):
            # The change itself is allowed: what stands in the way is something else, which the error names.
            raise
        raise _refusal(issue, verb) from error


def _refusal(issue: Issue, verb: str) -> Failure:
    status = Status(issue.status)
    hint = _OF_VERB.get((verb, status)) or _OF_STATUS.get(status, "its status has changed meanwhile; try again")
    return Failure(f"{issue} cannot be {_DONE[verb]}: {hint.format(issue)}")
