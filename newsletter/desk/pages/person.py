"""What the desk tells of one person beside the form: where they stand and why, their lists, and what happened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from newsletter.desk.admin.labels import STATES
from newsletter.models import Message, Sign
from newsletter.models.event import READING
from newsletter.settings import current
from newsletter.track.report.timeline import CONSENTS, MESSAGES, READ, REPLIES, timeline
from subscribers.audience import Audience
from subscribers.models import Consent, List, Subscriber, Subscription, Suppression

LATEST = 20
MOST_CONSENTS = 200
SUBSCRIPTIONS = {"active": "success", "pending": "warning", "unsubscribed": "default"}


@dataclass(frozen=True)
class Verdict:
    """Whether a newsletter's next issue would go to somebody, and if not, why."""

    newsletter: str
    reason: str

    @property
    def sent(self) -> bool:
        """Whether it would."""
        return not self.reason


@dataclass(frozen=True)
class Sent:
    """One issue that went to somebody, and what came of it."""

    message: Message
    colour: str
    came: str


def standing(one: Subscriber, suppressed: str, on: Collection[str], now: datetime) -> tuple[str, str]:
    """In a word, with its colour: the first of these that keeps mail from somebody, or active.

    `on` are the statuses of their subscriptions.
    """
    if suppressed:
        return f"suppressed: {suppressed}", "danger"
    if one.status == Subscriber.Status.DORMANT:
        return "dormant", "default"
    if one.paused_until and one.paused_until > now:
        return f"paused until {timezone.localtime(one.paused_until):%-d %b}", "info"
    if one.status == Subscriber.Status.ASKED:
        return "asked to stay", "warning"
    if Subscription.Status.ACTIVE not in on:
        words = {Subscription.Status.PENDING: "not confirmed", Subscription.Status.UNSUBSCRIBED: "unsubscribed"}
        return next((word for status, word in words.items() if status in on), "on no list"), "default"
    return "active", "success"


def told(one: Subscriber, request: HttpRequest) -> dict[str, Any]:
    """All of it, as far as this member of staff may see it."""
    now, user = timezone.now(), request.user
    held = Suppression.objects.filter(key=one.key).first()
    rows = [(row, SUBSCRIPTIONS[row.status]) for row in one.subscriptions.select_related("list").order_by("list__name")]
    word, colour = standing(one, held.kind if held else "", [row.status for row, _ in rows], now)
    return {
        "standing": word, "standing_colour": colour, "suppression": held, "verdicts": verdicts(one, now),
        "subscriptions": rows, "others": List.objects.exclude(subscriptions__subscriber=one).exists(),
        "consents": consents(one) if user.has_perm("subscribers.view_consent") else None,
        "messages_sent": sent(one) if user.has_perm("newsletter.view_message") else None,
        "timeline": timeline(one, allowed(request)),
        "may": {
            "change": user.has_perm("subscribers.change_subscriber"),
            "suppress": user.has_perm("subscribers.add_suppression"),
            "lift": user.has_perm("subscribers.delete_suppression"),
        },
    }  # fmt: skip


def allowed(request: HttpRequest) -> list[str]:
    """The parts of a timeline that this member of staff may see."""
    needed = {
        MESSAGES: "newsletter.view_message", READ: "newsletter.view_event", CONSENTS: "subscribers.view_consent",
        REPLIES: "newsletter.view_reply",
    }  # fmt: skip
    return [part for part, permission in needed.items() if request.user.has_perm(permission)]


def verdicts(one: Subscriber, now: datetime) -> list[Verdict]:
    """Of each newsletter, as its audience would be frozen now."""
    found = []
    for letter in current().newsletters.values():
        lists = tuple(ref.name for ref in letter.lists)
        person: Any = Audience(lists).people(now).filter(pk=one.pk).first()
        found.append(Verdict(letter.title, "not on any of its lists" if person is None else person.exclusion))
    return found


def consents(one: Subscriber) -> list[Consent]:
    """What happened, newest first."""
    return [*one.consents.select_related("wording").order_by("-at", "-pk")[:MOST_CONSENTS]]


def sent(one: Subscriber) -> list[Sent]:
    """The latest issues, and whether they were opened or a link followed."""
    messages = list(one.messages.select_related("issue").order_by("-pk")[:LATEST])
    came: dict[int, set[str]] = {}
    signs = Sign.objects.filter(message__in=messages, kind__in=READING, link=None)
    for number, kind, human in signs.values_list("message", "kind", "human"):
        by = "" if human else ", by a machine as it seems"
        came.setdefault(number, set()).add({"open": "opened", "click": "clicked"}[kind] + by)
    return [
        Sent(
            one, STATES.get(Message.State(one.state), "default"), ", ".join(sorted(came.get(one.pk, ()), reverse=True))
        )
        for one in messages
    ]
