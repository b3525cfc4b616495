"""Taking a reply that was written on a page: its limits, where it begins, and when it is done."""

from __future__ import annotations

from datetime import datetime

from newsletter.config import Newsletter
from newsletter.markup.said import LONGEST, tidied
from newsletter.models import Issue, Reply, Turn
from newsletter.models.reply import digest
from newsletter.settings import current
from subscribers.models import Subscriber


class Refused(ValueError):
    """The reply is not taken as it is; the message says what to do."""


def is_open(letter: Newsletter | None, issue: Issue, now: datetime) -> bool:
    """Whether the page of an issue takes replies."""
    if letter is None or not letter.replies.open:
        return False
    closes = letter.replies.closes_after
    return closes is None or now <= (issue.started_at or issue.due_at) + closes


def checked(text: str) -> str:
    """The words of a reply; raise Refused if there are none, or too many."""
    text = tidied(text)
    if not text:
        raise Refused("Please write something first.")
    if len(text) > LONGEST:
        raise Refused(f"That is {len(text):,} characters; up to {LONGEST:,} can be posted. Please shorten it a little.")
    return text


def parent_of(issue: Issue, number: str) -> Reply | None:
    """The reply that another one answers: a published one that begins a thread. None if there is no such."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found = Reply.objects.filter(issue=issue, pk=int(number), state=Reply.State.PUBLISHED).select_related("parent")
    reply = found.first()
    return reply.parent if reply and reply.parent else reply


def take(issue: Issue, person: Subscriber, text: str, name: str, parent: Reply | None, now: datetime) -> Reply:
    """Keep a signed-in reader's reply; the same words twice are one. Raises Refused after too many."""
    key = _key(issue, person, text, parent)
    if known := Reply.objects.filter(key=key).first():
        if known.state == Reply.State.UNCONFIRMED:
            settle(known, person, now)
        return known
    if free := Turn.take(f"reply {person.pk}", Reply.PER_HOUR, Reply.AN_HOUR, now):
        wait = max(1, -(-int((free - now).total_seconds()) // 60))
        raise Refused(
            f"You have posted {Reply.PER_HOUR} replies within an hour. The next one can be posted in {wait} min."
        )
    state, note = _standing(issue, person)
    published_at = now if state == Reply.State.PUBLISHED else None
    return _keep(issue, person, text, name, parent, now, state=state, note=note, published_at=published_at)


def hold(issue: Issue, person: Subscriber, text: str, name: str, parent: Reply | None, now: datetime) -> Reply:
    """Keep a reply that somebody wrote in a reader's name, until that reader confirms it by signing in."""
    note = "waits for its reader to sign in"
    return _keep(issue, person, text, name, parent, now, state=Reply.State.UNCONFIRMED, note=note)


def settle(reply: Reply, person: Subscriber, now: datetime) -> None:
    """Let a reply go on whose reader has confirmed it; a second time nothing happens."""
    reply.confirm(*_standing(reply.issue, person), now)


def shown_name(person: Subscriber, given: str) -> str:
    """The name that stands over a reply: what was typed, else the subscriber's; one line, and never an address."""
    name = " ".join(tidied(given).split()) or person.name
    return "" if "@" in name else name[:80]


def _standing(issue: Issue, person: Subscriber) -> tuple[Reply.State, str]:
    letter = current().newsletters.get(issue.newsletter)
    return Reply.standing(issue, person, letter.replies.moderation if letter else "all")


def _keep(
    issue: Issue, person: Subscriber, text: str, name: str, parent: Reply | None, now: datetime, **fields: object
) -> Reply:
    return Reply.take(
        _key(issue, person, text, parent), issue=issue, subscriber=person, text=text, parent=parent,
        message=issue.messages.filter(subscriber=person).first(), author_name=shown_name(person, name),
        via=Reply.Via.PAGE, received_at=now, **fields,
    )[0]  # fmt: skip


def _key(issue: Issue, person: Subscriber, text: str, parent: Reply | None) -> str:
    return digest(f"page {issue.pk} {person.pk} {parent.pk if parent else ''} {text}")
