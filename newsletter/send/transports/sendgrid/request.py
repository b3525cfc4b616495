"""What one call to SendGrid says: one text for up to 1,000 readers, and of each no more than differs.

A call may weigh 30 MB, a reader's substitutions 10 kB; they reach subject, text, page and reply-to, but no headers.
https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from newsletter import holes
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.mime import one_line
from subscribers.addresses import on_the_wire

Tracking = Literal["ours", "theirs"]
Json = dict[str, Any]

SUBSTITUTIONS = 10_000
"""Bytes of one reader's substitutions, their names among them."""
CALL = 30_000_000
"""Bytes of one call."""
_LENGTHS = (200, 100, 50, 20)  # characters that a reader's values are cut to where they would be more
_COMMA = 2  # bytes between two readers

_text = json.encoder.encode_basestring_ascii  # a text as JSON has it; ASCII alone, so that characters are bytes


class TooLong(ValueError):
    """What this edition says to one reader is more than SendGrid takes."""


class Person(NamedTuple):
    """One reader in a call, and what is said of them there, as it travels."""

    ref: str
    said: str


class Letter:
    """The text that readers of one path get, worked out once for all calls that carry it.

    So is the JSON around what differs between them: half of what a reader costs would else be to say it anew.
    """

    def __init__(self, mailing: Mailing, sample: Reader, tracking: Tracking) -> None:
        self._mailing = mailing
        self._tags = [(name, _text(holes.hole(mailing.marker, name)) + ": ") for name in _names(mailing, sample)]
        token = holes.hole(mailing.marker, "token")
        headers = mailing.list_headers(token)
        self._own_headers = json.dumps({name: value for name, value in headers.items() if token in value}).split(token)
        shared = {name: value for name, value in headers.items() if token not in value}
        # Their events bring these back. The site says whose messages they number, if several share an account.
        self._end = f', "site": {_text(mailing.config.site.url)}}}}}'
        self._shared = json.dumps(_shared(mailing, sample, {**mailing.bulk_headers(), **shared}, tracking))
        self._room = CALL - len(self._shared)

    def person(self, reader: Reader) -> Person:
        """One reader's part; raises InvalidAddress or TooLong."""
        to = f'{{"email": {_text(on_the_wire(reader.email))}'
        if name := one_line(reader.values["name"]):
            to += f', "name": {_text(_unmistakable(name))}'
        headers = _text(reader.token)[1:-1].join(self._own_headers)
        said = (
            f'{{"to": [{to}}}], "substitutions": {self._substitutions(reader)}, "headers": {headers}'
            f', "custom_args": {{"message": {_text(reader.ref)}{self._end}'
        )
        return Person(reader.ref, said)

    def calls(self, people: Iterable[Person], most: int) -> Iterator[list[Person]]:
        """The people in calls of so many at most, none of which is too heavy."""
        call: list[Person] = []
        weight = 0
        for person in people:
            more = len(person.said) + _COMMA
            if call and weight + more > self._room:
                yield call
                call, weight = [], 0
            call.append(person)
            weight += more
            if len(call) == most:
                # At once, before anybody else is asked for: who comes next may have left by then.
                yield call
                call, weight = [], 0
        if call:
            yield call

    def request(self, people: Iterable[Person]) -> str:
        """The body of a call."""
        return f'{{"personalizations": [{", ".join([person.said for person in people])}], {self._shared[1:]}'

    def _substitutions(self, reader: Reader) -> str:
        """What the holes are filled with."""
        found = self._filled(self._mailing.values(reader))
        return found if len(found) <= SUBSTITUTIONS else self._cut(reader)

    def _cut(self, reader: Reader) -> str:
        """The same where it is too much: what is known of the reader cut shorter, our own words not."""
        for longest in _LENGTHS:
            found = self._filled(self._mailing.shortened(reader, longest))
            if len(found) <= SUBSTITUTIONS:
                return found
        raise TooLong(f"what is said to this reader is more than {SUBSTITUTIONS:,} bytes, which SendGrid refuses")

    def _filled(self, values: Mapping[str, str]) -> str:
        return f"{{{', '.join([tag + _text(values[name]) for name, tag in self._tags])}}}"


def _names(mailing: Mailing, sample: Reader) -> list[str]:
    """The holes that have to be filled: those of the text, and the one in the reply-to if there is one."""
    asks = holes.hole(mailing.marker, "reply") in _reply_to(mailing)
    return list(dict.fromkeys([*mailing.names(sample), *(["reply"] if asks else [])]))


def _shared(mailing: Mailing, sample: Reader, headers: dict[str, str], tracking: Tracking) -> Json:
    """Whatever is the same for everybody in the call."""
    sender = mailing.newsletter.sender
    return {
        "from": {"email": on_the_wire(sender.address), **({"name": sender.name} if sender.name else {})},
        # Substitutions reach the reply-to too, so one request serves everybody, each with an address of their own.
        **({"reply_to": {"email": on_the_wire(reply_to)}} if (reply_to := _reply_to(mailing)) else {}),
        "subject": mailing.skeleton("subject", sample),
        "content": [
            {"type": "text/plain", "value": mailing.skeleton("text", sample)},
            {"type": "text/html", "value": mailing.skeleton("html", sample)},
        ],
        "headers": headers,
        "categories": [mailing.newsletter_id, f"{mailing.newsletter_id}-{mailing.slug}"],
        "tracking_settings": _tracking(tracking),
    }


def _tracking(tracking: Tracking) -> Json:
    """Ours is in the mail already; theirs beside it would rewrite our links and count everything twice."""
    theirs = tracking == "theirs"
    return {
        "click_tracking": {"enable": theirs, "enable_text": theirs},
        "open_tracking": {"enable": theirs},
        "subscription_tracking": {"enable": False},
    }


def _reply_to(mailing: Mailing) -> str:
    return mailing.reply_to(holes.hole(mailing.marker, "reply"))


def _unmistakable(name: str) -> str:
    """A name as SendGrid needs it: it takes what follows a comma or a semicolon for another recipient.

    https://github.com/sendgrid/sendgrid-python/issues/291
    """
    if "," not in name and ";" not in name:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
