"""Email addresses: checked by a library, kept as typed, compared by a key."""

from __future__ import annotations

import re

import idna
from email_validator import EmailNotValidError, validate_email

# Nothing that could end a header or an SMTP command early; the rest was checked when the address was stored.
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>]+@[^\s\x00-\x1f\x7f<>@]+")


class InvalidAddress(ValueError):
    """Not an address that mail can be sent to; the message says why."""


def normalize(address: str) -> tuple[str, str]:
    """Return the address as it is written to, and the key that it is compared by.

    The key is lower case with the domain in its ASCII (IDNA) form, so that two spellings of one mailbox meet.
    Reserved names such as `.test` are accepted: whether mail can be delivered is for the transport to find out.
    """
    try:
        found = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from None
    key = f"{found.local_part}@{found.ascii_domain}".lower()
    return found.normalized, key


def on_the_wire(email: str, *, utf8: bool = False) -> str:
    """The address as a mail server takes it: a Unicode domain in its ASCII form.

    With `utf8`, for a server that offers SMTPUTF8 (RFC 6531), what stands before the @ may be any Unicode. Raises
    InvalidAddress for what has no such form: a non-ASCII part before the @, or no address at all.
    """
    local, _, domain = email.rpartition("@")
    if not _ADDRESS.fullmatch(email):
        raise InvalidAddress(f"“{email}” is not an address")
    if not local.isascii() and not utf8:
        raise InvalidAddress(f"the mail server cannot take “{local}” before the @: it is not ASCII")
    try:
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise InvalidAddress(f"“{domain}” is not a domain: {error}") from None
