"""SMTP, one message at a time over a kept connection: the plain dialogue that every server speaks."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from newsletter.config import Config, Smtp
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.mime import build
from newsletter.send.transports.base import Outcome, State, TransportDown
from subscribers.addresses import InvalidAddress, on_the_wire

_LOST = "the connection was lost before the answer came; it may or may not have been sent"
_CLOSING = 421


class SmtpTransport:
    """Speaks to one server. A lost connection before a message's text is harmless; after it, the outcome is unknown."""

    name = "smtp"
    at_once = 1

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None
        self._sent = 0

    def submit(self, mailing: Mailing, readers: Sequence[Reader]) -> list[Outcome]:
        """Submit each message in turn; `at_once` is 1, so that a kill leaves one uncertain at most."""
        return [self._submit(mailing, reader) for reader in readers]

    def close(self) -> None:
        """Say goodbye to the server, if it is still there."""
        if self._server:
            try:
                self._server.quit()
            except (smtplib.SMTPException, OSError):
                self._server.close()  # it has gone already: there is nobody left to tell
            self._server = None

    def greet(self) -> None:
        """Connect, sign in and leave again; raise TransportDown if that does not work."""
        self._connected()
        self.close()

    def _submit(self, mailing: Mailing, reader: Reader) -> Outcome:
        try:
            data, recipient = build(mailing, reader, datetime.now(UTC)), on_the_wire(reader.email)
        except InvalidAddress as error:
            return Outcome(reader.ref, State.FAILED, str(error))
        server = self._connected()
        try:
            refused = self._envelope(server, on_the_wire(mailing.newsletter.sender.address), recipient)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise TransportDown(f"{self._place} broke off: {_words(error)}") from error
        if refused:
            return Outcome(reader.ref, *refused)
        return Outcome(reader.ref, *self._text(server, data))

    def _envelope(self, server: smtplib.SMTP, sender: str, recipient: str) -> tuple[State, str] | None:
        """MAIL, RCPT and DATA; the refusal of this recipient, or nothing once the server waits for the text."""
        code, answer = server.mail(sender)
        if code != 250:
            self._refused(server, code, answer, f"refused the sender {sender}")
        code, answer = server.rcpt(recipient)
        if code not in (250, 251):
            return self._recipient_refused(server, code, answer)
        code, answer = server.docmd("data")
        if code != 354:
            self._refused(server, code, answer, "refused the message before its text")
        return None

    def _text(self, server: smtplib.SMTP, data: bytes) -> tuple[State, str]:
        """The message itself. From its first byte on, silence means that nobody knows."""
        try:
            server.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
            code, answer = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return State.UNCERTAIN, f"{_LOST} ({_words(error)})"
        if code == _CLOSING:
            self._drop()
        self._sent += 1
        state = State.SUBMITTED if code == 250 else State.FAILED if code >= 500 else State.DEFERRED
        return state, _reply(code, answer)

    def _recipient_refused(self, server: smtplib.SMTP, code: int, answer: bytes) -> tuple[State, str]:
        if code == _CLOSING:
            self._refused(server, code, answer, "is closing")
        server.rset()
        return (State.FAILED if code >= 500 else State.DEFERRED), _reply(code, answer)

    def _refused(self, server: smtplib.SMTP, code: int, answer: bytes, what: str) -> None:
        """The server will not have anything from us now: that is no fault of this recipient."""
        self._drop()
        raise TransportDown(f"{self._place} {what}: {_reply(code, answer)}", permanent=code >= 500)

    def _connected(self) -> smtplib.SMTP:
        if self._server and self._sent >= self._settings.messages_per_connection:
            self.close()
        if not self._server:
            self._server, self._sent = self._connect(), 0
        return self._server

    def _connect(self) -> smtplib.SMTP:
        settings, timeout = self._settings, self._settings.timeout.total_seconds()
        try:
            if settings.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    settings.host, settings.port, timeout=timeout, context=ssl.create_default_context()
                )
            else:
                server = smtplib.SMTP(settings.host, settings.port, timeout=timeout)
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.username:
                server.login(settings.username, settings.password.get_secret_value())
            server.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as error:
            raise TransportDown(
                f"{self._place} refused the user name or password ({error.smtp_code}); check send.smtp.username",
                permanent=error.smtp_code >= 500,
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise TransportDown(f"{self._place}: {error}; check send.smtp.security", permanent=True) from error
        except ssl.SSLCertVerificationError as error:
            raise TransportDown(f"{self._place} shows a certificate that cannot be trusted: {error.verify_message}",
                                permanent=True) from error  # fmt: skip
        except (smtplib.SMTPException, OSError) as error:
            raise TransportDown(
                f"{self._place} cannot be reached: {_words(error)}", wait=timedelta(minutes=1)
            ) from error
        return server

    def _drop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    @property
    def _place(self) -> str:
        return f"the mail server {self._settings.host}:{self._settings.port}"


def _reply(code: int, answer: bytes) -> str:
    return f"{code} {answer.decode('utf-8', 'replace')}"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return _reply(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def open_transport(config: Config) -> SmtpTransport:
    """A connection-to-be to the server of this configuration."""
    return SmtpTransport(config.send.smtp)


def check(config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would. Only asks, sends nothing."""
    transport = open_transport(config)
    try:
        transport.greet()
    except TransportDown as down:
        return down.reason
    return ""
