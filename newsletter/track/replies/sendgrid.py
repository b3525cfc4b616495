"""SendGrid's Inbound Parse: it posts each mail as a form, taken apart or, in its raw mode, whole in one field.

It tries again for three days unless the answer is 2xx, so what cannot be read is recorded and answered with 200.
https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/inbound-email
"""

from __future__ import annotations

import hmac
import json
import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from newsletter.models import Rejected
from newsletter.models.reply import digest
from newsletter.settings import current
from newsletter.track.mail import take
from newsletter.track.replies.incoming import Incoming, decoded, headers_of
from newsletter.track.replies.multipart import Field, NotMultipart, fields
from newsletter.track.replies.receiving import reject

log = logging.getLogger(__name__)

_READ = ("charsets", "email", "envelope", "headers", "html", "text")  # the fields that matter to us, of about twenty


# SendGrid has no cookie of ours; the secret in the address is what lets it in.
@csrf_exempt
@require_POST
def inbound(request: HttpRequest, secret: str) -> HttpResponse:
    """Take one mail. The answer says nothing about what became of it."""
    config = current()
    ours = config.track.replies.sendgrid.secret
    if ours is None or not hmac.compare_digest(secret.encode(), ours.get_secret_value().encode()):
        raise Http404("there is nothing here")
    try:
        posted = list(fields(request, config.track.replies.max_bytes, _READ))
        incoming = _incoming(posted)
    except NotMultipart as error:
        log.warning("SendGrid posted what is not a mail: %s", error)
        _unreadable(request, str(error))
    else:
        take(_as_it_came(posted), incoming, config, timezone.now())
    return HttpResponse("taken", "text/plain")


def _incoming(posted: list[Field]) -> Incoming:
    given = {field.name: field for field in posted if not field.filename}
    charsets = _json(given, "charsets")
    envelope = _json(given, "envelope")
    to = tuple(str(one) for one in envelope.get("to", []) if one) if isinstance(envelope.get("to"), list) else ()
    sender = envelope.get("from")
    origin = str(sender) if isinstance(sender, str) else None
    if raw := given.get("email"):
        return Incoming.of_bytes(raw.data, to, origin, raw.cut)
    if "headers" not in given:
        raise NotMultipart("it has neither the field `headers` nor the field `email`")
    names = [field.filename for field in posted if field.filename]
    text, html = (_words(given.get(name), charsets.get(name)) for name in ("text", "html"))
    headers = headers_of(given["headers"].data)
    cut = any(field.cut for field in given.values())
    return Incoming(headers, text, html, to, origin, tuple(name[:100] for name in names), cut)


def _as_it_came(posted: list[Field]) -> bytes:
    """The mail, or as much of it as was posted: of reports, only their words."""
    given = {field.name: field.data for field in posted if not field.filename}
    return given.get("email") or b"\r\n".join(given.get(name, b"") for name in ("headers", "text"))


def _words(field: Field | None, charset: object) -> str:
    """A field's text; Inbound Parse says in which charset it left each."""
    return decoded(field.data, charset if isinstance(charset, str) else None) if field else ""


def _json(given: dict[str, Field], name: str) -> dict[str, Any]:
    try:
        found = json.loads(given[name].data) if name in given else {}
    except ValueError:
        return {}  # a mail is worth reading without it
    return found if isinstance(found, dict) else {}


def _unreadable(request: HttpRequest, reason: str) -> None:
    """Record a post that is no mail; the same twice is one row."""
    about = f"{request.headers.get('Content-Type', '')} {request.headers.get('Content-Length', '')} {reason}"
    nothing = Incoming(headers_of(b""))
    reject(nothing, digest(f"post {about}"), Rejected.Why.UNREADABLE, f"SendGrid's post: {reason}", timezone.now())
