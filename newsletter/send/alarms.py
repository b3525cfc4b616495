"""Alarms: an issue that cannot go on by itself is paused, and those who can help are written to; likewise where only a
part of it, or one machine, cannot go on."""

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


def alarm(config: Config, issue: Issue, reason: str, now: datetime, fault: str = "") -> bool:
    """Pause an issue that is being sent, and have staff written to; say whether this call did it.

    However many workers find the same fault at once, one of them pauses it, and there is one mail to each. With a
    `fault`, who was told of that very one already is not told again.
    """
    with transaction.atomic():
        if not issue.halt(reason := scrub(reason), now):
            return False
        log.error("%s paused: %s", issue, reason)
        _write(config, issue, reason, now, f"alarm {issue.pk} {fault or now.isoformat()}")
    issue.refresh_from_db()
    return True


def warn(config: Config, issue: Issue, reason: str, now: datetime, fault: str) -> bool:
    """Say at an issue that goes on what keeps a part of it back, and have staff written to once for each `fault`.

    Returns whether this call has changed what the issue says.
    """
    with transaction.atomic():
        sending = Issue.objects.filter(pk=issue.pk, status=Issue.Status.SENDING)
        if not sending.exclude(reason=scrub(reason), retry_at=None).update(reason=scrub(reason), retry_at=None):
            return False
        log.error("%s: %s", issue, reason)
        _write(config, issue, scrub(reason), now, f"alarm {issue.pk} {fault}", goes_on=True)
    return True


def _write(config: Config, issue: Issue, reason: str, now: datetime, dedupe: str, goes_on: bool = False) -> None:
    facts = {**_facts(config, issue, reason), "goes_on": goes_on}
    for to in staff.recipients(config, "failed", issue.newsletter):
        Notice.queue(Notice.Kind.ALARM, issue.newsletter, to, facts, now, digest_of(f"{dedupe} {to}"))


def _facts(config: Config, issue: Issue, reason: str) -> dict[str, str]:
    counts = Message.counts(issue)

    def count(states: tuple[Message.State, ...]) -> str:
        return f"{sum(counts.get(state, 0) for state in states):,}"

    return {
        "issue_title": str(issue), "reason": reason, "report_url": links.report(config, issue.pk),
        "sent": count(TAKEN), "waiting": count(OPEN), "failed": count(_LOST),
    }  # fmt: skip
