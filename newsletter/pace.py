"""How fast something goes and how long it yet takes, in words for people."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from newsletter.models.tail import Held, Tail

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def rate_words(rate: float) -> str:
    """Messages in a second, or in a minute where they are few."""
    if rate >= 1:
        return f"{rate:,.0f} a second"
    return f"{rate * 60:,.0f} a minute" if rate * 60 >= 1 else ""


def held_words(number: int, held: Held | None, own: str) -> str:
    """What is held, and until when; `own` is the newsletter's zone. Without an hour, it waits for a decision."""
    if not number:
        return ""
    if held is None:
        return f"{number:,} held until it is settled which variant they get"
    zone = held.zone or own
    until = f"{held.until.astimezone(ZoneInfo(zone)):%a %-d %b, %H:%M} in {zone.replace('_', ' ')}"
    if held.last == held.until:
        return f"{number:,} held until {until}"
    return f"{number:,} held: the next go at {until}, the last at {timezone.localtime(held.last):%a %-d %b, %H:%M %Z}"


def tail_words(tail: Tail) -> str:
    """When an issue comes at its readers' local time, and for how many it is too late for that."""
    if tail.first is None or tail.last is None:
        return "at each reader's local time; nobody can say yet when that is"
    first, last = (f"{timezone.localtime(at):%a %-d %b, %H:%M %Z}" for at in (tail.first, tail.last))
    about = "" if tail.exact else "about "
    said = f"at the local time of {about}{tail.people:,} people, from {first} until {last}"
    return said + (f"; for {about}{tail.late:,} that has passed, and they get it at once" if tail.late else "")


def left_words(left: timedelta | None) -> str:
    """How long it takes; empty where nobody can say, or where it is over."""
    seconds = left.total_seconds() if left else 0
    for size, unit in _UNITS:
        # Of a larger unit there are at least two: “about 90 minutes” says more than “about 2 hours”.
        if seconds >= 2 * size or size == 1:
            number = round(seconds / size)
            return f"about {number} {unit}{'' if number == 1 else 's'} left" if number else ""
    return ""
