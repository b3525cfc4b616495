"""Signing in (RFC 4954): PLAIN, LOGIN, CRAM-MD5 and XOAUTH2, one of them, once."""

from __future__ import annotations

import base64
import hmac
import smtplib

from newsletter.config import Smtp
from newsletter.send.transports.smtp.oauth import access_token

_REFUSED = 535
_MORE = 334
_DONE = (235, 503)  # 503: signed in already, as where the server knows us by our address
_UNKNOWN = (500, 501, 502, 504, 534)  # this way of signing in is not taken: another one may be
# Encrypted, the password itself may go over the wire, which every server can check; in the open, better a digest of it.
_SAFE = ("PLAIN", "LOGIN", "CRAM-MD5")
_OPEN = ("CRAM-MD5", "PLAIN", "LOGIN")


def sign_in(server: smtplib.SMTP, settings: Smtp) -> None:
    """Sign in as configured; raises smtplib's own errors, UnicodeError for what is not ASCII, or TransportDown."""
    server.ehlo_or_helo_if_needed()
    if settings.by_token:
        _by_token(server, settings)
        return
    offered = server.esmtp_features.get("auth", "").upper().split()
    wanted = _ways(settings)
    ways = [way for way in wanted if way in offered]
    if not ways:
        asked = f"AUTH {settings.auth.upper()}" if len(wanted) == 1 else "AUTH with a password"
        raise smtplib.SMTPNotSupportedError(f"it does not offer {asked}")
    for way in ways:
        code, answer = _METHODS[way](server, settings.username, settings.password.get_secret_value())
        if code in _DONE:
            return
        if code not in _UNKNOWN:
            break
    raise smtplib.SMTPAuthenticationError(code, answer)


def _ways(settings: Smtp) -> tuple[str, ...]:
    if settings.auth == "auto":
        return _OPEN if settings.security == "none" else _SAFE
    return (settings.auth.upper(),)


def _plain(server: smtplib.SMTP, name: str, password: str) -> tuple[int, bytes]:
    return server.docmd("AUTH", "PLAIN " + _coded(f"\0{name}\0{password}"))


def _login(server: smtplib.SMTP, name: str, password: str) -> tuple[int, bytes]:
    code, answer = server.docmd("AUTH", "LOGIN")
    for word in (name, password):
        if code == _MORE:
            code, answer = server.docmd(_coded(word))
    return code, answer


def _cram_md5(server: smtplib.SMTP, name: str, password: str) -> tuple[int, bytes]:
    code, answer = server.docmd("AUTH", "CRAM-MD5")
    if code != _MORE:
        return code, answer
    try:
        challenge = base64.b64decode(answer, validate=True)
    except ValueError:
        return server.docmd("*")  # RFC 4954, 4: breaks the exchange off
    digest = hmac.new(password.encode("ascii"), challenge, "md5").hexdigest()
    return server.docmd(_coded(f"{name} {digest}"))


def _by_token(server: smtplib.SMTP, settings: Smtp) -> None:
    """A token that was fetched a while ago may have been taken back: then a new one is tried, once."""
    token = access_token(settings.oauth)
    code, answer = _xoauth2(server, settings.username, token)
    if code == _REFUSED:
        code, answer = _xoauth2(server, settings.username, access_token(settings.oauth, instead_of=token))
    if code not in _DONE:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _xoauth2(server: smtplib.SMTP, name: str, token: str) -> tuple[int, bytes]:
    code, answer = server.docmd("AUTH", "XOAUTH2 " + _coded(f"user={name}\1auth=Bearer {token}\1\1"))
    if code == _MORE:
        # The refusal, in JSON; an empty answer to it brings the code.
        code, answer = server.docmd("")
    return code, answer


def _coded(text: str) -> str:
    return base64.b64encode(text.encode("ascii")).decode("ascii")


_METHODS = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5}
