"""SendGrid's v3 API through its official SDK: up to 1,000 readers a call, each with a few substitutions.

A call carries one text, in which SendGrid fills the holes; so readers of whom an edition's conditions are not equally
true go in calls of their own. A call is not idempotent: if its answer is lost, nobody knows, until the events tell.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from newsletter.config import Config, SendGrid
from newsletter.config.ways import place_of
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports.base import Journal, Outcome, State, TransportDown
from newsletter.send.transports.sendgrid.refusals import down, refused
from newsletter.send.transports.sendgrid.request import Letter, Person, TooLong
from subscribers.addresses import InvalidAddress

_GATEWAY = (502, 504)  # the answer of a gateway that did not hear what came of the request
_ACCEPTED = 202  # the only answer that says that a call was taken
_ROUNDS = 5  # posts of one call, each without the recipients that the last one was refused for


class SendGridTransport:
    """Hands whole batches to SendGrid, the message ids as custom_args."""

    def __init__(self, name: str, settings: SendGrid) -> None:
        self.name, self.at_once = name, settings.per_call
        self._tracking, self._place = settings.tracking, ".".join(map(str, place_of(name)))
        self._client = SendGridAPIClient(settings.api_key.get_secret_value().strip(), host=settings.host).client
        # The SDK waits for ever unless told otherwise, and makes a connection for each call.
        self._client.timeout = settings.timeout.total_seconds()
        # The SDK turns every body into JSON whose type is this very word. Ours is JSON already, and a space before
        # is no part of a header's value (RFC 9110, 5.5).
        self._client.request_headers["Content-Type"] = " application/json"

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: Journal) -> None:
        """Call after call, each for readers of one text. Of a call all are accepted, or none, or nobody knows."""
        for sample, group in _groups(mailing, readers):
            letter = Letter(mailing, sample, self._tracking)
            for call in letter.calls(_people(letter, group, journal), self.at_once):
                if not self._call(letter, call, journal):
                    return

    def permissions(self) -> list[str]:
        """What the key may do; raise TransportDown if it is refused or nobody answers."""
        try:
            found = json.loads(self._client.scopes.get().body)["scopes"]
        except HTTPError as error:
            raise down(error, self._place) from error
        except (OSError, http.client.HTTPException) as error:
            raise TransportDown(f"SendGrid cannot be reached: {error}") from error
        except KeyError as error:
            raise TransportDown("SendGrid's answer names no permissions") from error
        except ValueError:
            raise self._unsendable() from None
        return [str(scope) for scope in found]

    def close(self) -> None:
        """The SDK keeps no connection."""

    def _call(self, letter: Letter, people: Sequence[Person], journal: Journal) -> bool:
        """Post until nobody is refused any more; say whether the journal let us."""
        if not journal.begin(*(person.ref for person in people)):
            return False
        for _ in range(_ROUNDS):
            try:
                state, reason = self._post(letter.request(people))
            except HTTPError as error:
                outcomes = refused(error, [person.ref for person in people])
                if not outcomes:
                    raise self._unsent(people, journal, down(error, self._place)) from error
            except TransportDown as fault:
                raise self._unsent(people, journal, fault) from fault
            else:
                journal.answer_all([person.ref for person in people], state, reason)
                return True
            for outcome in outcomes:
                journal.answer(outcome)
            answered = {outcome.ref for outcome in outcomes}
            people = [person for person in people if person.ref not in answered]
            if not people:
                return True
        words = f"SendGrid refused recipients {_ROUNDS} times over: {outcomes[-1].reason}"
        raise self._unsent(people, journal, TransportDown(words, permanent=True))

    def _unsent(self, people: Sequence[Person], journal: Journal, fault: TransportDown) -> TransportDown:
        """Nothing of this call was taken, for a reason that is none of its people's."""
        journal.unsent(*(person.ref for person in people))
        return fault

    def _post(self, request: str) -> tuple[State, str]:
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
            raise self._unsendable() from None
        if response.status_code != _ACCEPTED:
            # Somebody else's answer, such as of the page that a gateway has led us to.
            return State.UNCERTAIN, f"SendGrid answered {response.status_code}: it may or may not have been sent"
        number = str(response.headers.get("X-Message-Id") or "")
        return State.SUBMITTED, f"accepted ({response.status_code}) {number}".strip()

    def _unsendable(self) -> TransportDown:
        """A header that cannot be written; the error's own words, which quote the key, go no further."""
        reason = f"the API key has characters that no header may hold: check {self._place}.api_key"
        return TransportDown(reason, permanent=True)


def _groups(mailing: Mailing, readers: Iterable[Reader]) -> Iterator[tuple[Reader, Iterable[Reader]]]:
    """The readers of each text, with one of them; where there is one text for all, each is asked for when it is due."""
    if mailing.differs:
        groups: dict[object, list[Reader]] = {}
        for reader in readers:
            groups.setdefault(mailing.path(reader), []).append(reader)
        yield from ((group[0], group) for group in groups.values())
    else:
        rest = iter(readers)
        for first in rest:
            yield first, chain([first], rest)


def _people(letter: Letter, readers: Iterable[Reader], journal: Journal) -> Iterable[Person]:
    """Those who can be in a call; the journal hears of the others."""
    for reader in readers:
        try:
            yield letter.person(reader)
        except (InvalidAddress, TooLong) as error:
            journal.answer(Outcome(reader.ref, State.FAILED, str(error), ours=True))


def open_transport(name: str, config: Config) -> SendGridTransport:
    """SendGrid with the key of this configuration."""
    settings = config.transports[name]
    assert isinstance(settings, SendGrid), "the kind of a transport decides who opens it"  # noqa: S101
    return SendGridTransport(name, settings)


def check(name: str, config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would. Only asks, sends nothing."""
    client = open_transport(name, config)
    try:
        client.permissions()
    except TransportDown as fault:
        return fault.reason
    return ""
