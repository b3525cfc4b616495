"""Bounces for now, in a series: each counts for one, and for half as much after every half-life."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Max, Q

from newsletter.config.consequences import SoftBounces
from newsletter.models import Event, Message, Sign
from subscribers.models import Subscriber


def series(people: Collection[int], rule: SoftBounces, now: datetime) -> set[int]:
    """Those of these people whose mails have come back so often of late that they need not be tried any more.

    A message counts once, however often it came back. What came before a mail was delivered, or something read, counts
    no more.
    """
    if not people:
        return set()
    since, bounces = _since(people), defaultdict(list)
    rows = Sign.objects.filter(kind=Event.Kind.SOFT_BOUNCED, link=None, message__subscriber__among=list(people))
    for person, at in rows.values_list("message__subscriber", "last_at"):
        if person not in since or at > since[person]:
            bounces[person].append(at)
    return {person for person, moments in bounces.items() if _is_over(moments, rule, now)}


def _is_over(moments: list[datetime], rule: SoftBounces, now: datetime) -> bool:
    score = sum(0.5 ** (max(now - at, timedelta(0)) / rule.half_life) for at in moments)
    return score >= rule.score and max(moments) - min(moments) >= rule.over


def _since(people: Collection[int]) -> dict[int, datetime]:
    """When each was last known to be there."""
    delivered = Q(messages__state=Message.State.DELIVERED)
    rows = Subscriber.objects.filter(pk__among=list(people)).annotate(
        delivered=Max("messages__submitted_at", filter=delivered)
    )
    found = {}
    for pk, *moments in rows.values_list("pk", "delivered", "opened_at", "clicked_at"):
        if known := list(filter(None, moments)):
            found[pk] = max(known)
    return found
