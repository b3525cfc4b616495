"""What may stand behind a rule's question: how it is checked, read from a form, and told in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from subscribers import fields

MOST = 200
"""Values in one rule."""
LONGEST_AGO = 36_500
"""Days."""
MOST_ISSUES = 10_000
_YEARS = range(1800, 2201)
_LARGEST = 10**15


class Unfit(ValueError):
    """The value is not what the question needs; the message says what it would have to be."""


@dataclass(frozen=True)
class Value:
    """A kind of value. `draw` says which input a form has for it, and `many` that there may be several, or two.

    `check` returns the value of one part or raises Unfit; `read` does so for what somebody typed.
    """

    draw: str
    check: Callable[[Any], Any]
    read: Callable[[str], Any]
    words: Callable[[Any], str] = str
    parts: int | None = 1

    def checked(self, value: Any) -> Any:
        """The value as a rule's JSON holds it. Raises Unfit."""
        if self.parts == 1:
            return self.check(value)
        if not isinstance(value, list) or not value:
            raise Unfit("give at least one value" if self.parts is None else "give two values: from, and to")
        if self.parts is None and len(value) > MOST:
            raise Unfit(f"these are {len(value)} values; a rule takes {MOST} at most")
        found = [self.check(one) for one in value]
        if self.parts and (len(found) != self.parts or found[0] > found[1]):
            raise Unfit("give two values, the smaller one first")
        return found

    def typed(self, texts: Sequence[str]) -> Any:
        """The value that somebody typed into the inputs of a form. Raises Unfit."""
        if self.parts == 1:
            if self.draw == "text" and (number := len(filled(texts))) > 1:
                raise Unfit(f"this asks for one value, and here are {number}: leave one, or ask for one of them")
            return self.checked(self.read(texts[0] if texts else ""))
        given = [one for text in texts for one in (text.splitlines() if self.parts is None else [text])]
        return self.checked([self.read(one) for one in given if one.strip() or self.parts])

    def shown(self, value: Any) -> list[str]:
        """The value as inputs of a form show it."""
        return [_plain(one) for one in (value if isinstance(value, list) else [value]) if one is not None]

    def said(self, value: Any) -> str:
        """The value in a sentence."""
        if not isinstance(value, list):
            return self.words(value)
        words = [self.words(one) for one in value]
        if self.parts:
            return " and ".join(words)
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def filled(texts: Sequence[str]) -> list[str]:
    """The lines of some inputs that hold anything."""
    return [line for text in texts for line in text.splitlines() if line.strip()]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else format(value, "g" if isinstance(value, float) else "")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("this must be a text")
    if len(value) > fields.LONGEST:
        raise Unfit(f"a text has {fields.LONGEST} characters at most")
    if not (plain := fields.tidy(value)):
        raise Unfit("give a text")
    return plain


def _domain(value: Any) -> str:
    plain = _text(value).rpartition("@")[2].rstrip(".").lower()
    try:
        plain = plain if plain.isascii() else plain.encode("idna").decode()
    except UnicodeError:
        plain = ""
    if not plain or " " in plain:
        raise Unfit("give a domain, such as gmail.com")
    return plain


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unfit("this must be a number")
    if abs(value) > _LARGEST:
        raise Unfit("this number is too large")
    return value


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_AGO:
        raise Unfit(f"this must be a whole number of days, from 1 to {LONGEST_AGO}")
    return value


def _issues(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_ISSUES:
        raise Unfit(f"this must be a whole number of issues, from 1 to {MOST_ISSUES}")
    return value


def _date(value: Any) -> str:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        day = None
    if day is None:
        raise Unfit("this must be a date, such as 2026-11-22")
    if day.year not in _YEARS:
        raise Unfit(f"this must be a date from {_YEARS[0]} to {_YEARS[-1]}")
    return value  # type: ignore[no-any-return]


def _typed(kind: str, otherwise: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            found = fields.typed(kind, text)
        except fields.Unfit as error:
            raise Unfit(str(error)) from None
        if found is None:
            raise Unfit(otherwise)
        return found

    return read


def _long_date(value: str) -> str:
    day = date.fromisoformat(value)
    return f"{day:%-d %B %Y}"


_reads_number, _reads_date = _typed("number", "give a number"), _typed("date", "give a date")
TEXT = Value("text", _text, _text)
TEXTS = Value("texts", _text, _text, parts=None)
DOMAINS = Value("texts", _domain, _domain, parts=None)
NUMBER = Value("number", _number, _reads_number, _plain)
NUMBERS = Value("numbers", _number, _reads_number, _plain, parts=2)
DATE = Value("date", _date, _reads_date, _long_date)
DATES = Value("dates", _date, _reads_date, _long_date, parts=2)
DAYS = Value(
    "days", _days, _typed("number", "give a number of days"), lambda days: "day" if days == 1 else f"{days} days"
)
ISSUES = Value(
    "issues", _issues, _typed("number", "give a number of issues"),
    lambda number: "1 issue" if number == 1 else f"{number} issues",
)  # fmt: skip


def start_of(day: str) -> datetime:
    """When this day begins, in the zone of the publication."""
    return datetime.combine(date.fromisoformat(day), time.min, tzinfo=timezone.get_default_timezone())


def end_of(day: str) -> datetime:
    """When the day after this one begins."""
    after = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(after, time.min, tzinfo=timezone.get_default_timezone())
