"""Values that people have, for whoever writes a rule and does not know by heart how they are spelled."""

from __future__ import annotations

from collections import Counter
from typing import Any

from subscribers.finding import by_lot
from subscribers.limits import TooLong, within
from subscribers.segments.vocabulary import Kind

PATIENCE = 0.1
"""Seconds."""
MOST = 50
_LONGEST = 100


def seen(kind: Kind, about: Any) -> list[str]:
    """What people have there, the most frequent first; of a sample, so that it is found at once among a million."""
    held = kind.held(about)
    if held is None:
        return []
    try:
        with within(PATIENCE):
            found = Counter(by_lot().values_list(held, flat=True))
    except TooLong:
        return []
    fit = [one for one in found if isinstance(one, str) and one.strip() and len(one) <= _LONGEST]
    return sorted(fit, key=lambda one: (-found[one], one))[:MOST]
