"""A person's timeline: what went to them, what came back, what they chose and wrote, the latest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from operator import attrgetter

from newsletter.models import Event, Issue, Like, Link, Message, Reply, Sign, Vote
from newsletter.models.event import READING
from subscribers.models import Subscriber

Kind = Event.Kind
MESSAGES, READ, CONSENTS, REPLIES = "messages", "events", "consents", "replies"
PARTS = (MESSAGES, READ, CONSENTS, REPLIES)
"""What a timeline is made of; who looks at it may not be allowed all of it."""
LATEST = 30
ISSUES = 100
"""So many of the person's messages are looked at."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `kind` is the part it belongs to, `judged` who seems to have done it."""

    at: datetime
    kind: str
    what: str
    issue: Issue | None = None
    more: str = ""
    judged: str = ""


def timeline(person: Subscriber, parts: Collection[str] = PARTS, number: int = LATEST) -> list[Entry]:
    """The latest of all that is known to have happened, of these parts."""
    messages = list(person.messages.select_related("issue").order_by("-pk")[:ISSUES])
    found: list[Entry] = []
    if MESSAGES in parts:
        found += _sent(messages)
    if READ in parts:
        found += _read(messages, number)
    if CONSENTS in parts:
        found += _consents(person, number)
    if REPLIES in parts:
        found += _replies(person, number)
    return nlargest(number, found, key=attrgetter("at"))


def _sent(messages: list[Message]) -> Iterator[Entry]:
    for one in messages:
        if one.submitted_at:
            went = one.state in (Message.State.SUBMITTED, Message.State.DELIVERED)
            more = "" if went else f"{one.get_state_display().lower()}: {one.reason}"
            yield Entry(one.submitted_at, MESSAGES, "sent", one.issue, more)


def _read(messages: list[Message], number: int) -> Iterator[Entry]:
    """Events while they are kept; of those that are not any more, when it was first done, and how often."""
    issues = {one.pk: one.issue for one in messages}
    events = list(Event.objects.filter(message__in=issues).order_by("-at")[:number])
    signs = Sign.objects.filter(message__in=issues, folded__gt=0)
    kept = [one for one in signs if one.link_id or one.kind != Kind.CLICK]
    followed = {one.link_id for one in events} | {one.link_id for one in kept}
    urls = dict(Link.objects.filter(pk__among=[one for one in followed if one]).values_list("pk", "url"))
    for event in events:
        what, more = _WORDS[event.kind], urls.get(event.link_id or 0, "") or event.detail or event.agent
        judged = _BY.get(event.judged, "") if event.kind in READING else ""
        yield Entry(event.at, READ, what, issues[event.message_id], more, judged)
    for sign in kept:
        times = "once" if sign.folded == 1 else f"{sign.folded:,} times"
        more = " · ".join(filter(None, [urls.get(sign.link_id or 0, ""), f"{times} in all, the first time then"]))
        by = Event.Judged.HUMAN if sign.human else Event.Judged.BOT
        judged = _BY[by] if sign.kind in READING else ""
        yield Entry(sign.first_at, READ, _WORDS[sign.kind], issues[sign.message_id], more, judged)


def _consents(person: Subscriber, number: int) -> Iterator[Entry]:
    for one in person.consents.order_by("-at", "-pk")[:number]:
        more = " · ".join(filter(None, [one.list_name, one.note]))
        yield Entry(one.at, CONSENTS, one.get_action_display().lower(), None, more)


def _replies(person: Subscriber, number: int) -> Iterator[Entry]:
    for reply in Reply.objects.filter(subscriber=person).select_related("issue").order_by("-received_at")[:number]:
        yield Entry(reply.received_at, REPLIES, "replied", reply.issue, reply.text[:160])
    for like in Like.objects.filter(subscriber=person).select_related("issue").order_by("-at")[:number]:
        yield Entry(like.at, REPLIES, "liked it", like.issue)
    for vote in Vote.objects.filter(subscriber=person).select_related("poll__issue").order_by("-at")[:number]:
        yield Entry(vote.at, REPLIES, "voted", vote.poll.issue, vote.poll.question)


_BY: dict[str, str] = {
    Event.Judged.HUMAN: "by a person, it seems", Event.Judged.PREFETCH: "fetched beforehand by a program",
    Event.Judged.BOT: "likely by a machine",
}  # fmt: skip
_WORDS: dict[str, str] = {
    Kind.ACCEPTED: "taken by the provider", Kind.DELIVERED: "delivered", Kind.DEFERRED: "put off",
    Kind.BOUNCED: "bounced for good", Kind.SOFT_BOUNCED: "bounced for now", Kind.BLOCKED: "blocked",
    Kind.DROPPED: "not tried by the provider", Kind.COMPLAINED: "called it spam", Kind.OPEN: "opened",
    Kind.CLICK: "clicked", Kind.UNSUBSCRIBE: "unsubscribed by it", Kind.AUTO_REPLY: "answered by a program",
    Kind.RESUBSCRIBE: "asked the provider for mail again",
}  # fmt: skip
