"""Asking for a way in: a link goes to the address if it is a subscriber's; nobody learns whether it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from newsletter import links, posting, tokens
from newsletter.config import Config
from newsletter.errands.limits import network, take_turns
from newsletter.models import Issue, Notice, Reply, SignIn
from newsletter.models.errand import Errand
from newsletter.models.sign_in import LINK
from subscribers.addresses import normalize
from subscribers.models import Subscriber, Subscription

PER_MAILBOX, PER_NETWORK = 3, 20


def take(
    email: str, address: str, back: str, now: datetime, newsletter: str = "", words: dict[str, Any] | None = None
) -> None:
    """Have a link mailed if there is whom to. `words` are what they have written, kept until the link is used.

    Raises InvalidAddress, and TooOften.
    """
    _, key = normalize(email)
    take_turns(((f"sign in {network(address)}", PER_NETWORK), (f"sign in {key}", PER_MAILBOX)), now)
    Errand.leave(Errand.Kind.SIGN_IN, {"key": key, "back": back, "newsletter": newsletter, "words": words}, now)


def carry_out(config: Config, key: str, facts: dict[str, Any], now: datetime) -> None:
    """Mail the link to a subscriber; nothing to anybody else."""
    person = Subscriber.objects.filter(key=facts["key"]).first()
    newsletter = facts["newsletter"] or (newsletter_of(config, person) if person else "")
    if person is None or newsletter not in config.newsletters:
        return
    reply = _held(facts["words"], person, now) if facts["words"] else None
    made = SignIn.objects.create(subscriber=person, reply=reply, back=facts["back"], created_at=now)
    until = now + LINK
    here = until.astimezone(ZoneInfo(config.site.time_zone))
    said = {
        "sign_in_url": links.sign_in(config, tokens.sign_until(made.pk, until, key, tokens.SIGN_IN)),
        "expires": f"{here:%H:%M} ({config.site.time_zone})",
        "purpose": "replying" if reply else "entering",
    }
    Notice.queue(
        Notice.Kind.SIGN_IN, newsletter, person.email, said, now, subscriber=person, name=person.name, until=until
    )


def _held(words: dict[str, Any], person: Subscriber, now: datetime) -> Reply | None:
    issue = Issue.objects.filter(pk=words["issue"]).first()
    parent = Reply.objects.filter(pk=words["parent"]).first() if words["parent"] else None
    return posting.hold(issue, person, words["text"], words["name"], parent, now) if issue else None


def newsletter_of(config: Config, person: Subscriber) -> str:
    """In whose name to write: a newsletter that the person gets, else the first."""
    active = person.subscriptions.filter(status=Subscription.Status.ACTIVE)
    lists = set(active.values_list("list__name", flat=True))
    return next(
        (name for name, letter in config.newsletters.items() if lists & {ref.name for ref in letter.lists}),
        next(iter(config.newsletters), ""),
    )
