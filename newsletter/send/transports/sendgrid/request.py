"""What one call to SendGrid says: one text for up to 1,000 readers, and of each no more than differs.

A call may weigh 30 MB, a reader's substitutions 10 kB; they reach subject, text, page and reply-to, but no headers.
https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
_WIDEST = 12  # bytes that a character comes to in JSON at most: two escapes
_FRAME = 200  # bytes of JSON around the words


class TooLong(ValueError):
    """What this edition says to one reader is more than SendGrid takes."""


@dataclass(frozen=True)
class Person:
    """One reader in a call, and how many bytes that is at most."""

    ref: str
    said: Json
    weight: int


class Letter:
    """The text that readers of one path get, worked out once for all calls that carry it."""

    def __init__(self, mailing: Mailing, sample: Reader, tracking: Tracking) -> None:
        self._mailing = mailing
        self._site = mailing.config.site.url
        self._tags = {name: holes.hole(mailing.marker, name) for name in _names(mailing, sample)}
        token = holes.hole(mailing.marker, "token")
        headers = mailing.list_headers(token)
        self._own_headers = {name: value.split(token) for name, value in headers.items() if token in value}
        shared = {name: value for name, value in headers.items() if token not in value}
        self._shared = _shared(mailing, sample, {**mailing.bulk_headers(), **shared}, tracking)
        self._room = CALL - len(json.dumps(self._shared))

    def person(self, reader: Reader) -> Person:
        """One reader's part; raises InvalidAddress or TooLong."""
        found, weight = self._substitutions(reader)
        headers = {name: reader.token.join(pieces) for name, pieces in self._own_headers.items()}
        to = {"email": on_the_wire(reader.email)}
        if name := one_line(reader.values["name"]):
            to["name"] = _quoted(name)
        said = {
            "to": [to],
            "substitutions": found,
            "headers": headers,
            # Their events bring these back. The site says whose messages they number, if several share an account.
            "custom_args": {"message": reader.ref, "site": self._site},
        }
        words = len(to["email"]) + len(name) + len(self._site) + sum(map(len, headers.values()))
        return Person(reader.ref, said, weight + _WIDEST * words + _FRAME)

    def calls(self, people: Iterable[Person], most: int) -> Iterator[list[Person]]:
        """The people in calls of so many at most, none of which is too heavy."""
        call: list[Person] = []
        weight = 0
        for person in people:
            if call and (len(call) == most or weight + person.weight > self._room):
                yield call
                call, weight = [], 0
            call.append(person)
            weight += person.weight
        if call:
            yield call

    def request(self, people: Iterable[Person]) -> Json:
        """The body of a call."""
        return {"personalizations": [person.said for person in people], **self._shared}

    def _substitutions(self, reader: Reader) -> tuple[dict[str, str], int]:
        """What the holes are filled with, and how many bytes that is at most."""
        found = self._filled(self._mailing.values(reader))
        weight = _WIDEST * sum(map(len, found.values())) + sum(map(len, found)) + 6 * len(found)
        return (found, weight) if weight <= SUBSTITUTIONS else (self._cut(reader, found), SUBSTITUTIONS)

    def _cut(self, reader: Reader, found: dict[str, str]) -> dict[str, str]:
        """The same where it is too much: what is known of the reader cut shorter, our own words not."""
        lengths = iter(_LENGTHS)
        # Weighed as it travels: in JSON, whose escapes for other scripts are longer than UTF-8.
        while len(json.dumps(found)) > SUBSTITUTIONS:
            longest = next(lengths, None)
            if longest is None:
                raise TooLong(
                    f"what is said to this reader is more than {SUBSTITUTIONS:,} bytes, which SendGrid refuses"
                )
            found = self._filled(self._mailing.shortened(reader, longest))
        return found

    def _filled(self, values: Mapping[str, str]) -> dict[str, str]:
        return {tag: values[name] for name, tag in self._tags.items()}


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


def _quoted(name: str) -> str:
    """A name as SendGrid needs it: it takes what follows a comma or a semicolon for another recipient.

    https://github.com/sendgrid/sendgrid-python/issues/291
    """
    if "," not in name and ";" not in name:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
