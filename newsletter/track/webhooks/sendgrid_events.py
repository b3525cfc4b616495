"""What SendGrid's events say of our messages, in our own words.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from newsletter.config import Config
from newsletter.models import Event, Payload
from newsletter.models.event import READING
from newsletter.models.taking import Happening
from newsletter.track.mail.verdicts import of_failure
from newsletter.track.webhooks.readings import Told, judged
from newsletter.track.webhooks.values import key_of, moment, number, parsed, text

SOURCE = "sendgrid"
Kind = Event.Kind
Facts = Mapping[str, Any]


class _Said(NamedTuple):
    """What one event says."""

    kind: Event.Kind
    detail: str = ""


def happenings(payload: Payload, config: Config) -> list[Happening]:
    """What a batch tells of messages of this site; other mail of the account's has events too, which only count.

    Raises ValueError if it is no batch.
    """
    found = parsed(payload.data)
    if not isinstance(found, list):
        what = "an object" if isinstance(found, dict) else "a single value"
        raise ValueError(f"this is no list of events, but {what}")
    payload.events = len(found)
    return judged(_of_ours(found, payload, config), config)


def _of_ours(found: list[Any], payload: Payload, config: Config) -> Iterator[Told]:
    """Each thing that happened to a message of ours."""
    # Where our own pixel and links are in the mails too, theirs would count the same once more.
    ours = {Kind.OPEN: config.track.opens, Kind.CLICK: config.track.clicks}
    for event in found:
        if not isinstance(event, dict) or event.get("site") != config.site.url:
            continue
        message, said = number(event.get("message")), _said(event)
        if message and said and not ours.get(said.kind):
            happening = Happening(
                message, said.kind, moment(event.get("timestamp"), payload.received_at), source=SOURCE,
                key=key_of(event.get("sg_event_id"), event), detail=said.detail, address=text(event.get("email")),
            )  # fmt: skip
            yield _as_read(happening, event)


def _as_read(happening: Happening, event: Facts) -> Told:
    """With what is told of who opened it or followed a link; they say when Apple's proxy was first."""
    if happening.kind not in READING:
        return Told(happening)
    url = text(event.get("url")) if happening.kind == Kind.CLICK else ""
    ahead = event.get("sg_machine_open") is True
    return Told(happening, url, text(event.get("useragent")), text(event.get("ip")), ahead)


def _said(event: Facts) -> _Said | None:
    name = event.get("event")
    made = _KINDS.get(name) if isinstance(name, str) else None
    return made(event) if made else None


def _plain(kind: Event.Kind) -> Callable[[Facts], _Said]:
    return lambda event: _Said(kind)


def _worded(kind: Event.Kind) -> Callable[[Facts], _Said]:
    return lambda event: _Said(kind, _words(event))


def _bounced(event: Facts) -> _Said:
    """By its status, for `bounce` says only that it did not arrive; `blocked` is never about the address."""
    status, words = text(event.get("status")), text(event.get("reason"))
    if event.get("type") == "blocked":
        return _Said(Kind.BLOCKED, _words(event))
    return _Said(of_failure(status, words).kind, _words(event))


def _words(event: Facts) -> str:
    """SendGrid's words for what went wrong."""
    said = (text(event.get(name)) for name in ("status", "reason", "response", "asm_group_id"))
    return f"SendGrid: {text(event.get('event'))} {' '.join(filter(None, said))}".strip()


_KINDS: dict[str, Callable[[Facts], _Said]] = {
    "processed": _plain(Kind.ACCEPTED),
    "delivered": _plain(Kind.DELIVERED),
    "deferred": _worded(Kind.DEFERRED),
    "bounce": _bounced,
    "dropped": _worded(Kind.DROPPED),
    "open": _plain(Kind.OPEN),
    "click": _plain(Kind.CLICK),
    "spamreport": _worded(Kind.COMPLAINED),
    "unsubscribe": _worded(Kind.UNSUBSCRIBE),
    "group_unsubscribe": _worded(Kind.UNSUBSCRIBE),
    "group_resubscribe": _worded(Kind.RESUBSCRIBE),
}
"""Their words, and what each comes to. One that is not here changes nothing."""
