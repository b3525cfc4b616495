"""Bounces in no standard form, as qmail and old servers write them: read by flufl.bounce, which knows many by sight.

Words alone never count against an address for good: where no code stands beside it, the failure is one for now.
"""

from __future__ import annotations

import logging
import re
from email.parser import BytesParser

from flufl.bounce import all_failures

from newsletter.markup.text import collapse
from newsletter.models import Event
from newsletter.track.mail.reports import Told, Unclear, same, told
from newsletter.track.mail.verdicts import Verdict, of_failure
from newsletter.track.replies.incoming import BOUNDED, Incoming, shortened
from newsletter.track.replies.receiving import BROKEN

log = logging.getLogger(__name__)

_READ = 64_000
"""Bytes of a mail; what is said of the failure stands before the copy of what failed."""
_PARTS = 100
"""Lines that may begin a part: each part is gone through many times."""
_NEAR = 600
"""Characters after an address in which the server's words about it stand."""
_COPY = re.compile(
    r"^.{0,10}(below this line is a copy|this is a copy of|original message)", re.IGNORECASE | re.MULTILINE
)
_UNKNOWN = "it seems to be a bounce, in a form that is not known"


def guessed(data: bytes, incoming: Incoming, reader: str) -> list[Told]:
    """What such a bounce says of the reader of this key; raises Unclear if it says nothing of them that we know."""
    temporary, permanent = _failures(data)
    for addresses, is_permanent in ((permanent, True), (temporary, False)):
        for address in addresses:
            if same(address, reader):
                return [_judged(incoming.text, address, is_permanent)]
    named = " and names others than its reader" if temporary or permanent else ""
    raise Unclear(f"{_UNKNOWN}{named}")


def _failures(data: bytes) -> tuple[set[str], set[str]]:
    """The addresses that failed for now, and for good."""
    if (data := shortened(data[:_READ])).count(b"\n--") > _PARTS:
        raise Unclear(f"{_UNKNOWN}, of more parts than any bounce has")
    try:
        found = all_failures(BytesParser(policy=BOUNDED).parsebytes(data))
    except BROKEN as error:
        log.info("a bounce could not be read: %s", type(error).__name__)
        raise Unclear(f"{_UNKNOWN}, and it is broken") from error
    temporary, permanent = ({one.decode("ascii", "replace") for one in part} for part in found)
    return temporary, permanent


def _judged(text: str, address: str, is_permanent: bool) -> Told:
    words = _words(text, address)
    if not is_permanent:
        return told(Verdict(Event.Kind.DEFERRED), words)
    return told(of_failure("", words), words)


def _words(text: str, address: str) -> str:
    """What the server says after the address, without the copy of what we sent."""
    if copy := _COPY.search(text):
        text = text[: copy.start()]
    _, found, after = text.partition(address)
    return collapse(after[:_NEAR]).lstrip(">:) ") if found else ""
