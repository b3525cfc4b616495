"""What the pipeline and the desk keep of a person, added to what the audience keeps (subscribers/own_data.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q

from newsletter.models import Event, Like, Message, Muted, Notice, Payload, Rejected, Reply, Sign, SignIn, Vote
from newsletter.models.errand import Errand
from newsletter.models.payload import MAIL
from subscribers.own_data import FREE, KEPT, Erasure, Facts, Rows, Table, by
from subscribers.traces import ERASED, Person, mentions, scrub

REPLIES = "replies"
"""The title of the table from which a person may leave their words to others."""
REMOVED = "(removed at the reader’s wish)"
NOBODY = "an erased person"
_MAIL = 20_000
"""Characters of a mail in a person's copy."""


def published_replies(person: Person) -> int:
    """How many replies of theirs everybody can read."""
    return _replies(person).filter(state=Reply.State.PUBLISHED).count()


def _replies(person: Person) -> Rows:
    """What came from the person; by mail too, where it came from their address in answer to somebody else's copy."""
    from_them = mentions(Reply, person).filter(via=Reply.Via.MAIL, note__contains="it comes from ").values("pk")
    return Reply.objects.filter(Q(subscriber=person.number) | Q(pk__in=from_them))


def _notices(person: Person) -> Rows:
    to = Q(subscriber=person.number)
    for spelling in sorted(person.spellings):
        to |= Q(to__iexact=spelling)
    return Notice.objects.filter(to)


def _withhold(erasure: Erasure, rows: Rows) -> None:
    """Stop what has not begun; what is on the wire is settled as usual, by whoever put it there.

    All are locked, in their order, before any event of theirs is: as whoever judges or drops events does it.
    """
    list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    scrub(rows.exclude(reason=""), erasure.person.address_and_name())
    rows.filter(state__in=(Message.State.PENDING, Message.State.DEFERRED, Message.State.HELD)).update(
        state=Message.State.WITHHELD, reason="erased since the audience was frozen", claim=None, lease_until=None,
        retry_at=None,
    )  # fmt: skip


def _replies_erased(erasure: Erasure, rows: Rows) -> None:
    """Take the words away, or the name alone from what everybody has read and the reader leaves there."""
    words, kept = erasure.person.address_and_name(), Reply.objects.none()
    if REPLIES in erasure.keep:
        kept = rows.filter(state=Reply.State.PUBLISHED)
    numbers = list(kept.values_list("pk", flat=True))
    Reply.objects.filter(pk__in=numbers).update(author_name="", original="", note="")
    scrub(Reply.objects.filter(pk__in=numbers), words)
    gone = list(rows.exclude(pk__in=numbers).values_list("pk", flat=True))
    _silence(gone)
    # What others wrote stays theirs; where it gives the address away, that goes.
    scrub(mentions(Reply, erasure.person), words)


def _silence(numbers: list[int]) -> None:
    """Delete replies with the answers that staff gave to them. Where another reader has answered, a stub holds that."""
    Reply.objects.filter(parent__in=numbers, via=Reply.Via.DESK).delete()
    others = Reply.objects.filter(parent=OuterRef("pk")).exclude(pk__in=numbers)
    rows = Reply.objects.filter(pk__in=numbers)
    stubs = list(rows.filter(Exists(others)).values_list("pk", flat=True))
    rows.exclude(pk__in=stubs).delete()
    Reply.objects.filter(pk__in=stubs).update(
        subscriber=None, author_name="", text=REMOVED, html=f"<p>{REMOVED}</p>", original="", note=""
    )


def _rejected_erased(erasure: Erasure, rows: Rows) -> None:
    """Keep that the mail came, so that it is not taken a second time."""
    rows.update(sender="", subject="", reason="")


def _delete(erasure: Erasure, rows: Rows) -> None:
    rows.delete()


def _payloads(person: Person) -> Rows:
    """What names the person, among what providers and mail servers brought of late; all of it is looked through."""
    rows, words = Payload.objects.exclude(body=b"").only("pk", "body").order_by("pk"), person.address()
    found = [row.pk for row in rows.iterator(chunk_size=20) if words.search(_text(row.data))]
    return Payload.objects.filter(Q(pk__in=found) | Q(pk__in=mentions(Payload, person).values("pk"))).order_by("pk")


def _payloads_erased(erasure: Erasure, rows: Rows) -> None:
    """Drop mails, and what has served its time; what still waits tells what it tells of others, without the address."""
    words, numbers = erasure.person.address(), list(rows.values_list("pk", flat=True))
    Payload.objects.filter(pk__in=numbers, source=MAIL).delete()
    rows = Payload.objects.filter(pk__in=numbers)
    for row in rows.filter(done_at=None).iterator(chunk_size=20):
        row.rewrite(words.sub(ERASED, _text(row.data)).encode("utf-8", "surrogateescape"))
    rows.filter(done_at__isnull=False).update(body=b"")
    scrub(rows, erasure.person.address_and_name())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _log(person: Person) -> Rows:
    """What staff did to the person's rows, or with the address in its words."""
    about = Q(pk__in=mentions(LogEntry, person).values("pk"))
    for kind, numbers in _numbers(person):
        about |= Q(content_type=kind, object_id__in=numbers)
    return LogEntry.objects.filter(about)


def _numbers(person: Person) -> Iterator[tuple[ContentType, list[str]]]:
    """The person's rows in those tables of which staff ever changed a row."""
    for kind in ContentType.objects.filter(pk__in=LogEntry.objects.order_by().values("content_type").distinct()):
        table = KEPT.get(kind.model_class())  # type: ignore[arg-type]  # None is no key
        if table and table.title and kind.model_class() is not LogEntry:
            yield kind, [str(number) for number in table.rows(person).values_list("pk", flat=True)]


def _log_erased(erasure: Erasure, rows: Rows) -> None:
    """Keep that something was done, by whom and when."""
    scrub(rows, erasure.person.address_and_name())
    rows.update(object_repr=NOBODY)


def _message(one: Message) -> Facts:
    return {
        "issue": str(one.issue), "state": one.get_state_display(), "submitted": one.submitted_at,
        "attempts": one.attempts, "answer": one.reason, "variant": one.variant,
    }  # fmt: skip


def _event(one: Event) -> Facts:
    return {
        "what": one.get_kind_display(), "at": one.at, "issue": str(one.issue), "link": one.link.url if one.link else "",
        "program": one.agent, "network": one.network, "taken_for": one.judged,
    }  # fmt: skip


def _payload(one: Payload) -> Facts:
    """Of a provider's post not what it says, which is about others too: what it told of the person is in the events."""
    told = {"mail": one.data.decode("utf-8", "replace")[:_MAIL]} if one.source == MAIL else {}
    return {"from": one.source, "at": one.received_at, "understood": one.done_at is not None and not one.fault, **told}


def _sign(one: Sign) -> Facts:
    return {
        "what": one.get_kind_display(), "issue": str(one.message.issue), "link": one.link.url if one.link else "",
        "times": one.events, "taken_for_theirs": one.human, "first": one.first_at, "last": one.last_at,
    }  # fmt: skip


def _reply(one: Reply) -> Facts:
    return {
        "issue": str(one.issue), "at": one.received_at, "state": one.get_state_display(), "came_by": one.via,
        "name": one.author_name, "words": one.text, "whole_mail": one.original, "our_note": one.note,
        "our_answers": [said.text for said in one.answers.filter(via=Reply.Via.DESK).order_by("pk")],
    }  # fmt: skip


def _notice(one: Notice) -> Facts:
    """Without what it says: the link in it opens something."""
    return {
        "kind": one.get_kind_display(), "to": one.to, "asked": one.created_at, "submitted": one.submitted_at,
        "state": one.get_state_display(), "answer": one.reason,
    }  # fmt: skip


def _sign_in(one: SignIn) -> Facts:
    return {"asked": one.created_at, "used": one.used_at, "ended": one.ended_at, "came_from": one.back}


def _entry(one: LogEntry) -> Facts:
    return {
        "at": one.action_time, "what": one.get_change_message(), "about": one.object_repr,
        "table": str(one.content_type.name) if one.content_type else "", "by": by("staff"),
    }  # fmt: skip


def _errand(one: Errand) -> Facts:
    return {"what": one.get_kind_display(), "asked": one.created_at}


def _vote(one: Vote) -> Facts:
    answers = one.poll.answers
    said = answers[one.answer] if one.answer < len(answers) else ""
    return {"issue": str(one.poll.issue), "poll": one.poll.question, "answer": said, "at": one.at}


def _of(model: Any, *beside: str) -> Any:
    """The rows of a table that name the person by number, with what belongs to them, oldest first."""
    return lambda who: model.objects.filter(subscriber=who.number).select_related(*beside).order_by("pk")


KEPT |= {
    Message: Table("messages", _of(Message, "issue"), _message, _withhold),
    Event: Table(
        "events",
        lambda who: Event.objects.filter(message__subscriber=who.number).select_related("issue", "link").order_by("pk"),
        _event,
        lambda erasure, rows: rows.update(agent="", network="", detail="", key="", source="", reasons=""),
    ),
    Sign: Table(
        "signs",
        lambda who: Sign.objects.filter(message__subscriber=who.number)
        .select_related("message__issue", "link")
        .order_by("pk"),
        _sign,
    ),
    Payload: Table("told_by_programs", _payloads, _payload, _payloads_erased),
    Reply: Table(
        REPLIES, lambda who: _replies(who).select_related("issue").order_by("pk"), _reply, _replies_erased
    ),
    Like: Table("likes", _of(Like, "issue"), lambda one: {"issue": str(one.issue), "at": one.at}),
    Vote: Table("votes", _of(Vote, "poll__issue"), _vote),
    Muted: Table(
        "blocked",
        lambda who: mentions(Muted, who),
        lambda one: {"since": one.created_at, "reason": one.reason},
        _delete,
    ),
    Rejected: Table(
        "rejected_mail",
        lambda who: mentions(Rejected, who),
        lambda one: {"at": one.at, "why": one.get_why_display(), "reason": one.reason, "subject": one.subject},
        _rejected_erased,
    ),
    Notice: Table("service_mails", _notices, _notice, _delete),
    SignIn: Table("sign_ins", _of(SignIn), _sign_in),
    Errand: Table("waiting_requests", lambda who: mentions(Errand, who), _errand, _delete),
    LogEntry: Table("what_staff_did", _log, _entry, _log_erased, first=True),
}  # fmt: skip
_PUBLISHED = "what is published, which everybody may read"
FREE |= {
    **dict.fromkeys(
        (
            "newsletter.Source", "newsletter.Post", "newsletter.Sighting", "newsletter.Series", "newsletter.Issue",
            "newsletter.Item", "newsletter.Edition", "newsletter.Link", "newsletter.Term", "newsletter.Entry",
            "newsletter.Entry_terms", "newsletter.Correction", "newsletter.Poll", "newsletter.OwnBlock",
            "newsletter.Picture",
        ),
        _PUBLISHED,
    ),
    **dict.fromkeys(
        ("newsletter.Revision", "newsletter.SetAside"), "what staff have written into issues, which is to be published"
    ),
    "newsletter.Opened": "which of the staff have an issue open, for an hour at most",
    "newsletter.Tally": "how often an issue was opened and the like, which names nobody",
    "newsletter.Rollup": "what was counted of issues and newsletters, which names nobody",
    "newsletter.Posted": "the same rows as Payload's, listed apart",
    "newsletter.Triage": "what staff make of posts, which are published; it names staff alone",
    "newsletter.Decision": "the log of it",
    "newsletter.Alarm": "what is odd about an issue, which names nobody",
    "newsletter.Preflight": "what was found in an issue before it was approved, which names nobody of the audience",
    "newsletter.LinkCheck": "whether pages of others answer",
    "newsletter.Trial": "the A/B test of an issue, and why which variant won",
    "newsletter.Variant": "what a variant of an issue says differently",
    "newsletter.Override": "why staff let an issue go out in spite of what was found",
    "newsletter.MailboxMark": "how far a mailbox of ours has been read",
    "newsletter.Beat": "when the house's own jobs last ran",
    "newsletter.Hitch": "what goes wrong at the house's own work, in words that name nobody",
    "newsletter.Spooled": "how far files of opens and clicks have come into the database",
    **dict.fromkeys(
        ("newsletter.TransportState", "newsletter.Slot", "newsletter.Sent"),
        "how many messages a transport has sent and whether it works, which names nobody",
    ),
    **dict.fromkeys(
        ("newsletter.Membership", "newsletter.Wish"),
        "what staff may do and want to be told of; they are no part of the audience",
    ),
    "newsletter.Turn": "fingerprints of who asked for something, dropped after a day",
    **dict.fromkeys(
        ("auth", "account", "mfa", "usersessions", "socialaccount"),
        "staff and how they sign in; they are no part of the audience",
    ),
    "sessions": "signed-in staff; dropped when their time is over",
    "contenttypes": "the names of tables",
    "procrastinate": "the names of jobs; none of them carries anything of anybody",
}  # fmt: skip
