"""Email addresses: checked by a library, kept as typed, compared by a key."""

from __future__ import annotations

import idna
from email_validator import EmailNotValidError, validate_email


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


def on_the_wire(email: str) -> str:
    """The address as a mail server without SMTPUTF8 takes it: a Unicode domain in its ASCII form.

    Raises InvalidAddress for a non-ASCII part before the @, which has no such form.
    """
    local, _, domain = email.rpartition("@")
    if not local.isascii():
        raise InvalidAddress(f"the mail server cannot take “{local}” before the @: it is not ASCII")
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode('ascii')}"
