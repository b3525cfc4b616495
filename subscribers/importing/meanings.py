"""What a column of a file can be, and the words by which other programs tell who wants mail."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from subscribers import fields
from subscribers.models import Suppression

MEANINGS = {
    "email": "email address",
    "name": "name",
    "first_name": "first name",
    "last_name": "last name",
    "language": "language",
    "time_zone": "time zone",
    "joined_at": "day of joining",
    "status": "whether they want mail, in a word",
    "opted_out": "yes if they do not want mail",
    "unsubscribed_at": "when they unsubscribed; blank if they did not",
    "bounced_at": "when mail bounced; blank if it did not",
    "tags": "tags",
    "attributes": "several fields, as JSON",
    "field": "a field of its own",
    "skip": "not imported",
}
"""What a column of people can be, in words; a mapping's `as` is one of the keys."""

SUPPRESSION_MEANINGS = {
    "email": "email address",
    "hash": "SHA-256 or MD5 of the address",
    "kind": "kind: bounced, complained or manual",
    "reason": "reason",
    "skip": "not imported",
}
"""What a column of a suppression list can be."""

FIELDS_OF_NAMES = ("first_name", "last_name")
"""Fields that mails ask for by these names."""


# The class's own syntax has no way to write a key that is a word of Python.
Entry = TypedDict("Entry", {"header": str, "as": str, "field": NotRequired[str], "kind": NotRequired[str]})
"""What one column is: an entry of `Import.mapping`. `field` and `kind` belong to `"as": "field"` alone."""

ACTIVE = "active"
UNSUBSCRIBED = "unsubscribed"
NEVER = "never"
_BOUNCED, _COMPLAINED, _MANUAL = Suppression.Kind.BOUNCED.value, Suppression.Kind.COMPLAINED.value, "manual"

WEIGHT = {ACTIVE: 0, NEVER: 1, UNSUBSCRIBED: 2, _MANUAL: 3, _BOUNCED: 4, _COMPLAINED: 5}
"""Where several columns say different things of somebody, the heaviest holds."""

_WORDS = {
    ACTIVE: "active subscribed confirmed enabled true yes y 1 on opted_in opt_in regular premium free paid comped "
    "gifted trialed unpaid churning churned past_due member",
    UNSUBSCRIBED: "unsubscribed inactive removed disabled false no n 0 off opted_out opt_out optout left cancelled "
    "unsubscribe dormant archived deleted",
    NEVER: "pending unconfirmed unactivated validating needs_attention nonsubscribed non_subscribed not_subscribed "
    "transactional invited asked",
    _BOUNCED: "bounced cleaned undeliverable invalid bounce hard_bounce hard_bounced undelivered",
    _COMPLAINED: "complained complaint spam abuse spam_complaint reported",
    _MANUAL: "suppressed blocklisted blocked blacklisted spammy banned manual",
}
_KNOWN = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
# Where a program means something else by a word: Buttondown's pause is one of paying.
_OF_PROGRAM = {"buttondown": {"paused": ACTIVE}}


def wish(word: str, program: str = "") -> str | None:
    """What a word says of whether somebody wants mail; None if that is not known."""
    plain = fields.slug(word)
    return _OF_PROGRAM.get(program, {}).get(plain) or _KNOWN.get(plain)
