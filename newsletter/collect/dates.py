"""Points in time as people and programs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from newsletter.config.values import zone

# Jekyll writes `2026-11-02 08:00:00 +0100`: fromisoformat knows no space there, nor more than microseconds.
_SPACES = re.compile(r"\s+(?=[+-]\d\d:?\d\d$|Z$|UTC$)|(?<=\.\d{6})\d+")


def moment(text: str, time_zone: str) -> datetime | None:
    """A date, with or without a time and an offset; one without is meant in this time zone. None if it is no date."""
    text = _SPACES.sub("", text.strip()).replace("UTC", "Z")
    if not re.match(r"\d{4}-\d\d?-\d\d?|\w+,? \d", text):
        return None
    try:
        found = _parsed(text)
        found = found if found.tzinfo else found.replace(tzinfo=zone(time_zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parsed(text: str) -> datetime:
    if not text[0].isdigit():
        return parsedate_to_datetime(text)
    padded = re.sub(r"^(\d{4})-(\d)-", r"\1-0\2-", text)
    return datetime.fromisoformat(re.sub(r"^(\d{4}-\d\d)-(\d)(?!\d)", r"\1-0\2", padded))
