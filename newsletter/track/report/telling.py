"""The mail to staff a day after an issue was sent: its main figures, and what readers followed most."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from newsletter import links, staff
from newsletter.config import Config
from newsletter.models import Event, Issue, Message, Notice
from newsletter.models.edition import digest_of
from newsletter.track.report.clicks import story_clicks
from newsletter.track.report.figures import Report, report

log = logging.getLogger(__name__)

AFTER = timedelta(hours=24)
"""So long after an issue was sent."""
LATE = timedelta(hours=72)
"""After that it is told no more: what went out before this was switched on is no news."""
TOP = 5
Kind, State = Event.Kind, Message.State


def tell_staff(config: Config, now: datetime) -> int:
    """Have staff written to about each issue whose day is over; return about how many.

    Once for each, however often and by however many this is called: the mails of one issue are written down together,
    and each under a key of its own.
    """
    told = 0
    for issue in Issue.objects.filter(
        status=Issue.Status.SENT, finished_at__lte=now - AFTER, finished_at__gt=now - LATE
    ).order_by("finished_at"):
        if issue.newsletter in config.newsletters:
            told += _tell(config, issue, now)
    return told


def _tell(config: Config, issue: Issue, now: datetime) -> bool:
    keys = {to: digest_of(f"report {issue.pk} {to}") for to in staff.recipients(config, "report", issue.newsletter)}
    if not keys or Notice.objects.filter(dedupe__in=keys.values()).exists():
        return False
    found = report(issue)
    if not found.sent:
        return False
    with transaction.atomic():
        for to, key in keys.items():
            Notice.queue(Notice.Kind.REPORT, issue.newsletter, to, facts(config, issue, found), now, key)
    log.info("%s: staff are told how it did", issue)
    return True


def facts(config: Config, issue: Issue, found: Report) -> dict[str, Any]:
    """What the mail says: each figure by the name that words.yaml has for it."""
    stories = sorted(story_clicks(issue, found.links), key=lambda one: -one.clicks_adjusted)
    return {
        "issue_title": str(issue), "report_url": links.report(config, issue.pk), "figures": list(_figures(found)),
        "links": [[x.title, f"{x.clicks_adjusted:,}"] for x in stories[:TOP] if x.title and x.clicks_adjusted],
    }  # fmt: skip


def _figures(found: Report) -> Iterator[list[str]]:
    yield ["submitted", f"{found.sent:,}"]
    if found.delivered:
        yield ["delivered", _with_share(found, found.delivered)]
    for kind, name in ((Kind.OPEN, "opened"), (Kind.CLICK, "clicked")):
        if not (seen := found.of(kind)).unnamed:
            yield [f"{name}_adjusted", _with_share(found, seen.readers)]
            yield [f"{name}_raw", _with_share(found, seen.messages)]
    yield ["replied", f"{found.replies:,}"]
    yield ["unsubscribed", _with_share(found, found.of(Kind.UNSUBSCRIBE).messages)]
    yield ["bounced", f"{found.count(State.BOUNCED):,}"]
    yield ["complained", f"{found.count(State.COMPLAINED):,}"]
    if uncertain := found.count(State.UNCERTAIN):
        yield ["uncertain", f"{uncertain:,}"]


def _with_share(found: Report, part: int) -> str:
    share = found.rate(part) or 0
    return f"{part:,} · {100 * share:.1f} %"
