"""What becomes of a mail: things that happened to a message, a reader's reply, or words for staff why neither.

In this order: the address it came to (VERP), what a report says in fields, what it returns of the original, and last
what its text looks like. Only what is signed says which message it is; see `whose`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from email.message import Message as Mail
from typing import NamedTuple

from newsletter.models import Event, Message, Rejected, Reply
from newsletter.models.payload import MAIL
from newsletter.models.taking import Happening
from newsletter.track.mail.guessing import guessed
from newsletter.track.mail.parts import FEEDBACK, RECEIPT, Report, holds_forwarded_report, report_in
from newsletter.track.mail.reports import Told, Unclear, of_feedback, of_reader, recipients
from newsletter.track.mail.whose import Distrusted, House, addressed, answered, came_to_bounces, named_in, returned
from newsletter.track.replies.automatic import (
    has_empty_return_path,
    is_from_daemon,
    is_our_own,
    is_report,
    looks_away,
    mark_of_program,
)
from newsletter.track.replies.incoming import Incoming
from newsletter.track.replies.receiving import receive

Kind = Event.Kind

SOURCE = MAIL
_SERVICE = re.compile(r"<?(notice|test)-[\w-]+\.[a-z0-9-]+\.[a-z0-9-]+@[^\s<>]+>?")


class Sorted(NamedTuple):
    """What a mail tells. `spent` says that the mail itself need not be kept: a reply is, or its reader was erased."""

    happenings: tuple[Happening, ...] = ()
    spent: bool = False


def sort(data: bytes, incoming: Incoming, house: House) -> Sorted:
    """See to a mail; raises Unclear or Distrusted, whose words are for staff, where nothing could be made of it."""
    if report := report_in(incoming.headers):
        return _reported(report, incoming, house)
    if not is_our_own(incoming, house.config):
        if is_report(incoming) or is_from_daemon(incoming):
            return _bounced(data, incoming, house)
        if words := _mark(incoming, house):
            if (number := _of_automatic(incoming, house)) is not None:
                return _happened(number, lambda reader: [Told(Kind.AUTO_REPLY, words)], incoming, house)
        elif has_empty_return_path(incoming):
            return _bounced(data, incoming, house)
        elif answered(incoming, house) is None and holds_forwarded_report(incoming.headers):
            raise Unclear("a report lies in it as an attachment: whoever forwards one reports nothing")
    return _received(incoming, house)


def _received(incoming: Incoming, house: House) -> Sorted:
    """What somebody wrote, or what is told of it to staff by other rows."""
    found = receive(incoming, house.config, house.keys, house.now)
    if isinstance(found, Rejected) and found.why == Rejected.Why.UNREADABLE:
        raise Unclear(found.reason)
    return Sorted(spent=isinstance(found, Reply))


def _reported(report: Report, incoming: Incoming, house: House) -> Sorted:
    """A report of a form that standards know."""
    if report.kind == RECEIPT or (report.returned and _SERVICE.fullmatch(_identity(report.returned))):
        return Sorted()  # that it was displayed; or about a mail that is in no ledger
    number = addressed(incoming, house)
    if number is None:
        number = returned([*filter(None, [report.returned]), *report.groups], house)
    if number is None:
        raise Unclear(_nobody(named_in(report.returned, house)))
    if report.kind == FEEDBACK:
        return _happened(number, lambda reader: of_feedback(report), incoming, house)
    return _happened(number, lambda reader: of_reader(recipients(report), reader), incoming, house)


def _bounced(data: bytes, incoming: Incoming, house: House) -> Sorted:
    """A bounce of whatever form."""
    number = addressed(incoming, house)
    if number is None:
        raise Unclear(_nobody(None))
    return _happened(number, lambda reader: guessed(data, incoming, reader), incoming, house)


def _happened(number: int, told: Callable[[str], list[Told]], incoming: Incoming, house: House) -> Sorted:
    """What is told of a message, as something that can be recorded; nothing of whoever was erased."""
    message = Message.objects.select_related("subscriber").filter(pk=number).first()
    if message is None:
        raise Unclear(f"the message {number}, which it is about, has been deleted with its issue")
    if message.subscriber is None:
        return Sorted(spent=True)
    return Sorted(
        tuple(
            Happening(number, one.kind, house.now, source=SOURCE, key=_key(number, one, incoming), detail=one.words)
            for one in told(message.subscriber.key)
        )
    )


def _mark(incoming: Incoming, house: House) -> str:
    """By what a mail shows that a program answered; a subject alone is enough where only programs write to."""
    if mark := mark_of_program(incoming):
        return mark
    for_programs = has_empty_return_path(incoming) or came_to_bounces(incoming, house)
    return "its subject" if for_programs and looks_away(incoming) else ""


def _of_automatic(incoming: Incoming, house: House) -> int | None:
    """The message that a program answered."""
    with suppress(Distrusted):
        if (number := addressed(incoming, house)) is not None:
            return number
    return answered(incoming, house)


def _nobody(named: int | None) -> str:
    if named is None:
        return "nothing in it that we signed says which message it is about"
    return f"it names the message {named}, and bears nothing that we signed: anybody could have written it"


def _identity(mail: Mail) -> str:
    return str(mail.get("Message-ID", "")).strip()


def _key(number: int, told: Told, incoming: Incoming) -> str:
    """What makes this the same as something told before, however often and by whichever way it comes."""
    identity = incoming.header("Message-ID") or "\0".join(
        (incoming.header("From"), incoming.header("Date"), incoming.header("Subject"), incoming.text[:5000])
    )
    return hashlib.sha256("\0".join((str(number), told.kind, told.words, identity)).encode()).hexdigest()
