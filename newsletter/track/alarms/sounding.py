"""Sounding an alarm: a row that the desk shows, and a mail to each who may do something about it."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from newsletter import links, staff
from newsletter.config import Config
from newsletter.markup.text import cut, scrub
from newsletter.models import Alarm, Event, Issue, Notice
from newsletter.models.edition import digest_of

log = logging.getLogger(__name__)

Kind = Event.Kind
_ONCE = (Kind.ACCEPTED, Kind.DELIVERED)
"""What happens to a message once, or it has been sent twice."""


def sound(config: Config, issue: Issue, cause: Alarm.Cause, words: str, now: datetime) -> bool:
    """Tell staff; say whether this call did it. Of each cause there is one alarm for an issue, whatever comes later."""
    with transaction.atomic():
        if not Alarm.sound(issue, cause, words := scrub(words), now):
            return False
        log.warning("%s: %s", issue, words)
        facts = {"issue_title": str(issue), "reason": words, "report_url": links.report(config, issue.pk)}
        for to in staff.recipients(config, "odd", issue.newsletter):
            dedupe = digest_of(f"warning {issue.pk} {cause} {to}")
            Notice.queue(Notice.Kind.WARNING, issue.newsletter, to, facts, now, dedupe)
    return True


def blocked(number: int, answer: str) -> str:
    """That receivers refuse us, in words."""
    what = "A message was" if number == 1 else f"{number} messages were"
    said = f": {cut(answer, 300)}" if answer else ""
    return (
        f"{what} refused for what we are, not for the reader{said}. Nobody is suppressed for it; look at SPF, DKIM, "
        "DMARC and the reputation of the sending address"
    )


def sent_twice(messages: Collection[int]) -> dict[int, int]:
    """How many of these messages went out, or arrived, more than once, as one and the same source tells; by issue."""
    rows = Event.objects.filter(message__among=sorted(messages), kind__in=_ONCE).order_by()
    often = rows.values_list("issue", "message", "kind", "source").annotate(Count("pk")).filter(pk__count__gt=1)
    found: dict[int, set[int]] = {}
    for issue, message, *_ in often:
        found.setdefault(issue, set()).add(message)
    return {issue: len(some) for issue, some in found.items()}
