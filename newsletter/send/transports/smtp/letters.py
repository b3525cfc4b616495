"""The messages of a sheet as SMTP sends them: an envelope, and a text in which dots are doubled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from newsletter import links
from newsletter.send.compiled import Compiler
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports.base import Journal, Outcome, State, TransportDown
from newsletter.send.transports.smtp.session import Features
from subscribers.addresses import InvalidAddress, on_the_wire

DATA = b"DATA\r\n"
DOT = b".\r\n"
_SLOW = 0.25
"""Seconds for one reader, from which on nothing of ours is left to wait for the next one."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: the commands of its envelope, and its text as it goes over the wire, but for the last dot."""

    ref: str
    mail: bytes
    rcpt: bytes
    text: bytes

    @property
    def sender(self) -> str:
        """Whom it is from, as MAIL says it."""
        return self.mail[self.mail.index(b"<") + 1 : self.mail.index(b">")].decode()

    @property
    def envelope(self) -> bytes:
        """All that comes before the text."""
        return self.mail + self.rcpt + DATA


class Letters:
    """Makes a sheet's messages one by one; one may be made ahead, while the server is busy with the one before."""

    def __init__(
        self,
        mailing: Mailing,
        readers: Iterable[Reader],
        journal: Journal,
        features: Callable[[], Features],
        compiler: Compiler,
    ) -> None:
        self._compiler = compiler
        self._mailing, self._readers, self._journal, self._features = mailing, iter(readers), journal, features
        self._sender = on_the_wire(mailing.bounces).encode("ascii")
        # What stands around a token in it, cut once and not for each reader.
        self._around = links.bounce_address(on_the_wire(mailing.bounces), "@").encode("ascii").split(b"@@")
        self._ahead: Letter | None = None
        self.is_slow = False
        """Whether the last reader was long in coming, as where a limit of so many an hour is kept."""

    def prepare(self) -> None:
        """Make the next message, if there is one."""
        if self._ahead is None:
            began = time.monotonic()
            self._ahead = self._next()
            self.is_slow = time.monotonic() - began > _SLOW

    def take(self) -> Letter | None:
        """The next message, or none if that was all."""
        self.prepare()
        letter, self._ahead = self._ahead, None
        return letter

    def _next(self) -> Letter | None:
        for reader in self._readers:
            try:
                return self._letter(reader, self._features())
            except InvalidAddress as error:
                self._journal.answer(Outcome(reader.ref, State.FAILED, str(error), ours=True))
        return None

    def _letter(self, reader: Reader, features: Features) -> Letter:
        recipient = on_the_wire(reader.email, utf8=features.utf8).encode()
        text = self._compiler.message(self._mailing, reader, datetime.now(UTC), utf8=features.utf8)
        if 0 < features.size < len(text):
            raise _too_large(len(text), features.size)
        size = b" SIZE=%d" % len(text) if features.states_size else b""
        coding = b"" if text.isascii() or not features.eight_bit else b" BODY=8BITMIME"
        utf8 = b"" if recipient.isascii() else b" SMTPUTF8"
        sender = (b"%b@" % reader.bounce.encode("ascii")).join(self._around) if reader.bounce else self._sender
        mail = b"MAIL FROM:<%b>%b%b%b\r\n" % (sender, size, coding, utf8)
        return Letter(reader.ref, mail, b"RCPT TO:<%b>\r\n" % recipient, text)


def _too_large(bytes_: int, limit: int) -> TransportDown:
    said = f"takes messages of up to {limit:,} bytes, and this one has {bytes_:,}"
    return TransportDown(f"the mail server {said}: shorten the issue, or send by another server", permanent=True)
