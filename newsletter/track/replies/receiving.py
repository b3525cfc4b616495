"""What becomes of a mail to the reply address: a reply, or a row that says why it is none. The same twice is one."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter import links, tokens
from newsletter.config import Config
from newsletter.markup.said import LONGEST
from newsletter.markup.text import cut
from newsletter.models import Issue, Message, Rejected, Reply, Turn
from newsletter.models.reply import digest
from newsletter.track.replies.automatic import looks_away, nobody_wrote
from newsletter.track.replies.incoming import Incoming
from newsletter.track.replies.words import READ, reply_of, text_of
from subscribers.addresses import InvalidAddress, normalize
from subscribers.models import Subscriber

log = logging.getLogger(__name__)

Why, State = Rejected.Why, Reply.State

_TOKEN = re.compile(r"\+([A-Za-z2-7]{4,40})@")
_LISTED = 5
BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the email package and others raise over mails that somebody broke on purpose."""


class Refused(Exception):
    """This mail is no reply; `why` is the kind of reason, the message its words."""

    def __init__(self, why: Rejected.Why, reason: str) -> None:
        super().__init__(reason)
        self.why, self.reason = why, reason


@dataclass(frozen=True)
class Thread:
    """What a mail answers to: an issue, as the reader of a message of it, perhaps under an earlier reply."""

    issue: Issue
    subscriber: Subscriber | None
    message: Message | None = None
    parent: Reply | None = None

    @property
    def subscriber_id(self) -> int | None:
        """The number of the reader, if there still is one."""
        return self.subscriber.pk if self.subscriber else None


def receive(incoming: Incoming, config: Config, keys: Sequence[str], now: datetime) -> Reply | Rejected:
    """Keep what came, whatever it is; a mail that came before is answered with the row that was made then."""
    key = _identity(incoming)
    if known := Rejected.objects.filter(key=key).first() or Reply.objects.filter(key=key).first():
        return known
    try:
        if found := nobody_wrote(incoming, config):
            raise Refused(*found)
        return _kept(incoming, key, _thread(incoming, config, keys, now), config, now)
    except Refused as refusal:
        return reject(incoming, key, refusal.why, refusal.reason, now)
    except BROKEN as error:
        # Not answered with a fault: whoever handed it over would bring it again for days, or never get past it.
        log.exception("a mail to the reply address cannot be read")
        return reject(incoming, key, Why.UNREADABLE, f"{type(error).__name__}: {error}"[:300], now)


def reject(incoming: Incoming, key: str, why: Rejected.Why, reason: str, now: datetime) -> Rejected:
    """Remember that a mail was not taken, and why."""
    facts = {"sender": incoming.sender[1][:320], "subject": cut(incoming.header("Subject"), 290), "at": now}
    return Rejected.objects.get_or_create(key=key, defaults={"why": why, "reason": reason, **facts})[0]


def _identity(incoming: Incoming) -> str:
    """What makes this mail the same as one that came before: its Message-ID, else all we know of it."""
    if identity := incoming.header("Message-ID"):
        return digest(f"mail {identity}")
    parts = (incoming.header("From"), incoming.header("Date"), incoming.header("Subject"), incoming.text, incoming.html)
    return digest("mail " + "\0".join(parts))


def _thread(incoming: Incoming, config: Config, keys: Sequence[str], now: datetime) -> Thread:
    """Whose answer it is and to what, from the token in the address it came to."""
    found = _tokens(incoming, config)
    if not found:
        raise Refused(Why.UNADDRESSED, "it names no reply address of ours with a token in it")
    for token in found:
        if token.lower() == tokens.TEST:
            raise Refused(Why.TEST, "it answers a copy that was sent as a test")
        for purpose, resolve in (
            (tokens.REPLY, _of_message),
            (tokens.THREAD, _of_answer),
            (tokens.BOUNCE, _of_message),
        ):
            try:
                return resolve(tokens.read_until(token, keys, purpose, now))
            except tokens.Expired as error:
                raise Refused(Why.EXPIRED, str(error)) from error
            except tokens.BadToken:
                continue
    raise Refused(Why.FORGED, f"no token of ours: {found[0][:40]}")


def _tokens(incoming: Incoming, config: Config) -> list[str]:
    """The tokens in addresses of ours, each once; some programs answer to where bounces go."""
    letters = config.newsletters.items()
    known = [address for name, one in letters for address in (one.replies.address, links.bounces_of(config, name))]
    ours = {address.lower() for address in known if address}
    found: dict[str, None] = {}
    for recipient in incoming.recipients:
        match = _TOKEN.search(recipient)
        if match and recipient.lower().replace(match[0].lower(), "@") in ours:
            found[match[1]] = None
    return list(found)


def _of_message(number: int) -> Thread:
    message = Message.objects.select_related("issue", "subscriber").filter(pk=number).first()
    if message is None:
        raise Refused(Why.GONE, "the message it answers, or its issue, has been deleted")
    return Thread(message.issue, message.subscriber, message)


def _of_answer(number: int) -> Thread:
    answer = Reply.objects.select_related("issue", "parent__subscriber", "parent__message").filter(pk=number).first()
    if answer is None or answer.parent is None:
        raise Refused(Why.GONE, "the answer it answers has been deleted")
    return Thread(answer.issue, answer.parent.subscriber, answer.parent.message, answer.parent)


def _kept(incoming: Incoming, key: str, thread: Thread, config: Config, now: datetime) -> Reply:
    whole = incoming.text if incoming.text.strip() else text_of(incoming.html)
    text = reply_of(whole)
    state, notes = _standing(incoming, thread, text, config)
    if state == State.PUBLISHED and Turn.take(f"reply {thread.subscriber_id}", Reply.PER_HOUR, Reply.AN_HOUR, now):
        state, notes = State.HELD, [*notes, f"it is more than {Reply.PER_HOUR} of this reader's within an hour"]
    fields = {
        "issue": thread.issue, "subscriber": thread.subscriber, "message": thread.message, "parent": thread.parent,
        "author_name": _name(incoming, thread), "via": Reply.Via.MAIL, "state": state, "text": text[:LONGEST],
        "original": "" if text == whole.strip() else whole[:READ].replace("\0", ""), "note": "; ".join(notes),
        "received_at": now, "published_at": now if state == State.PUBLISHED else None,
    }  # fmt: skip
    return Reply.take(key, **fields)[0]


def _standing(incoming: Incoming, thread: Thread, text: str, config: Config) -> tuple[Reply.State, list[str]]:
    """Where the reply begins, and everything that staff should know about it."""
    letter = config.newsletters.get(thread.issue.newsletter)
    state, reason = Reply.standing(thread.issue, thread.subscriber, letter.replies.moderation if letter else "all")
    doubts = [doubt for doubt in _doubts(incoming, thread, text) if doubt]
    if doubts and state == State.PUBLISHED:
        state = State.HELD
    notes = [reason] if reason else []
    if incoming.attachments:
        named = ", ".join(incoming.attachments[:_LISTED]) + (" …" if len(incoming.attachments) > _LISTED else "")
        notes.append(f"attachments were left out: {named}")
    return state, [*notes, *doubts]


def _doubts(incoming: Incoming, thread: Thread, text: str) -> list[str]:
    """What keeps a reply from being published unread."""
    return [
        _stranger(incoming, thread.subscriber),
        "" if text else "nothing was left when quotations and signature were taken off; see the original",
        "it reads like an out-of-office message" if looks_away(incoming) else "",
        f"only the first {LONGEST} characters are kept" if len(text) > LONGEST else "",
        "the mail was too large to be read whole" if incoming.cut else "",
    ]


def _stranger(incoming: Incoming, subscriber: Subscriber | None) -> str:
    """Whoever was forwarded a mail has its reply address too: then From is not the subscriber's."""
    sender = incoming.sender[1]
    try:
        key = normalize(sender)[1]
    except InvalidAddress:
        return f"From is no address: {sender[:100] or 'empty'}"
    return "" if subscriber is None or key == subscriber.key else f"it comes from {sender}, not from the subscriber"


def _name(incoming: Incoming, thread: Thread) -> str:
    """What the reader calls themselves: as a subscriber, else in From; never an address."""
    person = thread.subscriber
    known = person.name if person and not _stranger(incoming, person) else ""
    name = " ".join((known or incoming.sender[0]).split())
    return "" if "@" in name else name[:200]
