"""What a server's answers mean for a message (RFC 5321, 4.2; RFC 3463)."""

from __future__ import annotations

import re
from typing import NamedTuple

from newsletter.send.transports.base import State

CLOSING = 421
"""Whatever was asked: the server ends the connection."""
START = 354
"""The server waits for the text."""
_STATES = {2: State.SUBMITTED, 4: State.DEFERRED, 5: State.FAILED}  # the first digit is what counts
_FULL = 552  # RFC 5321, 4.5.3.1.10: before the text it is for the moment, whatever its first digit says
_SEQUENCE = (500, 502, 503)
_HARD = re.compile(rb"5\.(1\.([123]|10)|2\.1)(?!\d)")
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_NO_MAILBOX = (550, 551, 553)
# What servers without enhanced codes say when it is us whom they do not want, and not the reader who is not there.
_ABOUT_US = re.compile(
    rb"5\.7\.|relay|den(y|ied)|block|black ?list|spam|policy|reputation|auth|prohibit|permit|allowed|sender",
    re.IGNORECASE,
)
_LONGEST = 1000


class Reply(NamedTuple):
    """One answer, its lines joined."""

    code: int
    text: bytes

    def __str__(self) -> str:
        words = f"{self.code} {self.text.decode('utf-8', 'replace')}"[:_LONGEST]
        return words if words.isprintable() else "".join(one if one.isprintable() else " " for one in words)


class Verdict(NamedTuple):
    """What an answer means for one message, and its words."""

    state: State
    reason: str


def of_recipient(reply: Reply) -> Verdict:
    """The verdict on a recipient who was refused."""
    return Verdict(State.BOUNCED, str(reply)) if _is_hard(reply) else of_data(reply)


def of_data(reply: Reply) -> Verdict:
    """The verdict on a message whose text is not wanted, though its recipient is."""
    return Verdict(State.DEFERRED if reply.code == _FULL else _STATES[reply.code // 100], str(reply))


def of_text(reply: Reply) -> Verdict | None:
    """The verdict on a message whose text has been sent; none if this is no answer to one."""
    state = _STATES.get(reply.code // 100)
    return Verdict(state, str(reply)) if state else None


def is_refusal(reply: Reply) -> bool:
    """Whether the server says no, for now or for good."""
    return reply.code // 100 in (4, 5)


def is_about_order(reply: Reply) -> bool:
    """Whether the server was confused by what came when: commands that it does not know, or not at this point."""
    return reply.code in _SEQUENCE


def _is_hard(reply: Reply) -> bool:
    """Whether there is no such mailbox, now or ever."""
    if _ENHANCED.match(reply.text):
        return reply.code // 100 == 5 and _HARD.match(reply.text) is not None
    return reply.code in _NO_MAILBOX and not _ABOUT_US.search(reply.text)


def joined(lines: list[bytes]) -> Reply:
    """An answer of several lines as one; an enhanced code that all of them bear is kept once."""
    texts = [line[4:].strip() for line in lines]
    if (first := _ENHANCED.match(texts[0])) is not None:
        texts[1:] = [text.removeprefix(first[0]).lstrip() for text in texts[1:]]
    return Reply(int(lines[-1][:3]), b" ".join(filter(None, texts)))
