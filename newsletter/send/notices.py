"""Service mails on their way: one person each, outside any issue, with the ledger's care."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Protocol

from django.db import OperationalError, connection

from newsletter import tokens
from newsletter.config import Config
from newsletter.lists import languages_of
from newsletter.models import Notice
from newsletter.models.edition import digest_of
from newsletter.send import limits
from newsletter.send.ledger import PATIENCE, Clock
from newsletter.send.mailing import Mailing, Reader
from newsletter.send.transports import Heard, Outcome, State, Transport, TransportDown, open_transport

log = logging.getLogger(__name__)

SLUG = "notices"
"""Stands where an issue's date does: in Message-IDs, the outbox's folder and the provider's categories."""


class Drawn(Protocol):
    """A service mail as it was drawn."""

    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def html(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


Draw = Callable[[str, Config, str, Mapping[str, object]], Drawn]
"""What draws a mail of a kind for a newsletter: render's own front door, handed in because a stage imports no other."""


def send_notices(
    config: Config, key: str, newsletter: str, draw: Draw, clock: Clock, stop: Event, *transports: Transport
) -> int:
    """Send what is due in a newsletter's name; return how many went out. A dead server leaves the rest for later.

    Not so the news that sending has stopped, of which that server may be the cause: any other that is used takes it.
    """
    kind = ""
    for way in transports or _ways(config, newsletter):
        if kind:
            Notice.hurry(newsletter, kind)
        sent = _send(Post(config, key, draw, clock, way), newsletter, stop, kind)
        if sent is not None:
            return sent
        kind = Notice.Kind.ALARM
    return 0


def _ways(config: Config, newsletter: str) -> Iterator[Transport]:
    """The newsletter's own transport, then the others that are used."""
    own = config.transport_of(newsletter)
    yield open_transport(own, config)
    for other in sorted({*config.used_transports} - {own}):
        yield open_transport(other, config)


def _send(post: Post, newsletter: str, stop: Event, kind: str) -> int | None:
    """Send what is due, of one kind if it is named; None if the transport is down, and all of it is left for later."""
    settings = post.config.send
    batch = Notice.claim_batch(newsletter, settings.batch, post.clock(), settings.lease, kind)
    if not batch:
        return 0
    try:
        return sum(post.send(notice) for notice in batch if not stop.is_set())
    except TransportDown as down:
        log.warning("the service mails of %s wait %d s: %s", newsletter, _rest(down).total_seconds(), down.reason)
        Notice.release(batch[0].claim, retry_at=post.clock() + _rest(down), reason=down.reason)
        return None
    finally:
        Notice.release(batch[0].claim)
        post.transport.close()


def _rest(down: TransportDown) -> timedelta:
    """How long to leave a server alone."""
    return down.wait or timedelta(minutes=5 if down.permanent else 1)


@dataclass(frozen=True)
class Post:
    """One worker's way of sending notices."""

    config: Config
    key: str
    draw: Draw
    clock: Clock
    transport: Transport

    def send(self, notice: Notice) -> bool:
        """Send one; say whether it was submitted. Raises TransportDown, the notice unharmed, if nothing can be sent."""
        # Whatever may fail here fails before it is announced: then nobody need wonder whether it was sent.
        if hindrance := notice.hindrance(self.clock()):
            return self._settle(notice, State.FAILED, hindrance)
        try:
            mailing = self._mailing(notice)
        except Exception as error:
            # Whatever is wrong with a template must not keep the other mails from going out; staff see it here.
            log.exception("%s cannot be drawn", notice)
            return self._settle(notice, State.FAILED, f"it cannot be drawn: {error}")
        limits.count(self.config, self.transport.name, 1, self.clock())
        return notice.begin(self.clock(), self.config.send.lease) and self._submit(notice, mailing)

    def _submit(self, notice: Notice, mailing: Mailing) -> bool:
        reader = Reader(f"notice-{notice.pk}", notice.to, notice.name, "", reply=notice.answers_to or tokens.TEST)
        try:
            self.transport.submit(mailing, [reader], heard := Heard())
            (outcome,) = heard.outcomes
        except TransportDown as down:
            self._again(notice, down.reason, _rest(down), attempt=False)
            raise
        except Exception as error:
            self._settle(notice, State.UNCERTAIN, f"sending broke off with {type(error).__name__}: {error}")
            raise
        return self._answered(notice, outcome)

    def _answered(self, notice: Notice, outcome: Outcome) -> bool:
        retry = self.config.send.retry
        if outcome.state != State.DEFERRED:
            done = self._settle(notice, outcome.state, outcome.reason)
            if outcome.state == State.UNCERTAIN:
                # One answer may get lost. To go on at once could lose them all, each of them never sent again.
                raise TransportDown(outcome.reason)
            return done
        if notice.attempts + 1 >= retry.attempts:  # `attempts` was read before this one was counted
            return self._settle(notice, State.FAILED, f"given up after {retry.attempts} attempts: {outcome.reason}")
        self._again(notice, outcome.reason, min(retry.first * 2 ** min(notice.attempts, 20), retry.longest))
        return False

    def _again(self, notice: Notice, reason: str, wait: timedelta, attempt: bool = True) -> None:
        """Put back what certainly did not leave; without an attempt where the recipient was not even asked for."""
        attempts = notice.attempts + attempt
        retry_at = self.clock() + wait
        self._record(
            lambda: notice.settle(Notice.State.PENDING, reason, self.clock(), retry_at=retry_at, attempts=attempts)
        )

    def _settle(self, notice: Notice, state: State, reason: str) -> bool:
        self._record(lambda: notice.settle(state, reason, self.clock()))
        return state == State.SUBMITTED

    def _record(self, change: Callable[[], object]) -> None:
        """Write what is known of a mail that was on the wire; a database away for a moment must not forget it."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                change()
                return
            except OperationalError:
                if time.monotonic() > until or connection.in_atomic_block:
                    raise
                log.warning("the database does not take an answer; trying again", exc_info=True)
                connection.close()
                time.sleep(1)

    def _facts(self, notice: Notice) -> Mapping[str, object]:
        """What the mail says, and in which languages to say it to whom it goes to, the best first."""
        facts: dict[str, object] = {**notice.facts}
        if person := notice.subscriber:
            others = languages_of(self.config, person, notice.newsletter)
            facts["languages"] = [person.language, facts.get("language"), *others]
        return facts

    def _mailing(self, notice: Notice) -> Mailing:
        drawn = self.draw(notice.kind, self.config, notice.newsletter, self._facts(notice))
        digest = digest_of(drawn.subject, drawn.html, drawn.text)
        # A marker of its own, though nothing is filled: transports look for holes, and no text may hold one by chance.
        marker = "h" + tokens.secret(f"notice {notice.pk}", self.key)
        return Mailing(
            self.config, notice.newsletter, SLUG, marker, digest, drawn.subject, drawn.html, drawn.text, listed=False,
            answered=bool(notice.answers_to),
        )  # fmt: skip
