"""From nothing to a server that knows us: connecting, encrypting, signing in, and what it says it can do."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property

from newsletter.config import Smtp
from newsletter.send.transports.base import TransportDown
from newsletter.send.transports.smtp.auth import sign_in
from newsletter.send.transports.smtp.wire import Wire, words

_BUILT_IN = "smtp"


@dataclass(frozen=True)
class Features:
    """What a server offers."""

    pipelining: bool = False
    utf8: bool = False
    eight_bit: bool = False
    states_size: bool = False
    size: int = 0
    """The largest message it takes, in bytes; 0 if it does not say."""

    @classmethod
    def of(cls, server: smtplib.SMTP) -> Features:
        """As its answer to EHLO says."""
        size = server.esmtp_features.get("size", "")
        return cls(
            pipelining=server.has_extn("pipelining"),
            utf8=server.has_extn("smtputf8"),
            eight_bit=server.has_extn("8bitmime"),
            states_size=server.has_extn("size"),
            size=int(size) if size.isdecimal() else 0,
        )


class Session:
    """How one configured server is reached."""

    def __init__(self, name: str, settings: Smtp) -> None:
        self._settings = settings
        self._keys = f"send.{name}" if name == _BUILT_IN else f"send.transports.{name}"
        self.place = f"the mail server {settings.host}:{settings.port}"

    def connect(self) -> tuple[Wire, Features]:
        """A connection that is ready for mail; raises TransportDown if there is none to be had."""
        try:
            with ExitStack() as stack:
                server = stack.enter_context(closing(self._dial()))
                if self._settings.security == "starttls":
                    server.starttls(context=self._trust)
                if self._settings.username:
                    sign_in(server, self._settings)
                server.ehlo_or_helo_if_needed()
                stack.pop_all()
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise self._unreachable(error) from error
        return Wire(_taken_over(server), self._settings.timeout.total_seconds()), Features.of(server)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Whom we trust; made once, since reading all certificates takes a while."""
        return ssl.create_default_context()

    def _dial(self) -> smtplib.SMTP:
        host, port, timeout = self._settings.host, self._settings.port, self._settings.timeout.total_seconds()
        if self._settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, _own_name(), timeout=timeout, context=self._trust)
        return smtplib.SMTP(host, port, _own_name(), timeout=timeout)

    def _unreachable(self, error: Exception) -> TransportDown:
        """Why there is no connection, and whether waiting may help."""
        if isinstance(error, smtplib.SMTPAuthenticationError):
            what = "access token" if self._settings.by_token else "user name or password"
            reason = f"refused the {what} ({error.smtp_code}); check {self._keys}.username"
            return TransportDown(f"{self.place} {reason}", permanent=error.smtp_code >= 500)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return TransportDown(f"{self.place}: {error}; check {self._keys}.security", permanent=True)
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = f"shows a certificate that cannot be trusted: {error.verify_message}"
            return TransportDown(f"{self.place} {reason}", permanent=True)
        if isinstance(error, UnicodeError):  # its own words would quote the password
            reason = f"cannot be used: host, username and password of {self._keys} must be ASCII"
            return TransportDown(f"{self.place} {reason}", permanent=True)
        return TransportDown(f"{self.place} cannot be reached: {_said(error)}", wait=timedelta(minutes=1))


@cache
def _own_name() -> str:
    """What we call ourselves. Looked up once: a slow name server would else slow down each connection."""
    return smtplib.SMTP().local_hostname


def _taken_over(server: smtplib.SMTP) -> socket.socket:
    """The socket, away from smtplib, which would close it with itself."""
    sock, file = server.sock, server.file
    server.sock = server.file = None
    if file:
        file.close()
    if sock is None:
        raise OSError("Connection closed")
    return sock


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return words(error) if isinstance(error, OSError) else str(error) or type(error).__name__
