"""SMTP, one message at a time over a kept connection: the plain dialogue that every server speaks."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

from newsletter.config import Config, Smtp
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.mime import build
from newsletter.send.transports.base import Journal, Outcome, State, TransportDown
from subscribers.addresses import InvalidAddress, on_the_wire

Answer = tuple[State, str]

_LOST = "the connection was lost before the answer came; it may or may not have been sent"
_CLOSING = 421
_STATES = {2: State.SUBMITTED, 4: State.DEFERRED, 5: State.FAILED}  # RFC 5321, 4.2.1: the first digit is what counts
_ENOUGH = 10  # refusals one after another, none of them for want of a mailbox: then it is not the readers' fault


class SmtpTransport:
    """Speaks to one server. A lost connection before a message's text is harmless; after it, the outcome is unknown."""

    at_once = 1

    def __init__(self, name: str, settings: Smtp) -> None:
        self.name, self._settings = name, settings
        self._server: smtplib.SMTP | None = None
        self._sent = 0
        self._refusals = 0

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: Journal) -> None:
        """Submit each message in turn; a kill leaves one uncertain at most."""
        for reader in readers:
            outcome = self._submit(mailing, reader, journal)
            if outcome is None:
                return
            journal.answer(outcome)
            self._count(outcome.state, outcome.reason)

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

    def _submit(self, mailing: Mailing, reader: Reader, journal: Journal) -> Outcome | None:
        """What became of a message; nothing if the journal would not have it sent."""
        try:
            data, recipient = build(mailing, reader, datetime.now(UTC)), on_the_wire(reader.email)
        except InvalidAddress as error:
            return Outcome(reader.ref, State.FAILED, str(error))
        answer = self._opened(on_the_wire(mailing.newsletter.sender.address), recipient)
        if answer is None:
            if not journal.begin(reader.ref):
                self._drop()
                return None
            answer = self._text(data)
        return Outcome(reader.ref, *answer)

    def _opened(self, sender: str, recipient: str) -> Answer | None:
        """The envelope. A kept connection may have met the server's own limit; then a new one is tried, once."""
        kept = self._server is not None
        try:
            return self._envelope(self._connected(), sender, recipient)
        except TransportDown as down:
            if down.permanent or not kept:
                raise
            return self._envelope(self._connected(), sender, recipient)

    def _envelope(self, server: smtplib.SMTP, sender: str, recipient: str) -> Answer | None:
        """MAIL, RCPT and DATA; the refusal of this recipient, or nothing once the server waits for the text."""
        try:
            code, answer = server.mail(sender)
            if code // 100 != 2:
                raise self._broken_off(code, answer, f"refused the sender {sender}")
            code, answer = server.rcpt(recipient)
            if code // 100 == 2:
                code, answer = server.docmd("data")
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise TransportDown(f"{self._place} broke off: {_words(error)}") from error
        if code == 354:
            return None
        if code == _CLOSING or code // 100 not in (4, 5):
            raise self._broken_off(code, answer, "refused the message before its text")
        self._reset(server)
        # RFC 5321, 4.5.3.1.10: before the text 552 is for the moment, a full mailbox, whatever its first digit says.
        return State.DEFERRED if code == 552 else _STATES[code // 100], _reply(code, answer)

    def _text(self, data: bytes) -> Answer:
        """The message itself. From its first byte on, silence means that nobody knows."""
        server = self._connected()
        try:
            server.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
            code, answer = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return State.UNCERTAIN, f"{_LOST} ({_words(error)})"
        self._sent += 1
        state = _STATES.get(code // 100, State.UNCERTAIN)
        if code == _CLOSING or state == State.UNCERTAIN:
            self._drop()
        return state, _reply(code, answer)

    def _count(self, state: State, reason: str) -> None:
        """Stop before a server that takes nothing from us burns the whole list, one refusal for each reader."""
        if state == State.SUBMITTED:
            self._refusals = 0
        elif state == State.FAILED and not re.match(r"\d+ 5\.1\.", reason):
            self._refusals += 1
        if self._refusals >= _ENOUGH:
            self._drop()
            raise TransportDown(f"{self._place} refused {_ENOUGH} messages in a row: {reason}", permanent=True)

    def _reset(self, server: smtplib.SMTP) -> None:
        """Clear the refused recipient away. The refusal stands whatever comes of this."""
        try:
            code, _ = server.rset()
        except (smtplib.SMTPException, OSError):
            code = _CLOSING
        if code // 100 != 2:
            self._drop()

    def _broken_off(self, code: int, answer: bytes, what: str) -> TransportDown:
        """The server will not have anything from us now: that is no fault of this recipient."""
        self._drop()
        return TransportDown(f"{self._place} {what}: {_reply(code, answer)}", permanent=code // 100 == 5)

    def _connected(self) -> smtplib.SMTP:
        if self._server and self._sent >= self._settings.messages_per_connection:
            self.close()
        if not self._server:
            self._server, self._sent = self._connect(), 0
        return self._server

    def _connect(self) -> smtplib.SMTP:
        try:
            with ExitStack() as stack:
                server = stack.enter_context(closing(self._dial()))
                if self._settings.security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self._settings.username:
                    server.login(self._settings.username, self._settings.password.get_secret_value())
                server.ehlo_or_helo_if_needed()
                stack.pop_all()
            return server
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise self._unreachable(error) from error

    def _dial(self) -> smtplib.SMTP:
        host, port, timeout = self._settings.host, self._settings.port, self._settings.timeout.total_seconds()
        if self._settings.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=timeout, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=timeout)

    def _unreachable(self, error: Exception) -> TransportDown:
        """Why there is no connection, and whether waiting may help."""
        if isinstance(error, smtplib.SMTPAuthenticationError):
            reason = f"refused the user name or password ({error.smtp_code}); check send.smtp.username"
            return TransportDown(f"{self._place} {reason}", permanent=error.smtp_code >= 500)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return TransportDown(f"{self._place}: {error}; check send.smtp.security", permanent=True)
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = f"shows a certificate that cannot be trusted: {error.verify_message}"
            return TransportDown(f"{self._place} {reason}", permanent=True)
        if isinstance(error, UnicodeError):  # its own words would quote the password
            reason = "cannot be used: send.smtp's host, username and password must be ASCII"
            return TransportDown(f"{self._place} {reason}", permanent=True)
        return TransportDown(f"{self._place} cannot be reached: {_words(error)}", wait=timedelta(minutes=1))

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


def open_transport(name: str, config: Config) -> SmtpTransport:
    """A connection-to-be to the server of this configuration."""
    return SmtpTransport(name, config.send.smtp)


def check(name: str, config: Config) -> str:
    """Say what keeps this transport from working now; nothing if it would. Only asks, sends nothing."""
    transport = open_transport(name, config)
    try:
        transport.greet()
    except TransportDown as down:
        return down.reason
    return ""
