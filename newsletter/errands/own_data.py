"""Asking for a copy of one's data, or to be erased: a link goes to the address if anything is kept of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from newsletter import links, tokens
from newsletter.config import Config
from newsletter.errands.limits import network, take_turns
from newsletter.errands.signing_in import PER_MAILBOX, PER_NETWORK, newsletter_of
from newsletter.models import Notice
from newsletter.models.errand import Errand
from subscribers.addresses import normalize
from subscribers.models import Subscriber

VALID = timedelta(days=1)
Kind = Notice.Kind
PURPOSE = {Kind.DATA: tokens.DATA, Kind.ERASE: tokens.ERASE}


def take(email: str, address: str, kind: Notice.Kind, now: datetime) -> None:
    """Have the link mailed if there is whom to. Raises InvalidAddress, and TooOften."""
    _, key = normalize(email)
    take_turns(((f"own data {network(address)}", PER_NETWORK), (f"own data {key}", PER_MAILBOX)), now)
    Errand.leave(Errand.Kind.OWN_DATA, {"key": key, "kind": kind.value}, now)


def carry_out(config: Config, key: str, facts: dict[str, Any], now: datetime) -> None:
    """Write the mail; the link names the mail itself, and so opens only what belongs to the address that it went to."""
    person, kind = Subscriber.objects.filter(key=facts["key"]).first(), Kind(facts["kind"])
    newsletter = newsletter_of(config, person) if person else ""
    if person is None or newsletter not in config.newsletters:
        return
    until = now + VALID
    made = Notice.queue(kind, newsletter, person.email, {}, now, subscriber=person, name=person.name, until=until)
    token = tokens.sign_until(made.pk, until, key, PURPOSE[kind])
    address = links.own_data if kind == Kind.DATA else links.erase
    made.facts = {f"{kind.value}_url": address(config, token), "expires": until.isoformat()}
    made.save(update_fields=["facts"])
