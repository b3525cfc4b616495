"""What an issue's page shows of replies to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from newsletter.models import Issue


def context_for(request: HttpRequest, issue: Issue) -> dict[str, Any]:
    """What `replies.html` draws: `shown`, the public replies, newest first, and `form`, the way to write one."""
    return {"shown": [], "form": ""}


def polls_for(issue: Issue) -> dict[int, Any]:
    """What stands in each poll's box, by the poll's number; without it the answers are listed."""
    return {}
