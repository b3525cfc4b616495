"""What is said on one connection, message by message; each answer is read in the order in which it was asked for.

A message is begun with the first byte of its text. Until then nothing is lost if the connection is: it is `Broken`, and
the message can go by another one. After that, silence means that nobody knows.
"""

from __future__ import annotations

from newsletter.send.transports.base import State
from newsletter.send.transports.smtp import replies
from newsletter.send.transports.smtp.letters import DATA, DOT, Letter
from newsletter.send.transports.smtp.manners import Pipelining
from newsletter.send.transports.smtp.replies import Reply, Verdict
from newsletter.send.transports.smtp.session import Features
from newsletter.send.transports.smtp.wire import Lost, Wire

_LOST = "the connection was lost before the answer came; it may or may not have been sent"
_RESET = b"RSET\r\n"
_GOODBYE = 2  # seconds that a server has for its last word
_PROBE = 5  # seconds in which it must show that it is still there


class Broken(Exception):
    """This connection is of no more use, and the message at hand was not begun.

    `closing` is the 421 that ended it, if one did and a reader had been named; `calmer` how to try again if it may
    have been our speaking ahead that the server could not take.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, closing: Reply | None = None, calmer: Pipelining | None = None
    ) -> None:
        super().__init__(reason)
        self.reason, self.permanent, self.closing, self.calmer = reason, permanent, closing, calmer


class Line:
    """One connection. `sent` counts the texts; `is_proven` says that it has carried one transaction or more."""

    def __init__(self, wire: Wire, features: Features, pipelining: Pipelining) -> None:
        self.features, self.pipelining = features, pipelining
        self.sent = 0
        self.is_proven = self.is_chained = False
        self.broken: Broken | None = None
        self._wire = wire
        self._owed = b""  # what ends a transaction that came to nothing; it goes out before the next one
        self._ahead = pipelining > Pipelining.OFF
        # How to speak instead, as long as speaking like this has not gone well on this connection.
        self._calmer: Pipelining | None = Pipelining.OFF if self._ahead else None

    def open(self, letter: Letter) -> Verdict | None:
        """Have the server wait for this text; the verdict if it does not want it, or raise Broken."""
        try:
            if self._ahead:
                self._wire.send(self._owed + letter.envelope)
            return self._transaction(letter)
        except Lost as lost:
            raise self._breaks(f"broke off: {lost}") from lost

    def hand_over(self, letter: Letter, follower: Letter | None) -> None:
        """Send a text that the server waits for; with it, if there is one, the envelope of the next."""
        self.sent += 1
        if follower and not self.is_chained:
            self._calmer = Pipelining.COMMANDS
        try:
            self._wire.send(b"".join((letter.text, DOT, follower.envelope if follower else b"")))
        except Lost as lost:
            # What went wrong shows below; an answer may have come before it did.
            self.broken = self._breaks(f"broke off: {lost}")

    def verdict(self) -> Verdict:
        """What the server says to the text handed over. After anything odd, the line is `broken`."""
        try:
            reply = self._early() if self.broken else self._wire.reply()
        except Lost as lost:
            self.broken = self._breaks(f"broke off: {lost}")
            return Verdict(State.UNCERTAIN, f"{_LOST} ({lost})")
        verdict = replies.of_text(reply)
        if reply.code == replies.CLOSING:
            self.broken = Broken(f"broke off: {reply}")
        elif verdict is None:
            self.broken = self._breaks(f"broke off: {reply}")
        return verdict or Verdict(State.UNCERTAIN, f"{_LOST} ({reply})")

    def follow(self, follower: Letter) -> Verdict | None:
        """As `open`, for the message whose envelope went out with the last text."""
        if self.broken:
            raise self.broken
        try:
            verdict = self._transaction(follower)
        except Lost as lost:
            raise self._breaks(f"broke off: {lost}") from lost
        self.is_chained = True
        return verdict

    def rest(self) -> None:
        """Leave nothing open on a connection that has no work for now."""
        if self._owed:
            self._spend(self._owed)

    def is_awake(self, ask: bool) -> bool:
        """Whether a connection that was kept can be used; if it has been long, the server is asked."""
        if ask and self.broken is None and self._wire.is_idle():
            self._spend(b"NOOP\r\n", _PROBE)
        return self.broken is None and self._wire.is_idle()

    def end(self) -> None:
        """Say goodbye if there is anybody to hear it, and hang up."""
        if self.broken is None:
            self._spend(b"QUIT\r\n", _GOODBYE)
        self.drop()

    def drop(self) -> None:
        """Hang up without a word. A text that was waited for and not sent is then no message."""
        self.broken = self.broken or Broken("was hung up on")
        self._wire.close()

    def _spend(self, command: bytes, at_most: float | None = None) -> None:
        """Say something that no message hangs on."""
        usual = self._wire.timeout
        self._wire.timeout = min(usual, at_most or usual)
        try:
            self._wire.send(command)
            self._settle(self._wire.reply())
        except (Lost, Broken) as error:
            self.broken = self.broken or Broken(str(error))
        finally:
            self._wire.timeout = usual

    def _transaction(self, letter: Letter) -> Verdict | None:
        if self._owed:
            self._settle(self._answer(self._owed))
        self._judge_sender(letter, self._answer(letter.mail))
        rcpt = self._answer(letter.rcpt, of_reader=True)
        if rcpt.code // 100 != 2:
            return self._turned_away(rcpt)
        data = self._answer(DATA, of_reader=True)
        if data.code == replies.START and self._wire.is_silent():
            self._prove()
            return None
        self._check_refusal(data)
        self._owed = _RESET
        self._prove()
        return replies.of_data(data)

    def _turned_away(self, rcpt: Reply) -> Verdict:
        """The recipient is refused, which stands whatever becomes of the DATA that may be under way."""
        self._check_refusal(rcpt)
        self._owed = _RESET
        if self._ahead:
            try:
                # A server that asks for the text all the same gets none: a lone dot ends it.
                self._owed = DOT if self._answer(DATA).code == replies.START else _RESET
            except (Lost, Broken) as error:
                self.broken = Broken(str(error))
        self._prove()
        return replies.of_recipient(rcpt)

    def _judge_sender(self, letter: Letter, reply: Reply) -> None:
        """A server that does not want our sender will have no message at all."""
        if reply.code // 100 != 2:
            permanent = reply.code // 100 == 5
            calmer = None if reply.code // 100 == 4 else self._calmer
            raise Broken(f"refused the sender {letter.sender}: {reply}", permanent=permanent, calmer=calmer)

    def _check_refusal(self, reply: Reply) -> None:
        """A refusal is about the reader, unless it says that the server was confused by what came when."""
        confused = self._calmer is not None and replies.is_about_order(reply)
        if confused or not replies.is_refusal(reply):
            raise self._breaks(f"refused the message before its text: {reply}")

    def _settle(self, reply: Reply) -> None:
        """The end of a transaction that came to nothing; for a lone dot, any answer is one."""
        was_dot, self._owed = self._owed == DOT, b""
        if reply.code == replies.CLOSING or (reply.code // 100 != 2 and not (was_dot and replies.is_refusal(reply))):
            raise self._breaks(f"broke off: {reply}")

    def _answer(self, command: bytes, of_reader: bool = False) -> Reply:
        """The answer to a command, which goes out only now unless we speak ahead."""
        if not self._ahead:
            self._wire.send(command)
        reply = self._wire.reply()
        if reply.code == replies.CLOSING:
            raise Broken(f"broke off: {reply}", closing=reply if of_reader else None)
        return reply

    def _early(self) -> Reply:
        """A refusal that the server gave before it hung up; of an approval, it has not read what it approves."""
        reply = self._wire.said_early()
        if reply is None or not replies.is_refusal(reply):
            raise Lost(str(self.broken).removeprefix("broke off: "))
        return reply

    def _breaks(self, reason: str) -> Broken:
        return Broken(reason, calmer=self._calmer)

    def _prove(self) -> None:
        self.is_proven, self._calmer = True, None
