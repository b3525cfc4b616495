"""Asking for a list: what is written down at once, and what follows from it.

Nobody puts anybody else on a list: an address is asked by mail. Only a list with single opt-in takes one at once, and
never one that has left before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from newsletter import links, lists, tokens
from newsletter.config import Config
from newsletter.errands.limits import TooOften, network, take_turns, truncated
from newsletter.errands.wishes import Wish
from newsletter.lists import Offer
from newsletter.models import Notice, SignIn
from newsletter.models.errand import Errand
from newsletter.models.reply import digest
from newsletter.models.sign_in import LINK
from subscribers.addresses import normalize, on_the_wire
from subscribers.joining import Action, Standing, ask, join, standing
from subscribers.models import Occasion, Origin, Subscriber, Wording

log = logging.getLogger(__name__)

NAME = 200
_HOW = {
    Origin.PAGE: "asked on the page", Origin.EMBED: "asked by a form on another site", Origin.API: "asked by the API",
}  # fmt: skip


@dataclass(frozen=True)
class Circumstances:
    """How a wish came: by which way, from which IP address, on which page, under which words, led by which issue."""

    source: Origin
    address: str
    form: str
    words: str = ""
    issue: str = ""


def take(
    config: Config, offer: Offer, email: str, name: str, how: Circumstances, now: datetime, newsletter: str = ""
) -> str:
    """Take a wish, whoever the address belongs to, and return the address as it will be written to.

    `newsletter` is the one whose page it was made on, where it was made on one.

    Raises InvalidAddress, and Refused after too many.
    """
    email, key = normalize(email)
    on_the_wire(email)
    limits = config.audience.subscribe
    take_turns(
        (
            (f"subscribe from {how.address}", limits.per_address),
            (f"subscribe {network(how.address)}", limits.per_network),
            (f"subscribe {key}", limits.per_mailbox),
        ),
        now,
    )
    try:
        take_turns([(f"subscribe to {offer.name}", limits.per_list)], now)
    except TooOften:
        log.error(
            "the list %s has had %d sign-ups within an hour, and takes no more for now: this may be an attack",
            offer.name, limits.per_list,
        )  # fmt: skip
        raise
    wish = Wish(offer.name, newsletter or offer.newsletter, email, " ".join(name.split())[:NAME], issue=how.issue)
    facts = {"wish": asdict(wish), "how": {**asdict(how), "address": truncated(how.address)}}
    Errand.leave(Errand.Kind.SIGN_UP, facts, now)
    return email


def carry_out(config: Config, key: str, facts: dict[str, Any], now: datetime) -> None:
    """Do what follows from a wish, which depends on what the address is to the list."""
    wish, how = Wish(**facts["wish"]), Circumstances(**facts["how"])
    offer = lists.offer_of(config, wish.list, wish.newsletter)
    if offer is None or not offer.public or wish.newsletter not in config.newsletters:
        log.warning("%s is asked for, and takes nobody: it is private, or no longer in config.yaml", wish.list)
        return
    lists.make_row(config, offer.name)
    match standing(wish.email, wish.list):
        case Standing.HELD:
            return
        case Standing.ON:
            _remind(config, key, wish, offer, now)
        case Standing.NEW if offer.single:
            person = join(wish.email, wish.name, [wish.list], _occasion(how, now), Action.JOINED)
            welcome(config, key, wish, offer, person, now, f"{wish.list} {person.pk} {facts['asked_at']}")
        case Standing.NEW | Standing.LEFT:
            ask(wish.email, [wish.list], _occasion(how, now))
            _confirm(config, key, wish, offer, how, facts["asked_at"], now)
        case Standing.ERASED:
            # Of somebody who was erased nothing is written down on another's word: the wish waits in the link alone.
            _confirm(config, key, wish, offer, how, facts["asked_at"], now)


def welcome(config: Config, key: str, wish: Wish, offer: Offer, person: Subscriber, now: datetime, once: str) -> None:
    """Greet somebody who is on the list now; the same `once` is one welcome."""
    manage = links.preferences(config, tokens.sign(person.pk, key, tokens.SUBSCRIBER))
    archive = links.archive(config, wish.newsletter)
    facts = {"archive_url": archive, "preferences_url": manage, "unsubscribe_url": manage}
    _queue(
        Notice.Kind.WELCOME, wish, offer, facts, now, dedupe=digest(f"welcome {once}"), subscriber=person,
        name=person.name,
    )  # fmt: skip


def _confirm(
    config: Config, key: str, wish: Wish, offer: Offer, how: Circumstances, asked_at: str, now: datetime
) -> None:
    if how.words:
        wish = wish.worded(Wording.keep(how.words).pk)
    facts = {
        "confirm_url": links.confirm(config, wish.token(key)), "requested_at": asked_at,
        "publication": config.site.name, "description": offer.description.strip(),
        "place": how.form if how.source == Origin.EMBED else "",
    }  # fmt: skip
    _queue(Notice.Kind.CONFIRM, wish, offer, facts, now, until=now + config.audience.subscribe.valid)


def _remind(config: Config, key: str, wish: Wish, offer: Offer, now: datetime) -> None:
    """Who is on the list already gets the way to their preferences."""
    person = Subscriber.objects.get(key=normalize(wish.email)[1])
    made, until = SignIn.objects.create(subscriber=person, back=reverse("my-preferences"), created_at=now), now + LINK
    token = tokens.sign_until(made.pk, until, key, tokens.SIGN_IN)
    facts = {"preferences_url": links.sign_in(config, token), "expires": until.isoformat()}
    _queue(Notice.Kind.PREFERENCES, wish, offer, facts, now, subscriber=person, name=person.name, until=until)


def _occasion(how: Circumstances, now: datetime) -> Occasion:
    wording = Wording.keep(how.words) if how.words else None
    source = Origin(how.source)
    return Occasion(now, source, _HOW[source], "", how.address, how.form, wording, how.issue)


def _queue(kind: Notice.Kind, wish: Wish, offer: Offer, facts: Mapping[str, str], now: datetime, **fields: Any) -> None:
    said = {"list_title": offer.title, "language": offer.language, **facts}
    Notice.queue(kind, wish.newsletter, wish.email, said, now, **fields)
