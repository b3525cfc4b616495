"""Payloads: what providers and mail servers brought, one after another, becomes what it tells.

Whoever brings a new kind adds a line to `NORMALISERS`: by its source, a function that tells what is in it, and raises
ValueError, with words for staff, where it makes no sense. One that passes over some of what a payload holds says in
`payload.events` how much that was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Event as Stop

from newsletter.config import Config
from newsletter.models import Payload
from newsletter.models.payload import NotNow
from newsletter.models.taking import Happening
from newsletter.track import mail
from newsletter.track.intake import ingest
from newsletter.track.judging.networks import BadNetworks
from newsletter.track.webhooks import anymail_events, sendgrid_events

Normaliser = Callable[[Payload, Config], Iterable[Happening]]
NORMALISERS: dict[str, Normaliser] = {
    sendgrid_events.SOURCE: sendgrid_events.happenings,
    **dict.fromkeys(anymail_events.PROVIDERS, anymail_events.happenings),
    mail.SOURCE: mail.happenings,
}
KEPT_ROWS = timedelta(days=90)
"""How long it is remembered that a payload came, after its body was dropped."""


def webhook_sources() -> list[str]:
    """The sources of what comes by webhooks."""
    return [name for name in NORMALISERS if name != mail.SOURCE]


def ingest_payloads(config: Config, clock: Callable[[], datetime], stop: Stop | None = None) -> int:
    """See to the payloads that wait, the oldest first; return how many there were. Several may do so at once."""
    done = 0
    while not (stop and stop.is_set()) and Payload.see_to(lambda one: understand(one, config, clock()), clock()):
        done += 1
    return done


def understand(payload: Payload, config: Config, now: datetime) -> int:
    """Take in what a payload tells; return how many things it held. Raises ValueError if it makes no sense.

    Without the file of networks opens and clicks cannot be judged: then all waits, as hits of our own do.
    """
    normalise = NORMALISERS.get(payload.source)
    if normalise is None:
        raise ValueError(f"nothing here understands what {payload.source} tells")
    try:
        told = list(normalise(payload, config))
    except BadNetworks as error:
        raise NotNow(str(error)) from error
    payload.taken = len(ingest(told, config, now).new)
    return payload.events or len(told)


def tidy_payloads(config: Config, now: datetime) -> None:
    """Drop the bodies whose time is over, and later the rows; what was not understood stays until staff have seen it,
    though not for ever."""
    Payload.drop_bodies(webhook_sources(), now - config.track.keep_payloads, now - KEPT_ROWS)
    Payload.forget(webhook_sources(), now - KEPT_ROWS)
