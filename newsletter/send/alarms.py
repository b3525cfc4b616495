"""Alarms: an issue that cannot go on by itself is paused, and those who can help are written to."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from newsletter import links, staff
from newsletter.config import Config
from newsletter.markup.text import scrub
from newsletter.models import Issue, Message, Notice
from newsletter.models.edition import digest_of
from newsletter.models.progress import OPEN, TAKEN

log = logging.getLogger(__name__)

_LOST = (Message.State.FAILED, Message.State.BOUNCED)


def alarm(config: Config, issue: Issue, reason: str, now: datetime) -> bool:
    """Pause an issue that is being sent, and have staff written to; say whether this call did it.

    However many workers find the same fault at once, one of them pauses it, and there is one mail to each.
    """
    with transaction.atomic():
        if not issue.halt(reason := scrub(reason), now):
            return False
        log.error("%s paused: %s", issue, reason)
        facts = _facts(config, issue, reason)
        for to in staff.watchers(config):
            dedupe = digest_of(f"alarm {issue.pk} {now.isoformat()} {to}")
            Notice.queue(Notice.Kind.ALARM, issue.newsletter, to, facts, now, dedupe)
    issue.refresh_from_db()
    return True


def _facts(config: Config, issue: Issue, reason: str) -> dict[str, str]:
    counts = Message.counts(issue)

    def count(states: tuple[Message.State, ...]) -> str:
        return f"{sum(counts.get(state, 0) for state in states):,}"

    return {
        "issue_title": str(issue), "reason": reason, "report_url": links.report(config, issue.pk),
        "sent": count(TAKEN), "waiting": count(OPEN), "failed": count(_LOST),
    }  # fmt: skip
