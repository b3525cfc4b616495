"""Dates in the editors' words that are not the issue's: last year's, or a Friday that is a Saturday."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import dates, translation

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof, place

FAR = timedelta(days=200)
_YEAR = re.compile(r"(?<![\w./-])(20\d\d)(?![\w/-]|\.\d)")
_ISO = re.compile(r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)")
_AHEAD = ("the subject", "the preheader")


def wrong_year(proof: Proof) -> Iterator[Finding]:
    """Whole dates anywhere in the editors' words, and bare years in the subject; stories may tell of any time."""
    due = proof.issue.due_at.astimezone(ZoneInfo(proof.config.time_zone_of(proof.issue.newsletter))).date()
    language = proof.letter.language
    titles = [(place(item), item.pk, item.title) for item in proof.items if item.post.source.kind != "feed"]
    for where, item, words in (*proof.own_words, *titles):
        for said, on, weekday in dated(words, language):
            if abs(on - due) > FAR:
                yield _found(f"“{said}” is {_far(on, due)}", where, item, said)
            elif weekday is not None and weekday != on.weekday():
                name = calendar.day_name[on.weekday()]
                yield _found(f"“{said}” is a {name}", where, item, said)
        if where in _AHEAD:
            yield from _bare(words, due, where)


def _bare(words: str, due: date, where: str) -> Iterator[Finding]:
    """Around New Year both years may be meant, and the next one is looked forward to from autumn on."""
    meant = {due.year, (due - timedelta(days=62)).year, (due + timedelta(days=123)).year}
    for said in dict.fromkeys(_YEAR.findall(words)):
        if int(said) not in meant:
            yield _found(f"it says {said}, and the issue is of {due.year}", where, None, said)


def dated(words: str, language: str) -> Iterator[tuple[str, date, int | None]]:
    """The whole dates in some words: how each is written, which day it is, and the weekday before it, if any.

    Many a month is called the same in English: where both read a date, the one that reads more of it is right.
    """
    read: dict[int, tuple[str, date, int | None]] = {}
    for found in _ISO.finditer(words):
        if on := _day(int(found[1]), int(found[2]), int(found[3])):
            read[found.end()] = (found[0], on, None)
    for name in dict.fromkeys(("en", language)):
        pattern, months, weekdays = _patterns(name)
        for found in pattern.finditer(words):
            parts = found.groupdict()
            month = months[(parts["month"] or parts["first"]).lower().rstrip(".")]
            day = int(parts["day"] or parts["second"])
            longer = len(found[0]) > len(read.get(found.end(), ("",))[0])
            if longer and (on := _day(int(parts["year"]), month, day)):
                before = (parts["weekday"] or "").lower().rstrip(".")
                read[found.end()] = (found[0], on, weekdays.get(before))
    yield from (read[end] for end in sorted(read))


@lru_cache(maxsize=32)
def _patterns(language: str) -> tuple[re.Pattern[str], dict[str, int], dict[str, int]]:
    """How a language writes dates, with the numbers of its months (1 …) and weekdays (Monday is 0)."""
    with translation.override(language):
        months = {str(name).lower(): number for number, name in dates.MONTHS.items()}
        months |= {str(name).lower().rstrip("."): number for number, name in dates.MONTHS_3.items()}
        weekdays = {str(name).lower(): number for number, name in dates.WEEKDAYS.items()}
    month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    weekday = "|".join(sorted(map(re.escape, weekdays), key=len, reverse=True))
    pattern = (
        rf"(?:\b(?P<weekday>{weekday})\.?,?\s+(?:the\s+|den\s+|le\s+)?)?"
        rf"(?:\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<month>{month})\b\.?"
        rf"|\b(?P<first>{month})\.?\s+(?P<second>\d{{1,2}})(?:st|nd|rd|th)?\b),?\s+(?:de\s+)?(?P<year>20\d\d)\b"
    )
    return re.compile(pattern, re.IGNORECASE), months, weekdays


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _far(on: date, due: date) -> str:
    days = abs((on - due).days)
    long = f"{days // 365} year{'' if days // 365 == 1 else 's'}" if days >= 365 else f"{days // 30} months"
    return f"{long} {'before' if on < due else 'after'} the issue is due"


def _found(what: str, where: str, item: int | None, about: str) -> Finding:
    return Finding("year", what, "look at the calendar, and mend it if it is not meant", where, item, about)
