"""Reasons: what is common to the answers of servers, each of which names another address and another queue."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST = 160
"""Characters of a reason that are looked at once it is stripped of what differs from answer to answer."""
GAP = "…"
# An address, with or without brackets, from where a word begins: else a long one without an @ would be gone through
# anew from each of its letters. The address of a page that explains, up to its query; an IP address.
_ADDRESS = re.compile(r"(?:<|(?<![^\s<>\"'(),;:@]))[^\s<>\"'(),;:@]+@[^\s<>\"'(),;:]+>?")
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*")
_NET = re.compile(r"\[?\b(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7})\b\]?", re.IGNORECASE)
# A word of letters and digits mixed, as queues and sessions are called, such as 4DkXyZ1q2w; or a long number.
_NUMBERED = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{8,}(?:\.\d+)?\b|\b\d{5,}\b")


@lru_cache(maxsize=10_000)  # pages that look again every few seconds ask for the same ones
def gist(reason: str) -> str:
    """A reason without the addresses and numbers in it, so that those of one kind are one."""
    text = _QUERY.sub(r"\1", " ".join(reason.split()))
    for pattern in (_ADDRESS, _NET, _NUMBERED):
        text = pattern.sub(GAP, text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}{GAP}"


def says(reason: str, wanted: str) -> bool:
    """Whether a reason is of the kind that `wanted` names: its gist, or some words of it in whatever case."""
    wanted = " ".join(wanted.split()).casefold()
    return wanted == gist(reason).casefold() or wanted in " ".join(reason.split()).casefold()
