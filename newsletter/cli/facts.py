"""An issue's facts as commands show them, and what must come first."""

from __future__ import annotations

from typing import Any

from newsletter.cli.console import Failure
from newsletter.models import Issue, Message

_FIRST = {
    Issue.Status.DRAFT: "`newsletter approve {}` comes first",
    Issue.Status.IN_REVIEW: "`newsletter approve {}` comes first",
    Issue.Status.PAUSED: "`newsletter resume {}` goes on with it",
}


def issue_facts(issue: Issue) -> dict[str, Any]:
    """Name, status, dates, number of posts and counts of messages by state."""
    return {
        "issue": str(issue),
        "id": issue.pk,
        "status": issue.status,
        "reason": issue.reason,
        "due": issue.due_at,
        "send_at": issue.send_at,
        "posts": issue.items.count(),
        "subject": issue.edition.subject if issue.edition else issue.subject,
        "messages": Message.counts(issue),
    }


def refuse_unapproved(issue: Issue) -> None:
    """Raise Failure for an issue that cannot be scheduled, and say what has to be done first."""
    if issue.status in (Issue.Status.APPROVED, Issue.Status.SCHEDULED):
        return
    hint = _FIRST.get(Issue.Status(issue.status), "only an approved issue can be scheduled").format(issue)
    raise Failure(f"{issue} is {issue.get_status_display().lower()} ({hint})")
