"""SendGrid's Event Webhook: batches of events, signed. They are kept as they came, and understood afterwards.

It posts again for 24 hours unless the answer is 2xx, and says things twice and in any order.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import time

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.eventwebhook.eventwebhook_header import EventWebhookHeader

from newsletter.settings import current
from newsletter.track.webhooks.receiving import TooLarge, body_of, kept, refused
from newsletter.track.webhooks.sendgrid_events import SOURCE

_OLDEST = 25 * 3600  # seconds: nobody says that what is posted again for a day is signed anew
_AHEAD = 300  # seconds by which their clock may be before ours
_LONGEST = 200  # characters of a signature, which has about a hundred


# SendGrid has no cookie of ours; its signature is what lets it in.
@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Take a batch of events."""
    key = current().track.sendgrid.verification_key
    if not key:
        raise Http404("there is nothing here")
    signature = request.headers.get(EventWebhookHeader.SIGNATURE, "")
    timestamp = request.headers.get(EventWebhookHeader.TIMESTAMP, "")
    # What is too old, or signed by nothing, is not even read.
    if not _lately(timestamp) or not 0 < len(signature) < _LONGEST:
        return _forbidden()
    try:
        data = body_of(request)
    except (TooLarge, UnreadablePostError) as error:
        return refused(request, error)
    return kept(SOURCE, data) if _genuine(key, data, signature, timestamp) else _forbidden()


def _forbidden() -> HttpResponse:
    return HttpResponseForbidden("not signed, or not lately", "text/plain")


def _lately(timestamp: str) -> bool:
    try:
        return -_AHEAD <= time.time() - int(timestamp) <= _OLDEST
    except ValueError:
        return False


def _genuine(key: str, data: bytes, signature: str, timestamp: str) -> bool:
    """Whether SendGrid signed these very bytes."""
    try:
        # The helper takes text, and makes the same bytes of it again.
        return bool(EventWebhook(key).verify_signature(data.decode(), signature, timestamp))
    except ValueError:  # a signature that is no base64, bytes that are no UTF-8
        return False
