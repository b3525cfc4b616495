"""What is known of a person besides the address: custom fields, and the name to call them by.

A text is kept as one line, a number as a number of JSON, a date as the text `2026-11-22`, yes and no as true and false.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache

LONGEST = 500
"""Characters of one field; a name is shorter."""
MOST = 100
"""Fields of one person."""

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
# Controls and halves of characters; and marks that turn the direction of whatever follows. Plain RTL and LRM marks,
# joiners and variation selectors mean something in names and stay.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_BEFORE_NAMES = (
    "dr prof mr mrs ms mx miss sir dame lord lady rev fr herr frau hr fru mme mlle m sr sra srta don doña dott ing mag "
    "dipl"
)
_AFTER_NAMES = "phd ph md jr sr ii iii iv esq ba bsc ma msc mba llb llm mbe obe cbe qc kc dds rn"
_TITLES, _SUFFIXES = (frozenset(words.split()) for words in (_BEFORE_NAMES, _AFTER_NAMES))


@lru_cache(maxsize=1024)  # the same few for every person
def slug(header: str) -> str:
    """A field's name as everything calls it: `First Name` is `first_name`."""
    return _NOT_IN_NAMES.sub("_", header.lower()).strip("_")[:63]


def tidy(value: object) -> str:
    """A field's value as one line of text that can stand anywhere; empty for what is no text and no number."""
    if isinstance(value, str) and len(value) <= LONGEST and value.isprintable() and "  " not in value:
        return value.strip()  # nothing of what is looked for below can be in it
    if value is True:
        return "yes"  # and no is nothing, so that a mail can ask: {% if reader.fields.member %}
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if not isinstance(value, str):
        return str(value)[:LONGEST]
    return " ".join(_UNWANTED.sub("", value[: 2 * LONGEST]).split())[:LONGEST]


Typed = str | int | float | bool
"""A field's value as it is kept."""


class Unfit(ValueError):
    """A value that is not of its field's kind; the message says what it would have to be."""


def typed(kind: str, value: str) -> Typed | None:
    """What somebody wrote as the kind of its Field keeps it; None for nothing but white space. Raises Unfit."""
    plain = tidy(value)
    return _KINDS[kind](plain) if plain else None


def _number(plain: str) -> Typed:
    compact = plain.replace(" ", "").replace("\u202f", "").replace("\u00a0", "")
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}", compact):
        raise Unfit(f"“{plain}” could be a thousand or a fraction; write it without a comma, or with a point")
    if not re.fullmatch(r"[+-]?\d{1,15}([.,]\d{1,9})?", compact):
        raise Unfit(f"“{plain[:60]}” is not a number")
    found = float(compact.replace(",", "."))
    return int(found) if found.is_integer() else found


def _date(plain: str) -> Typed:
    if found := re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:$|[T ])", plain):
        year, month, day = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", plain):
        day, month, year = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", plain):
        first, second, year = map(int, found.groups())
        if first <= 12 and second <= 12 and first != second:
            raise Unfit(f"“{plain}” could be in {_MONTHS[first]} or in {_MONTHS[second]}; write it as 2026-11-22")
        day, month = (first, second) if first > 12 else (second, first)
    else:
        raise Unfit(f"“{plain[:60]}” is not a date; write it as 2026-11-22")
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise Unfit(f"“{plain}” is not a day of the calendar") from None


def _yes_no(plain: str) -> Typed:
    word = plain.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Unfit(f"“{plain[:60]}” is neither yes nor no")


_YES = frozenset(("yes", "y", "true", "t", "1", "on", "x", "ja", "oui", "si", "sí"))
_NO = frozenset(("no", "n", "false", "f", "0", "off", "nein", "non"))
_MONTHS = tuple(calendar.month_name)
_KINDS: dict[str, Callable[[str], Typed]] = {"text": str, "number": _number, "date": _date, "yes_no": _yes_no}


def first_name(name: str, fields: Mapping[str, str]) -> str:
    """What to call a person: the field first_name, else the first word of the name that is no title.

    `Dr. Ada Lovelace`, `Lovelace, Ada` and `Ada Lovelace, PhD` are all Ada.
    """
    if given := fields.get("first_name"):
        return given
    family, comma, rest = name.partition(",")
    if comma and (words := _words(rest)) and _plain(words[0]) not in _SUFFIXES:
        return words[0]
    words = _words(family)
    return words[0] if words else ""


def _words(name: str) -> list[str]:
    """The words of a name after its titles; if there are only titles, one of them may be the name."""
    words = name.split()
    while len(words) > 1 and _plain(words[0]) in _TITLES:
        del words[0]
    return words


def _plain(word: str) -> str:
    return word.lower().replace(".", "").strip()
