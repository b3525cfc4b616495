"""The parts of a report: what a program says in fields, and what it returns of the mail that this is about.

Nothing that lies in a mail inside the mail counts: whoever forwards a report, or quotes one, reports nothing.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as Mail
from email.parser import HeaderParser

from newsletter.track.replies.incoming import BOUNDED, headers_of

STATUS = "delivery-status"
FEEDBACK = "feedback-report"
RECEIPT = "disposition-notification"
_KINDS = {
    "message/delivery-status": STATUS,
    "message/global-delivery-status": STATUS,  # RFC 6533
    "message/feedback-report": FEEDBACK,
    "message/disposition-notification": RECEIPT,
    "message/global-disposition-notification": RECEIPT,
}
_RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
    "message/rfc822-headers",
)
_DEEPEST = 20
_BLOCKS = 100
_BLANK = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Report:
    """What a program reports: groups of fields, of which the first may be about all, and the headers it returns."""

    kind: str
    groups: tuple[Mail, ...]
    returned: Mail | None = None


def report_in(mail: Mail) -> Report | None:
    """The report that this mail is, with what it returns from beside it; None for a mail that is none."""
    for container in _containers(mail):
        parts = [part for part in container.get_payload() if isinstance(part, Mail)]
        for part in parts:
            if kind := _KINDS.get(part.get_content_type()):
                returned = next((_headers(one) for one in parts if one.get_content_type() in _RETURNED), None)
                return Report(kind, tuple(_groups(part)), returned)
    return None


def holds_forwarded_report(mail: Mail) -> bool:
    """Whether a report lies in a mail that is attached to this one."""
    return any(
        report_in(inner) is not None
        for container in _containers(mail)
        for part in container.get_payload()
        if isinstance(part, Mail) and part.get_content_type() in _RETURNED[:2]
        for inner in (part.get_payload() if part.is_multipart() else ())
        if isinstance(inner, Mail)
    )


def _containers(mail: Mail, deep: int = 0) -> Iterator[Mail]:
    """The mail and whatever multipart parts it has, but none of a mail inside it."""
    if mail.get_content_maintype() != "multipart" or not mail.is_multipart() or deep > _DEEPEST:
        return
    yield mail
    for part in mail.get_payload():
        if isinstance(part, Mail):
            yield from _containers(part, deep + 1)


def _groups(part: Mail) -> list[Mail]:
    """The groups of fields in a part; some programs encode them, which they must not (RFC 3464, 2.1)."""
    payload = part.get_payload()
    groups = [one for one in payload if isinstance(one, Mail)] if isinstance(payload, list) else []
    text = _decoded(part, groups)
    if text is None:
        # Of kinds that the email package does not know, it parses the first group alone.
        rest = "\n\n".join(str(one.get_payload()) for one in groups if not one.is_multipart()).strip()
        return [*groups, *_parsed(rest)][:_BLOCKS]
    return _parsed(text)[:_BLOCKS]


def _decoded(part: Mail, groups: list[Mail]) -> str | None:
    coding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if coding not in ("base64", "quoted-printable"):
        return None
    data = "\n".join(one.as_string() for one in groups).encode("ascii", "replace")
    try:
        raw = base64.b64decode(data) if coding == "base64" else quopri.decodestring(data)
    except binascii.Error:
        return None
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def _parsed(text: str) -> list[Mail]:
    blocks = (block for block in _BLANK.split(text.replace("\r\n", "\n")) if ":" in block)
    return [HeaderParser(policy=BOUNDED).parsestr(block.strip("\n") + "\n\n") for block in blocks]


def _headers(part: Mail) -> Mail:
    """The headers of the mail that a part returns."""
    if part.is_multipart():
        inner = part.get_payload(0)
        if isinstance(inner, Mail):
            return inner
    data = part.get_payload(decode=True)
    return headers_of(data if isinstance(data, bytes) else b"")
