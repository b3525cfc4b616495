"""How fast something goes and how long it yet takes, in words for people."""

from __future__ import annotations

from datetime import timedelta

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def rate_words(rate: float) -> str:
    """Messages in a second, or in a minute where they are few."""
    if rate >= 1:
        return f"{rate:,.0f} a second"
    return f"{rate * 60:,.0f} a minute" if rate * 60 >= 1 else ""


def left_words(left: timedelta | None) -> str:
    """How long it takes; empty where nobody can say, or where it is over."""
    seconds = left.total_seconds() if left else 0
    for size, unit in _UNITS:
        # Of a larger unit there are at least two: “about 90 minutes” says more than “about 2 hours”.
        if seconds >= 2 * size or size == 1:
            number = round(seconds / size)
            return f"about {number} {unit}{'' if number == 1 else 's'} left" if number else ""
    return ""
