"""The SMTP transport: keeps one connection, and says what became of each message of a sheet."""

from __future__ import annotations

import time
from collections.abc import Iterable

from newsletter.config import Smtp
from newsletter.send.compiled import Compiler
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports.base import Journal, Outcome, State, TransportDown
from newsletter.send.transports.smtp.dialogue import Broken, Line
from newsletter.send.transports.smtp.letters import Letter, Letters
from newsletter.send.transports.smtp.manners import Pipelining, manners_of
from newsletter.send.transports.smtp.replies import Verdict
from newsletter.send.transports.smtp.session import Features, Session

_NAP = 5
"""Seconds without work, after which the server is asked whether it is still there."""
_ENOUGH = 2
"""So many lost one after another, and a server is left alone before it loses the rest."""


class SmtpTransport:
    """Speaks to one server. A lost connection before a message's text is harmless; after it, the outcome is unknown.

    So one message a connection is uncertain at most, and the one after it is not begun.
    """

    at_once = 1

    def __init__(self, name: str, settings: Smtp) -> None:
        self.name, self._settings = name, settings
        self._session = Session(name, settings)
        self._manners = manners_of(self._session.place)
        self._compiler = Compiler(dots=True)
        self._line: Line | None = None
        self._features: Features | None = None
        self._rested = 0.0
        self._lost = self._closed = 0

    def submit(self, mailing: Mailing, readers: Iterable[Reader], journal: Journal) -> None:
        """Send a sheet, each message as soon as its reader comes."""
        self._wake()
        try:
            self._send(Letters(mailing, readers, journal, self._known, self._compiler), journal)
        except BaseException:
            self._hang_up()
            raise
        if self._line:
            self._line.rest()
            self._rested = time.monotonic()

    def close(self) -> None:
        """Say goodbye to the server, if it is still there."""
        if self._line:
            self._line.end()
            self._hang_up()

    def greet(self) -> None:
        """Connect, sign in and leave again; raise TransportDown if that does not work."""
        self._ready()
        self.close()

    def _send(self, letters: Letters, journal: Journal) -> None:
        """Each turn of the loop opens a message's envelope, or sends the text that the server waits for on a line."""
        waiting, line = letters.take(), None
        while waiting:
            if line is None:
                line = self._open(waiting, journal)
                waiting = waiting if line else letters.take()
                continue
            follower = letters.take() if self._may_chain(line, letters) else None
            if not journal.begin(waiting.ref):
                # Without its dot, the server takes what it has for no message.
                self._hang_up()
                return
            self._hand_over(line, waiting, follower, letters, journal)
            line = self._follow(line, follower, journal) if follower else None
            waiting = follower if line else letters.take()

    def _may_chain(self, line: Line, letters: Letters) -> bool:
        """Whether the next message may share this text's round trip; not where its reader would be waited for."""
        return line.pipelining is Pipelining.FULL and self._room(line) > 1 and not letters.is_slow

    def _hand_over(
        self, line: Line, letter: Letter, follower: Letter | None, letters: Letters, journal: Journal
    ) -> None:
        """Send a text, and make the next message while the server reads it."""
        line.hand_over(letter, follower)
        try:
            if not letters.is_slow:
                letters.prepare()
        finally:
            verdict = line.verdict()
            journal.answer(Outcome(letter.ref, verdict.state, verdict.reason))
        if verdict.state == State.SUBMITTED:
            self._lost = self._closed = 0
        elif verdict.state == State.UNCERTAIN:
            self._lost += 1
            if self._lost >= _ENOUGH:
                raise TransportDown(f"{self._session.place} takes messages without an answer: {verdict.reason}")

    def _open(self, letter: Letter, journal: Journal) -> Line | None:
        """The line on which the server waits for this text; none if it has refused the message."""
        line = self._ready()
        try:
            verdict = line.open(letter)
        except Broken as broken:
            verdict = self._once_more(letter, line, broken)
        return self._judged(letter, verdict, journal)

    def _follow(self, line: Line, follower: Letter, journal: Journal) -> Line | None:
        """The same for a message whose envelope went out with a text."""
        try:
            verdict = line.follow(follower)
        except Broken as broken:
            verdict = self._once_more(follower, line, broken)
        return self._judged(follower, verdict, journal)

    def _judged(self, letter: Letter, verdict: Verdict | None, journal: Journal) -> Line | None:
        if verdict is None:
            return self._line
        journal.answer(Outcome(letter.ref, verdict.state, verdict.reason))
        return None

    def _once_more(self, letter: Letter, line: Line, broken: Broken) -> Verdict | None:
        """A message that was not begun goes by a new connection, if the old one may have been to blame."""
        self._hang_up()
        if not line.is_proven and broken.calmer is None:
            return self._given_up(broken)
        anew = self._connect(broken.calmer)
        try:
            verdict = anew.open(letter)
        except Broken as again:
            return self._given_up(again)
        if verdict is None:
            self._learn(line, broken)
        return verdict

    def _learn(self, line: Line, broken: Broken) -> None:
        if broken.calmer is not None:
            self._manners.doubt(broken.calmer)
        else:
            self._manners.ended_after(line.sent)

    def _room(self, line: Line) -> int:
        """How many more messages a connection may carry."""
        return min(self._settings.messages_per_connection, self._manners.carries or line.sent + 2) - line.sent

    def _given_up(self, broken: Broken) -> Verdict:
        """A server may hang up on account of one reader, who then has to wait. If it does so twice over, it is ours."""
        self._hang_up()
        if broken.closing:
            self._closed += 1
            if self._closed < _ENOUGH:
                return Verdict(State.DEFERRED, str(broken.closing))
        raise TransportDown(f"{self._session.place} {broken.reason}", permanent=broken.permanent)

    def _ready(self) -> Line:
        """The connection, made anew if it has ended or has carried as much as it may."""
        if self._line and self._line.broken:
            self._hang_up()
        if self._line and self._room(self._line) < 1:
            self.close()
        return self._line or self._connect()

    def _connect(self, calmer: Pipelining | None = None) -> Line:
        wire, self._features = self._session.connect()
        most = self._manners.at_most(self._settings, self._features.pipelining)
        self._line = Line(wire, self._features, most if calmer is None else min(most, calmer))
        return self._line

    def _known(self) -> Features:
        """What the server offers, as it said when it was last asked."""
        return self._features or self._ready().features

    def _wake(self) -> None:
        """See to a connection that was kept from the sheet before."""
        if self._line is None:
            return
        idle = time.monotonic() - self._rested
        if idle > self._settings.keep_alive.total_seconds():
            self.close()
        elif not self._line.is_awake(ask=idle > _NAP):
            self._hang_up()

    def _hang_up(self) -> None:
        if self._line:
            if self._line.is_chained:
                self._manners.went_well()
            self._line.drop()
            self._line = None
