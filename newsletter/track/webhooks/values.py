"""Values that somebody else wrote into JSON, as what we expect of them, whatever they are; and which event it is."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from newsletter.markup.text import scrub

LONGEST = 1000
"""Characters of somebody's words that are looked at."""
_KEY = 100
_LATEST = timedelta(days=30)
"""By how much longer ago than it was told nothing can have happened: so long no provider keeps an event."""


def parsed(data: bytes) -> Any:
    """What JSON holds. Raises ValueError, with words for staff."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("this JSON is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"this is no JSON: {error}") from None


def text(value: object) -> str:
    """A text without what no database takes, cut to LONGEST; empty for what is none."""
    return scrub(value[:LONGEST]) if isinstance(value, str) else ""


def number(value: object) -> int:
    """The number of a message of the ledger; 0 for a test mail's or a service mail's name, and anything else."""
    found = value if isinstance(value, str) else str(value) if type(value) is int else ""
    return int(found) if found.isascii() and found.isdigit() and len(found) < 19 else 0


def moment(value: object, told_at: datetime) -> datetime:
    """Seconds since 1970 as a moment; when it was told, where that makes no sense."""
    try:
        found = datetime.fromtimestamp(float(value), UTC)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError, OverflowError, OSError):
        return told_at
    return found if told_at - _LATEST <= found else told_at


def key_of(told: object, event: object) -> str:
    """What an event is known by: what its provider calls it, else a digest of all that it says."""
    if (said := text(told)) and len(said) <= _KEY and said == told:
        return said
    whole = json.dumps(event, sort_keys=True, default=str).encode()
    return f"sha256:{hashlib.sha256(whole).hexdigest()}"
