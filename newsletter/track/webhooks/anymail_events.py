"""What the events of Anymail's providers say of our messages, in our own words.

Anymail has read them into its vocabulary; the raw event is beside each, for what its vocabulary does not tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from newsletter.config import Config
from newsletter.models import Event, Payload
from newsletter.models.event import READING
from newsletter.models.taking import Happening
from newsletter.track.mail.verdicts import of_failure
from newsletter.track.webhooks.numbered import Claim, claim, confirmed
from newsletter.track.webhooks.readings import Told, judged
from newsletter.track.webhooks.values import LONGEST, key_of, moment, text

Kind = Event.Kind

PROVIDERS = (
    "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "postal", "postmark", "resend",
    "sparkpost", "unisender_go",
)  # fmt: skip
_KINDS: dict[str, Event.Kind] = {
    "queued": Kind.ACCEPTED,
    "sent": Kind.ACCEPTED,
    "delivered": Kind.DELIVERED,
    "deferred": Kind.DEFERRED,
    "rejected": Kind.DROPPED,
    "failed": Kind.DROPPED,
    "bounced": Kind.BOUNCED,
    "complained": Kind.COMPLAINED,
    "opened": Kind.OPEN,
    "clicked": Kind.CLICK,
    "unsubscribed": Kind.UNSUBSCRIBE,
    "subscribed": Kind.RESUBSCRIBE,
    "autoresponded": Kind.AUTO_REPLY,
}
"""Anymail's words, and what each comes to. One that is not here changes nothing."""
_FINE = frozenset((Kind.ACCEPTED, Kind.DELIVERED, Kind.OPEN, Kind.CLICK))
_ADDRESSES = frozenset(("ip", "IP", "ip_address", "ipAddress", "client_ip"))
"""What providers call the address that an open or a click came from."""
_HARD = frozenset((
    "hardbounce", "hard_bounce", "hard_bounced", "hardfail", "permanent", "invalid_email", "activity.hard_bounced",
))  # fmt: skip
"""By which words the providers say that a bounce is for good."""


def happenings(payload: Payload, config: Config) -> list[Happening]:
    """What a post tells of our messages. Raises ValueError if Anymail cannot read it."""
    # Here, because the package is there only where it is wanted.
    from newsletter.track.webhooks.anymail import BROKEN, read, view_of

    view = view_of(payload.source)
    try:
        events = view.parse_events(read(payload.data))
    except BROKEN as error:
        raise ValueError(f"Anymail cannot read it: {type(error).__name__}: {error}") from error
    payload.events = len(events)
    told = [(found, event) for event in events if (found := claim(event, config))]
    numbers = confirmed([found for found, _ in told])
    return judged(_told([one for one in told if one[0] in numbers], payload, config), config)


def _told(told: list[tuple[Claim, Any]], payload: Payload, config: Config) -> Iterator[Told]:
    ours = {Kind.OPEN: config.track.opens, Kind.CLICK: config.track.clicks}
    for found, event in told:
        kind = _kind(event)
        if kind and not ours.get(kind):
            happening = Happening(
                found.message, kind, _at(event, payload.received_at), source=payload.source, key=_key(event, kind),
                detail="" if kind in _FINE else _words(event, payload.source), address=text(event.recipient),
            )  # fmt: skip
            yield _as_read(happening, event)


def _as_read(happening: Happening, event: Any) -> Told:
    """With what is told of who opened it or followed a link."""
    if happening.kind not in READING:
        return Told(happening)
    url = text(event.click_url) if happening.kind == Kind.CLICK else ""
    return Told(happening, url, text(event.user_agent), _address(event.esp_event))


def _address(raw: Any, depth: int = 4) -> str:
    """Where the reader's program was, which Anymail leaves where each provider has it."""
    if depth and isinstance(raw, Mapping):
        for name, value in raw.items():
            if found := text(value) if name in _ADDRESSES else _address(value, depth - 1):
                return found
    return ""


def _kind(event: Any) -> Event.Kind | None:
    kind = _KINDS.get(event.event_type) if isinstance(event.event_type, str) else None
    return _bounced(event) if kind == Kind.BOUNCED else kind


def _bounced(event: Any) -> Event.Kind:
    """By the answer of the server that did not take it; where that is not clear, by the provider's own word."""
    said = of_failure("", f"{text(event.mta_response)} {text(event.description)}")
    if not said.unclear:
        return said.kind
    if event.reject_reason in ("spam", "blocked"):
        return Kind.BLOCKED
    hard = event.reject_reason == "invalid" or any(word.lower() in _HARD for word in _texts(event.esp_event))
    return Kind.BOUNCED if hard else Kind.SOFT_BOUNCED


def _texts(raw: Any, depth: int = 4) -> Iterator[str]:
    if isinstance(raw, str):
        yield raw[:LONGEST]
    elif depth and isinstance(raw, Mapping | list):
        for one in raw.values() if isinstance(raw, Mapping) else raw:
            yield from _texts(one, depth - 1)


def _at(event: Any, told_at: datetime) -> datetime:
    return moment(event.timestamp.timestamp(), told_at) if isinstance(event.timestamp, datetime) else told_at


def _key(event: Any, kind: str) -> str:
    """Some number their bounces and complaints alike, and some give one number to all that befalls a message."""
    name = text(event.event_id) if isinstance(event.event_id, str) else ""
    return key_of(f"{kind}:{name}" if name else "", [kind, event.esp_event])


def _words(event: Any, provider: str) -> str:
    said = (text(one) for one in (event.event_type, event.reject_reason, event.mta_response or event.description))
    return f"{provider}: {' '.join(filter(None, said))}"
