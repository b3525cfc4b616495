"""What is known of a person besides the address: custom fields, each a short text, and the name to call them by."""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST = 500
"""Characters of one field; a name is shorter."""
MOST = 100
"""Fields of one person."""

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
# Controls and halves of characters; and marks that turn the direction of whatever follows. Plain RTL and LRM marks,
# joiners and variation selectors mean something in names and stay.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_TITLES = (
    "dr prof mr mrs ms mx miss sir dame lord lady rev fr herr frau hr fru mme mlle m sr sra srta don doña dott ing mag "
    "dipl"
)
_SUFFIXES = "phd ph md jr sr ii iii iv esq ba bsc ma msc mba llb llm mbe obe cbe qc kc dds rn"


def slug(header: str) -> str:
    """A field's name as everything calls it: `First Name` is `first_name`."""
    return _NOT_IN_NAMES.sub("_", header.lower()).strip("_")[:63]


def tidy(value: object) -> str:
    """A field's value as one line of text that can stand anywhere; empty for what is no text and no number."""
    if isinstance(value, str) and len(value) <= LONGEST and value.isprintable() and "  " not in value:
        return value.strip()  # nothing of what is looked for below can be in it
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(_UNWANTED.sub("", str(value)[: 2 * LONGEST]).split())[:LONGEST]


def first_name(name: str, fields: Mapping[str, str]) -> str:
    """What to call a person: the field first_name, else the first word of the name that is no title.

    `Dr. Ada Lovelace`, `Lovelace, Ada` and `Ada Lovelace, PhD` are all Ada.
    """
    if given := fields.get("first_name"):
        return given
    family, comma, rest = name.partition(",")
    if comma and (words := _words(rest)) and _plain(words[0]) not in _SUFFIXES.split():
        return words[0]
    words = _words(family)
    return words[0] if words else ""


def _words(name: str) -> list[str]:
    """The words of a name after its titles; if there are only titles, one of them may be the name."""
    words = name.split()
    while len(words) > 1 and _plain(words[0]) in _TITLES.split():
        del words[0]
    return words


def _plain(word: str) -> str:
    return word.lower().replace(".", "").strip()
