"""Limits as people say them: `100 per second`, `1,000 per hour`, `50000 a day`; and the days of a warm-up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from newsletter.config.values import Called

Unit = Literal["second", "minute", "hour", "day"]

SECONDS: dict[Unit, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
"""How long each unit is."""
_MOST = 1_000_000_000
_LONGEST = 366
_UNITS: dict[str, Unit] = {
    "s": "second", "sec": "second", "second": "second", "seconds": "second",
    "m": "minute", "min": "minute", "mins": "minute", "minute": "minute", "minutes": "minute",
    "h": "hour", "hr": "hour", "hour": "hour", "hours": "hour", "hourly": "hour",
    "d": "day", "day": "day", "days": "day", "daily": "day",
}  # fmt: skip
_NUMBER = r"\d{1,3}(?:[,'’_\s]\d{3})+|\d+"
_RATE = re.compile(
    rf"({_NUMBER})\s*(k?)\s*(?:(?:messages?|mails?|e-?mails?|msgs?)\s*)?(?:(?:per|a|an|each|every)\s+|/\s*|(?=hourly|daily))([a-z]+)"
)
# A comma between thousands is not one between rates: YAML, too, takes `[1,000 per hour]` for two entries.
_BETWEEN = re.compile(r"\s*(?:;|(?<!\d),|,(?!\d{3}(?!\d))|\band\b)\s*")
_HOW = "write a whole number per second, minute, hour or day, such as 100 per second or 5,000 a day"
_HOW_WARM = "write how many on each day of sending, such as [50, 100, 500] or {1: 50, 5: 1000}"


@dataclass(frozen=True)
class Rate:
    """So many messages in a second, a minute, an hour or a day."""

    number: int
    per: Unit

    @property
    def seconds(self) -> int:
        """How long the unit is."""
        return SECONDS[self.per]

    def __str__(self) -> str:
        return f"{self.number:,} {'a' if self.per == 'day' else 'per'} {self.per}"


def _rates(given: Any) -> Any:
    """One rate or several, in a list or between commas; raises ValueError, which says how to write them."""
    if not isinstance(given, (str, int, list, tuple)):
        raise ValueError(f"this is not a rate; {_HOW}")
    if isinstance(given, (list, tuple)) and all(isinstance(each, Rate) for each in given):
        return given
    text = ",".join(map(str, given)) if isinstance(given, (list, tuple)) else str(given)
    rates = [_rate(part) for part in _BETWEEN.split(text.strip()) if part]
    for unit in SECONDS:
        if sum(rate.per == unit for rate in rates) > 1:
            raise ValueError(f"there are two limits for the {unit}; keep one of them")
    return sorted(rates, key=lambda rate: rate.seconds)


def _rate(text: str) -> Rate:
    match = _RATE.fullmatch(text.strip().lower())
    if not match or match[3] not in _UNITS:
        raise ValueError(f"'{text.strip()}' is not a rate; {_HOW}")
    number = _whole(match[1]) * (1000 if match[2] else 1)
    if not 0 < number <= _MOST:
        raise ValueError(f"'{text.strip()}' is not a rate that mail can go at; {_HOW}")
    return Rate(number, _UNITS[match[3]])


def _whole(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _warm_up(given: Any) -> Any:
    """The limit of each day of sending, from the first; between the days of a mapping the last one named holds on."""
    if isinstance(given, dict):
        return list(_filled({_count(day): _count(number) for day, number in given.items()}))
    if isinstance(given, (list, tuple)):
        days = [_count(number) for number in given]
        if len(days) > _LONGEST:
            raise ValueError(f"a warm-up has {_LONGEST} days at most")
        return days
    raise ValueError(f"this is not a warm-up; {_HOW_WARM}")


def _filled(steps: dict[int, int]) -> Iterator[int]:
    if steps and (min(steps) != 1 or max(steps) > _LONGEST):
        raise ValueError(f"a warm-up begins with day 1 and has {_LONGEST} days at most; {_HOW_WARM}")
    number = 0
    for day in range(1, max(steps, default=0) + 1):
        number = steps.get(day, number)
        yield number


def _count(given: Any) -> int:
    """A whole number of one or more. `[50, 1,000]` is three entries to YAML, of which the last begins with a nought."""
    text = str(given).strip()
    if not re.fullmatch(rf"(?!0)(?:{_NUMBER})", text) or _whole(text) > _MOST:
        raise ValueError(f"'{text}' is not a number of messages or a day; {_HOW_WARM}, without commas in the numbers")
    return _whole(text)


Rates = Annotated[tuple[Rate, ...], BeforeValidator(_rates), Called("rate or list of rates")]
WarmUp = Annotated[tuple[int, ...], BeforeValidator(_warm_up), Called("list of numbers, or numbers by day")]
