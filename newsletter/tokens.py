"""Signed tokens: short, fit for an address, and worth nothing for any purpose but their own.

A token is the message's number (8 bytes) and the first 12 bytes of an HMAC-SHA-256 over it: 27 characters of base64url.
96 bits cannot be guessed over a network, and one HMAC a reader is all that splicing costs.

A token that ends holds a number (6 bytes), the second it ends at (4 bytes) and 10 bytes of the HMAC: 32 characters of
base32, because it also stands before the @ of an address, where mail servers may change the case.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

_MAC = 12
_SHORT_MAC = 10
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
MESSAGE = "message"
TEST = "test"
SUBSCRIBER = "subscriber"
"""In mails that belong to no issue: the way to the reader's own preferences."""
REPLY = "reply"
"""In the address that answers to a message go to."""
BOUNCE = "bounce"
"""In the address that a message's bounces go to, its envelope sender."""
THREAD = "thread"
"""In the address that answers to an answer of ours go to."""
STAY = "stay"
"""In the mail that asks whether somebody still reads: says that they do, and nothing else."""
SIGN_IN = "sign in"
SIGNED_IN = "signed in"
DATA = "data"
"""In the mail to whoever asked for a copy of what is kept of them."""
CALENDAR = "calendar"
"""In the address under which a member of staff follows the desk's calendar."""
ERASE = "erase"
"""In the mail to whoever asked to be erased."""


class BadToken(ValueError):
    """Forged, cut short, or made for something else."""


def sign(number: int, key: str, purpose: str = MESSAGE) -> str:
    """Return the token of a row's number for one purpose."""
    data = number.to_bytes(8, "big")
    raw = binascii.b2a_base64(data + _mac(data, key, purpose), newline=False)
    return raw.translate(_URL_SAFE, b"=").decode("ascii")


def read(token: str, keys: Sequence[str], purpose: str = MESSAGE) -> int:
    """Return the number in a token signed with one of the keys; raise BadToken for anything else."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise BadToken("this is not a token") from None
    data, mac = raw[:8], raw[8:]
    # Base64 decoding forgives characters outside its alphabet; a token has one spelling only.
    if len(mac) != _MAC or base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
        raise BadToken("this is not a token")
    if not any(hmac.compare_digest(mac, _mac(data, key, purpose)) for key in keys):
        raise BadToken("this token was not signed here")
    return int.from_bytes(data, "big")


class Expired(BadToken):
    """Signed here, and no longer good."""


def sign_until(number: int, until: datetime, key: str, purpose: str) -> str:
    """Return a token of a row's number that ends at a moment; 32 lower-case letters and digits."""
    data = number.to_bytes(6, "big") + int(until.timestamp()).to_bytes(4, "big")
    return base64.b32encode(data + _mac(data, key, purpose)[:_SHORT_MAC]).decode("ascii").lower()


def read_until(token: str, keys: Sequence[str], purpose: str, now: datetime) -> int:
    """Return the number in a token that ends, in whatever case; raise Expired after its end, BadToken for all else."""
    try:
        raw = base64.b32decode(token.encode("ascii"), casefold=True)
    except (UnicodeEncodeError, binascii.Error):
        raise BadToken("this is not a token") from None
    data, mac = raw[:10], raw[10:]
    if len(mac) != _SHORT_MAC:
        raise BadToken("this is not a token")
    if not any(hmac.compare_digest(mac, _mac(data, key, purpose)[:_SHORT_MAC]) for key in keys):
        raise BadToken("this token was not signed here")
    until = datetime.fromtimestamp(int.from_bytes(data[6:], "big"), UTC)
    if now > until:
        raise Expired(f"this token ended on {until:%Y-%m-%d}")
    return int.from_bytes(data[:6], "big")


def secret(label: str, key: str) -> str:
    """A name that nobody without the key can guess: 20 hexadecimal digits, the same each time."""
    return _signed(label.encode(), key, "label").hex()[:20]


def _mac(data: bytes, key: str, purpose: str) -> bytes:
    return _signed(data, key, purpose)[:_MAC]


def _signed(data: bytes, key: str, purpose: str) -> bytes:
    mac = _begun(key, purpose).copy()
    mac.update(data)
    return mac.digest()


@lru_cache(maxsize=64)
def _begun(key: str, purpose: str) -> hmac.HMAC:
    """A code begun with a key for one purpose alone, so that a token for one door opens no other; only to be copied."""
    derived = hmac.digest(key.encode(), f"newsletter {purpose}".encode(), "sha256")
    return hmac.new(derived, digestmod="sha256")
