"""SendGrid's Event Webhook: batches of events, signed, each with the custom_args of the message it is about.

It posts again for 24 hours unless the answer is 2xx, so what was signed and cannot be read is answered so too.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.eventwebhook.eventwebhook_header import EventWebhookHeader

from newsletter.models import Message
from newsletter.models.hearing import Word, hear
from newsletter.settings import current

log = logging.getLogger(__name__)

State = Message.State

_OLDEST = 25 * 3600  # seconds: nobody says that what is posted again for a day is signed anew
_AHEAD = 300  # seconds by which their clock may be before ours
_LONGEST = 1000  # characters of a reason


# SendGrid has no cookie of ours; its signature is what lets it in.
@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take a batch of events."""
    config = current()
    key = config.track.sendgrid.verification_key
    if not key:
        raise Http404("there is nothing here")
    if not _signed(request, key):
        return HttpResponseForbidden("not signed, or not lately", "text/plain")
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        log.warning("SendGrid posted events that are not a list of them")
        return HttpResponse(status=204)
    hear(_words(found, config.site.url), timezone.now())
    return HttpResponse(status=204)


def _signed(request: HttpRequest, key: str) -> bool:
    """Whether SendGrid signed these very bytes, and not too long ago."""
    signature = request.headers.get(EventWebhookHeader.SIGNATURE, "")
    timestamp = request.headers.get(EventWebhookHeader.TIMESTAMP, "")
    try:
        age = time.time() - int(timestamp)
        # The helper takes text, and makes the same bytes of it again.
        genuine = EventWebhook(key).verify_signature(request.body.decode(), signature, timestamp)
    except ValueError:  # a timestamp that is no number, a signature that is no base64, bytes that are no UTF-8
        return False
    return bool(genuine) and -_AHEAD <= age <= _OLDEST


def _words(found: list[Any], site: str) -> Iterator[Word]:
    """What the events say of messages of this site. Other mail of the account's has events too."""
    for event in found:
        if isinstance(event, dict) and event.get("site") == site and (number := _number(event.get("message"))):
            state = _state(event)
            if state:
                yield Word(number, state, _reason(event))


def _number(said: object) -> int:
    """The number of a message of the ledger; 0 for a test mail's or a service mail's name."""
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 19 else 0


def _state(event: dict[str, Any]) -> State | None:
    """What an event comes to; nothing for one that changes nothing, such as `deferred`: SendGrid goes on trying."""
    kind = event.get("event")
    if kind == "bounce":
        # A server that blocks us says nothing about the address.
        return State.FAILED if event.get("type") == "blocked" else State.BOUNCED
    known = {"processed": State.SUBMITTED, "delivered": State.DELIVERED, "dropped": State.FAILED}
    return known.get(kind) if isinstance(kind, str) else None


def _reason(event: dict[str, Any]) -> str:
    """SendGrid's words for what went wrong; what went well is said the same of all, and so recorded at once."""
    kind = event["event"]
    if kind in ("processed", "delivered"):
        return f"{kind}, says SendGrid"
    words = " ".join(str(event[name]) for name in ("status", "reason") if event.get(name))
    return f"SendGrid: {kind} {words}".strip()[:_LONGEST].replace("\x00", "")
