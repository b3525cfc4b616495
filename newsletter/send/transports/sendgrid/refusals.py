"""What a refusal of SendGrid's comes to: for some of a call's readers, or for all that is still to be sent.

429 tells when to come back; 5xx may be tried again; 400, 401, 403 and 413 may not, but a 400 that names recipients may
be without them. https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from datetime import timedelta

from python_http_client.exceptions import HTTPError

from newsletter.send.transports.base import Outcome, State, TransportDown

_HINTS = {
    400: "the request is at fault: see the error; nothing was sent",
    401: "the API key is refused: check {place}.api_key",
    403: "the key may not send mail, or the sender is not verified",
    413: "the request is too large: lower {place}.per_call",
}
_PERSON = re.compile(r"personalizations\.(\d+)\.to\b")


def refused(error: HTTPError, refs: Sequence[str]) -> list[Outcome]:
    """The recipients that a 400 names (`personalizations.3.to.0.email`): they fail, so that the rest may go."""
    named = {
        int(found[1]): message
        for field, message in _complaints(error)
        if error.status_code == 400 and (found := _PERSON.match(field))
    }
    return [Outcome(refs[at], State.FAILED, f"SendGrid: {named[at]}") for at in sorted(named) if at < len(refs)]


def down(error: HTTPError, place: str) -> TransportDown:
    """The refusal of a whole call; `place` is where config.yaml has the transport."""
    status = int(error.status_code)
    words = "; ".join(message for _, message in _complaints(error)) or error.reason
    reason = f"SendGrid answered {status}: {words}"
    if status == 429:
        return TransportDown(f"{reason}; sending rests until its limit is reset", wait=_until_reset(error))
    if status >= 500:
        return TransportDown(reason, wait=timedelta(minutes=1))
    hint = _HINTS.get(status, "this will not mend itself").format(place=place)
    return TransportDown(f"{reason} ({hint})", permanent=True)


def _complaints(error: HTTPError) -> list[tuple[str, str]]:
    """The field and the message of each error that SendGrid names; none if a proxy's page came instead."""
    try:
        found = json.loads(error.body)["errors"]
        return [(str(item.get("field")), str(item["message"])) for item in found]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def _until_reset(error: HTTPError) -> timedelta:
    """How long X-RateLimit-Reset (a Unix time) asks us to wait; a minute where it does not say."""
    headers = {str(name).lower(): value for name, value in dict(error.headers or {}).items()}
    try:
        seconds = float(headers["x-ratelimit-reset"]) - time.time()
    except (KeyError, ValueError):
        return timedelta(minutes=1)
    return timedelta(seconds=min(max(seconds, 1), 3600))
