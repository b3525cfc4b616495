"""What a report's words mean for a message: RFC 3464's Action, RFC 3463's status, or a bare SMTP answer (RFC 5321)."""

from __future__ import annotations

import re
from typing import NamedTuple

from newsletter.models import Event

Kind = Event.Kind

_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_ANSWER = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -]|$)")
_HARD = {"5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"}
_FULL = "5.2.2"
_NO_MAILBOX = {"550", "551", "553"}
# Words of servers without such codes when it is us whom they do not want, and not the reader who is not there.
_ABOUT_US = re.compile(
    r"relay|den(y|ied)|block|black ?list|spam|policy|reputation|auth|prohibit|permit|allowed|sender|quota|full",
    re.IGNORECASE,
)
# And those that can mean nothing else.
_POLICY = re.compile(r"\bspam|black ?list|block ?list|dnsbl|\brbl\b|reputation", re.IGNORECASE)
_ACTIONS = {
    "delivered": Kind.DELIVERED,
    "expanded": Kind.DELIVERED,
    # Handed to a server that will not report: taken, and nothing more is known.
    "relayed": Kind.ACCEPTED,
    "delayed": Kind.DEFERRED,
}


class Verdict(NamedTuple):
    """A kind of event, and the status it was read from; `unclear` where that was the cautious reading of it."""

    kind: Event.Kind
    status: str = ""
    unclear: bool = False


def verdict(action: str, status: str, diagnostic: str) -> Verdict:
    """What became of a message of which a report says this; each may be missing."""
    if (kind := _ACTIONS.get(action.strip().lower())) is not None:
        return Verdict(kind, first_status(status))
    return of_failure(status, diagnostic)


def of_failure(status: str, diagnostic: str) -> Verdict:
    """What a failure is: for good, for now, or about us. What is not clear never counts against an address for good."""
    found = [match for text in (status, diagnostic) if (match := first_status(text))]
    if policy := next((one for one in found if one.startswith("5.7.")), ""):
        return Verdict(Kind.BLOCKED, policy)
    # x.0.0 says no more than its first digit: what the other server said may say more.
    best = next((one for one in found if not one.endswith(".0.0")), "") or _answer(diagnostic) or next(iter(found), "")
    if best in _HARD or (best in _NO_MAILBOX and not _ABOUT_US.search(diagnostic)):
        return Verdict(Kind.BOUNCED, best)
    if best in _NO_MAILBOX and _POLICY.search(diagnostic):
        return Verdict(Kind.BLOCKED, best)
    return Verdict(Kind.SOFT_BOUNCED, best, unclear=not (best.startswith("4") or best == _FULL))


def first_status(text: str) -> str:
    """The first enhanced status code in a text, without zeros in front; empty if there is none."""
    match = _STATUS.search(text)
    return ".".join(str(int(part)) for part in match.groups()) if match else ""


def _answer(text: str) -> str:
    match = _ANSWER.search(text)
    return match[1] if match else ""
