"""Delivery reports (RFC 3464) and feedback reports (RFC 5965), read into what happened to one message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message as Mail

from newsletter.models import Event
from newsletter.track.mail.parts import Report
from newsletter.track.mail.verdicts import Verdict, verdict
from newsletter.track.replies.incoming import readable
from subscribers.addresses import InvalidAddress, normalize
from subscribers.traces import without_addresses

Kind = Event.Kind

_FEEDBACK = {
    "abuse": Kind.COMPLAINED,
    "fraud": Kind.COMPLAINED,
    "other": Kind.COMPLAINED,
    "opt-out": Kind.UNSUBSCRIBE,
    "opt-out-list": Kind.UNSUBSCRIBE,
}
NOT_SPAM = "not-spam"
# As in `whose`, from where a word begins.
_WHO = re.compile(r"(?<![^\s<>\"';@])[^\s<>\"';@]+@[^\s<>\"';]+")
_LONGEST = 300
_JAPANESE = "\x1b$"


class Unclear(ValueError):
    """A mail that cannot be understood; the message says why, in words for staff."""


@dataclass(frozen=True)
class Told:
    """One thing that a mail tells of a message, and the words for it, without anybody's address."""

    kind: Event.Kind
    words: str = ""


@dataclass(frozen=True)
class Recipient:
    """What a delivery report says of one recipient: who it was in the end, who it was for us, and what became of it."""

    final: str
    original: str
    verdict: Verdict
    words: str

    def is_for(self, reader: str) -> bool:
        """Whether this is the reader of this key, and not somebody whom their mail was forwarded to."""
        return any(
            same(address, reader) for address in (self.final, self.original if not self.final else "") if address
        )


def recipients(report: Report) -> list[Recipient]:
    """Whom a delivery report tells of; raises Unclear if it names nobody and says of nobody what became of the mail."""
    found = [_recipient(group) for group in report.groups if group.get("Action") or group.get("Final-Recipient")]
    if not found:
        # Some have one group alone, and others nothing that any standard knows.
        found = [_recipient(group) for group in report.groups if group.get("Status")]
    if not found:
        raise Unclear("it is a delivery report that says of no recipient what became of the mail")
    return found


def of_reader(found: list[Recipient], reader: str) -> list[Told]:
    """What a delivery report says of the reader of a message, whose key this is.

    If it names others alone, the mail was forwarded: a failure there is none of the reader's own mailbox.
    """
    theirs = [one for one in found if one.is_for(reader) or not (one.final or one.original)]
    said = [told(one.verdict, one.words) for one in theirs] or [_forwarded(one) for one in found]
    return list({one.kind: one for one in reversed(said)}.values())


def of_feedback(report: Report) -> list[Told]:
    """What a feedback report says of its message; nothing if it takes a complaint back."""
    kind = next((field(group, "Feedback-Type").lower() for group in report.groups if group.get("Feedback-Type")), "")
    if kind == NOT_SPAM:
        return []
    if kind not in _FEEDBACK:
        named = f"of the kind “{kind[:40]}”, which is about no reader" if kind else "that does not say of what kind"
        raise Unclear(f"it is a feedback report {named}")
    agent = next((field(group, "User-Agent") for group in report.groups if group.get("User-Agent")), "")
    return [Told(_FEEDBACK[kind], without_addresses(f"{kind} {agent}".strip())[:_LONGEST])]


def field(group: Mail, name: str) -> str:
    """A field's text on one line."""
    raw = str(group.get(name) or "")
    if _JAPANESE in raw:
        raw = raw.encode("ascii", "replace").decode("iso2022_jp", "replace")
    return readable(raw)


def _recipient(group: Mail) -> Recipient:
    status, diagnostic = field(group, "Status"), field(group, "Diagnostic-Code")
    said = diagnostic.partition(";")[2].strip() or diagnostic
    return Recipient(
        final=_address(field(group, "Final-Recipient")),
        original=_address(field(group, "Original-Recipient")),
        verdict=verdict(field(group, "Action"), status, diagnostic),
        words=said,
    )


def told(found: Verdict, words: str, before: str = "", kind: Event.Kind | None = None) -> Told:
    """A verdict and the words for it; `before` says what they are about."""
    said = words if found.status in words else f"{found.status} {words}".strip()
    parts = (before, "unclear" if found.unclear else "", without_addresses(said))
    return Told(kind or found.kind, ": ".join(filter(None, parts))[:_LONGEST])


def _forwarded(one: Recipient) -> Told:
    """What became of it where the reader's mail is forwarded to; that they have no mailbox there says less."""
    kind = one.verdict.kind
    return told(
        one.verdict, one.words, "where it was forwarded to", Kind.SOFT_BOUNCED if kind == Kind.BOUNCED else kind
    )


def _address(text: str) -> str:
    """The address in a field such as `rfc822; maja@example.org`."""
    match = _WHO.search(text.partition(";")[2] or text)
    return match[0] if match else ""


def same(address: str, reader: str) -> bool:
    """Whether two addresses are of one mailbox.

    A server may know it by a name below or above the mail domain, and without what stands after a plus sign.
    """
    try:
        key = normalize(address)[1]
    except InvalidAddress:
        key = address.lower()
    (local, _, domain), (mine, _, home) = key.rpartition("@"), reader.rpartition("@")
    if local not in (mine, mine.partition("+")[0]) or "." not in domain:
        return False
    return domain == home or domain.endswith(f".{home}") or home.endswith(f".{domain}")
