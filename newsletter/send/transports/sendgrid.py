"""SendGrid's v3 API through its official SDK: up to 1,000 readers a call, each with a few substitutions.

A call carries one text, in which SendGrid fills the holes; so readers of whom an edition's conditions are not equally
true go in calls of their own.

Facts: the call is not idempotent, so a lost answer is an unknown outcome; 429 tells when to come back; 5xx may be tried
again; 400, 401, 403 and 413 may not, but a 400 that names recipients may be without them.
https://www.twilio.com/docs/sendgrid/api-reference/mail-send
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
import urllib.error
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter import holes
from newsletter.config import Config
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.mime import one_line
from newsletter.send.transports.base import Journal, Outcome, State, TransportDown
from subscribers.addresses import InvalidAddress, on_the_wire

_HINTS = {
    400: "the request is at fault: see the error; nothing was sent",
    401: "the API key is refused: check send.sendgrid.api_key",
    403: "the key may not send mail, or the sender is not verified",
    413: "the request is too large: lower send.sendgrid.per_call",
}
_GATEWAY = (502, 504)  # the answer of a gateway that did not hear what came of the request
SUBSTITUTIONS = 10_000
"""Bytes of one reader's substitutions, their names among them."""
_LENGTHS = (200, 100, 50, 20)  # characters that a reader's values are cut to where they would be more
_ROUNDS = 5  # calls for one batch, each without the recipients that the last one was refused for


class SendGridTransport:
    """Hands whole batches to SendGrid, the message ids as custom_args."""

    def __init__(self, name: str, config: Config) -> None:
        settings = config.send.sendgrid
        self.name, self.at_once = name, settings.per_call
        self._client = SendGridAPIClient(settings.api_key.get_secret_value().strip(), host=settings.host).client
        # The SDK waits for ever unless told otherwise.
        self._client.timeout = settings.timeout.total_seconds()

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: Journal) -> None:
        """One call for all readers of one text. Either all are accepted, or none, or nobody knows."""
        groups: dict[object, list[Reader]] = {}
        for reader in readers:
            groups.setdefault(mailing.path(reader), []).append(reader)
        for group in groups.values():
            for start in range(0, len(group), self.at_once):
                if not self._call(mailing, group[start : start + self.at_once], journal):
                    return

    def _call(self, mailing: Mailing, readers: Sequence[Reader], journal: Journal) -> bool:
        people, refused = _addressed(mailing, readers)
        for outcome in refused:
            journal.answer(outcome)
        if people and not journal.begin(*people):
            return False
        try:
            self._deliver(mailing, readers[0], people, journal)
        except TransportDown:
            journal.unsent(*people)
            raise
        return True

    def _deliver(self, mailing: Mailing, sample: Reader, people: dict[str, dict[str, Any]], journal: Journal) -> None:
        """Post until nobody is refused any more; `people` are those in the end who got the last answer, or none."""
        for _ in range(_ROUNDS):
            if not people:
                return
            try:
                state, reason = self._post(_request(mailing, sample, list(people.values())))
            except HTTPError as error:
                refused = _refused(error, list(people))
                if not refused:
                    raise _down(error) from error
                for outcome in refused:
                    journal.answer(outcome)
                    del people[outcome.ref]
            else:
                for ref in people:
                    journal.answer(Outcome(ref, state, reason))
                return
        raise TransportDown(f"SendGrid refused recipients {_ROUNDS} times over: {refused[-1].reason}", permanent=True)

    def permissions(self) -> list[str]:
        """What the key may do; raise TransportDown if it is refused or nobody answers."""
        try:
            found = json.loads(self._client.scopes.get().body)["scopes"]
        except HTTPError as error:
            raise _down(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise TransportDown(f"SendGrid cannot be reached: {error}") from error
        except KeyError as error:
            raise TransportDown("SendGrid's answer names no permissions") from error
        except ValueError:
            raise _unsendable() from None
        return [str(scope) for scope in found]

    def close(self) -> None:
        """The SDK keeps no connection."""

    def _post(self, request: dict[str, Any]) -> tuple[State, str]:
        try:
            response = self._client.mail.send.post(request_body=request)
        except HTTPError as error:
            if error.status_code not in _GATEWAY:
                raise
            return State.UNCERTAIN, f"SendGrid answered {error.status_code}: it may or may not have been sent"
        except urllib.error.URLError as error:
            # urllib raises this only while it connects and writes: a request cut short is never carried out.
            trust = isinstance(error.reason, ssl.SSLCertVerificationError)
            raise TransportDown(f"SendGrid cannot be reached: {error.reason}", permanent=trust) from error
        except (http.client.HTTPException, OSError) as error:
            return State.UNCERTAIN, f"SendGrid's answer was lost: {str(error) or type(error).__name__}"
        except ValueError:
            raise _unsendable() from None
        return State.SUBMITTED, f"accepted ({response.status_code}) {_message_id(response.headers)}".strip()


def _unsendable() -> TransportDown:
    """A header that cannot be written; the error's own words, which quote the key, go no further."""
    return TransportDown(
        "the API key has characters that no header may hold: check send.sendgrid.api_key", permanent=True
    )


def _addressed(mailing: Mailing, readers: Sequence[Reader]) -> tuple[dict[str, dict[str, Any]], list[Outcome]]:
    """A personalization for each reader by its ref, and the readers who can have none."""
    people, refused = {}, []
    for reader in readers:
        try:
            people[reader.ref] = _personalization(mailing, reader)
        except (InvalidAddress, TooLong) as error:
            refused.append(Outcome(reader.ref, State.FAILED, str(error)))
    return people, refused


class TooLong(ValueError):
    """What this edition says to one reader is more than SendGrid takes."""


def _refused(error: HTTPError, refs: Sequence[str]) -> list[Outcome]:
    """The recipients that a 400 names (`personalizations.3.to.0.email`): they fail, so that the rest may go."""
    named = {
        int(found[1]): message
        for field, message in _complaints(error)
        if error.status_code == 400 and (found := re.match(r"personalizations\.(\d+)\.to\b", field))
    }
    return [Outcome(refs[at], State.FAILED, f"SendGrid: {named[at]}") for at in sorted(named) if at < len(refs)]


def _down(error: HTTPError) -> TransportDown:
    status = int(error.status_code)
    words = "; ".join(message for _, message in _complaints(error)) or error.reason
    reason = f"SendGrid answered {status}: {words}"
    if status == 429:
        return TransportDown(f"{reason}; sending rests until its limit is reset", wait=_until_reset(error))
    if status >= 500:
        return TransportDown(reason, wait=timedelta(minutes=1))
    return TransportDown(f"{reason} ({_HINTS.get(status, 'this will not mend itself')})", permanent=True)


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


def _message_id(headers: Any) -> str:
    return str(headers.get("X-Message-Id") or "")


def _personalization(mailing: Mailing, reader: Reader) -> dict[str, Any]:
    name = one_line(reader.values["name"])
    to = {"email": on_the_wire(reader.email), **({"name": name} if name else {})}
    return {
        "to": [to],
        "substitutions": _substitutions(mailing, reader),
        "headers": mailing.list_headers(reader.token),
        "custom_args": {"message": reader.ref},
    }


def _substitutions(mailing: Mailing, reader: Reader) -> dict[str, str]:
    """What the holes are filled with. Where that is too much, what is known of the reader is cut; our own words not."""
    for values in (mailing.answers(reader), *(mailing.shortened(reader, longest) for longest in _LENGTHS)):
        names = dict.fromkeys([*reader.values, *mailing.names(reader)])
        found = {holes.hole(mailing.marker, name): values[name] for name in names}
        # As it travels: in JSON, whose escapes for other scripts are longer than UTF-8.
        if len(json.dumps(found)) <= SUBSTITUTIONS:
            return found
    raise TooLong(f"what is said to this reader comes to more than {SUBSTITUTIONS:,} bytes, which SendGrid refuses")


def _request(mailing: Mailing, reader: Reader, people: list[dict[str, Any]]) -> dict[str, Any]:
    sender = mailing.newsletter.sender
    off = {"enable": False}
    return {
        "personalizations": people,
        "from": {"email": on_the_wire(sender.address), **({"name": sender.name} if sender.name else {})},
        # Substitutions reach the reply-to too, so one request serves everybody, each with an address of their own.
        **({"reply_to": {"email": on_the_wire(reply_to)}} if (reply_to := _reply_to(mailing)) else {}),
        "subject": mailing.skeleton("subject", reader),
        "content": [
            {"type": "text/plain", "value": mailing.skeleton("text", reader)},
            {"type": "text/html", "value": mailing.skeleton("html", reader)},
        ],
        "headers": mailing.bulk_headers(),
        "categories": [mailing.newsletter_id, f"{mailing.newsletter_id}-{mailing.slug}"],
        # Ours are in the mail already; theirs would count twice and rewrite our links.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": off,
            "subscription_tracking": off,
        },
    }


def _reply_to(mailing: Mailing) -> str:
    return mailing.reply_to(holes.hole(mailing.marker, "reply"))


def open_transport(name: str, config: Config) -> SendGridTransport:
    """SendGrid with the key of this configuration."""
    return SendGridTransport(name, config)


def check(name: str, config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would. Only asks, sends nothing."""
    client = open_transport(name, config)
    try:
        client.permissions()
    except TransportDown as down:
        return down.reason
    return ""
