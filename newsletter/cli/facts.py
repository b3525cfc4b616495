"""An issue's facts as commands show them."""

from __future__ import annotations

from typing import Any

from newsletter.models import Issue, Message


def issue_facts(issue: Issue) -> dict[str, Any]:
    """Name, status, dates, number of posts and counts of messages by state."""
    return {
        "issue": str(issue),
        "id": issue.pk,
        "status": issue.get_status_display(),
        "reason": issue.reason,
        "due": issue.due_at,
        "send_at": issue.send_at,
        "posts": issue.items.count(),
        "subject": issue.edition.subject if issue.edition else issue.subject,
        "messages": Message.counts(issue),
    }
