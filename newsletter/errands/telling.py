"""Telling staff what became of an issue: each who may see it and wants to know, but for who did it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from newsletter import links, staff
from newsletter.config import Config
from newsletter.models import Issue, Notice, Trial
from newsletter.models.edition import digest_of

WISHES = {"resumed": "paused", "cancelled": "paused", "decide": "trial", "decided": "trial"}
"""By which wish staff are told of what has no wish of its own."""
STORIES = 8
"""Titles that the mail about a draft names."""


def carry_out(config: Config, key: str, facts: dict[str, Any], now: datetime) -> None:
    """Have the mails written; of what is over already, none."""
    issue = Issue.objects.filter(pk=facts["issue"]).first()
    letter = config.newsletters.get(issue.newsletter) if issue else None
    if issue is None or letter is None:
        return
    if facts["news"] == "ready":
        if issue.status == Issue.Status.IN_REVIEW:
            to = {*staff.recipients(config, "draft_ready", issue.newsletter)}
            to |= {*staff.recipients(config, "wanted", issue.newsletter)}
            if issue.reason:  # it would have gone out by itself, and does not
                to |= {*staff.recipients(config, "failed", issue.newsletter)}
            _write(config, issue, Notice.Kind.DRAFT_READY, to, facts, _draft(config, issue), now)
        return
    said = {
        "what": facts["news"], "issue_title": str(issue), "by": facts["by"], "reason": facts["reason"],
        "issue_url": links.desk_issue(config, issue.pk),
    }  # fmt: skip
    news = WISHES.get(facts["news"], facts["news"])
    if news == "trial":
        if facts["news"] == "decide" and not Trial.undecided().filter(issue=issue).exists():
            return
        said["issue_url"] = links.trial(config, issue.pk)
    # Where nobody is asked, every issue goes out by itself: that it did is news to who wished for it alone.
    quiet = news == "sent" and letter.approval == "automatic"
    to = {*staff.recipients(config, news, issue.newsletter, only_wished=quiet)}
    if news == "refused" and issue.edited_by and staff.follows(issue.edited_by, news, issue):
        to.add(issue.edited_by.email)
    _write(config, issue, Notice.Kind.NEWS, to, facts, said, now)


def _write(
    config: Config, issue: Issue, kind: str, to: set[str], facts: dict[str, Any], said: dict[str, Any], now: datetime
) -> None:
    for address in sorted(to - {facts["not_to"]}):
        dedupe = digest_of(f"{kind} {facts['news']} {issue.pk} {facts['asked_at']} {address}")
        Notice.queue(kind, issue.newsletter, address, said, now, dedupe)


def _draft(config: Config, issue: Issue) -> dict[str, Any]:
    titles = issue.items.order_by("position", "pk").values_list("title", flat=True)
    # What would have approved itself, and was not, says why; its checks are the place to go then.
    why = {"reason": issue.reason} if issue.reason else {}
    approve = links.checks if why else links.desk_issue
    return {
        "issue_title": str(issue), "due": issue.due_at.isoformat(), "stories": list(titles[:STORIES]),
        "preview_url": links.preview(config, issue.pk), "approve_url": approve(config, issue.pk), **why,
    }  # fmt: skip
