"""When a form was shown: a signed stamp in it, because a program sends it sooner than anybody can type.

A page that is shared by all who read it, and a form on another site, can hold no such moment. What is posted from there
leads to the list's own page, filled in, with one more button to press. That costs a reader a second, and shows what is
agreed to; what posts blindly stops there, and the mailbox that it meant to flood stays empty.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

SALT = "newsletter form stamp"
VALID = timedelta(days=1)


@dataclass(frozen=True)
class Stamp:
    """When the form of a list was shown, where it was begun, and which issue led there.

    `site` is the origin of another site whose form began it; `filled` says that nothing had to be typed any more.
    """

    list: str
    at: float
    site: str = ""
    issue: str = ""
    filled: bool = False

    def sign(self) -> str:
        """The stamp as it stands in the form."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    def hasty(self, now: datetime, quickest: timedelta) -> bool:
        """Whether it came back sooner than a person can; to press a button takes a quarter of what typing does."""
        least = quickest.total_seconds() / (4 if self.filled else 1)
        return now.timestamp() - self.at < least


def read(text: str, name: str) -> Stamp | None:
    """The stamp of this list's form; none if it is too old, another list's, or was never ours."""
    try:
        held: dict[str, Any] = signing.loads(text, salt=SALT, max_age=VALID)
    except signing.BadSignature:
        return None
    stamp = Stamp(**held)
    return stamp if stamp.list == name else None
