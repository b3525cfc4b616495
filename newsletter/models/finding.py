"""Words as the search compares them: folded, cut the same way on every database, and never its own query language.

A text becomes a row of tokens, joined by spaces in SQLite's index and numbered in PostgreSQL's. Scripts that put no
spaces between words are indexed in pairs of characters, so that any stretch of them is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 64
"""Characters of a token that count; PostgreSQL refuses very long ones."""
MOST = 40_000
"""Tokens of a story that count; PostgreSQL refuses very large vectors."""
MOST_ASKED = 16
"""Words of a query that count."""
# Stands between two fields, so that no phrase reaches from one into the next. Nobody can type it as a word.
GAP = "¶"

# What NFKD leaves whole though readers take it for a letter with a mark.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# Accents, Hebrew points, Arabic vowel signs. Not the vowel signs of Indic scripts: those are letters to their readers.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\ufe00-\ufe0f]"
)
# Thai, Lao, Khmer and Burmese, Chinese, Japanese, and what of them lies beyond the first plane.
_UNSPACED = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]')


@dataclass(frozen=True)
class Wanted:
    """Tokens that must follow each other; of the last one a beginning is enough unless it was quoted."""

    tokens: tuple[str, ...]
    begins: bool = True


def folded(text: str) -> str:
    """The text without case, accents and width: what two writers may write differently and mean the same."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS))


def tokens(text: str) -> list[str]:
    """The tokens of a text, in its order."""
    return [token for run in runs(folded(text)) for token in _cut(run, whole=True)][:MOST]


def runs(text: str) -> Iterator[str]:
    """The words of a text; where a script has no spaces, as much of it as stands together."""
    word: list[str] = []
    for character in text:
        # Letters, digits and the marks that belong to letters; underscores and all punctuation end a word.
        if unicodedata.category(character)[0] in "LNM":
            word.append(character)
        elif word:
            yield from _RUN.findall("".join(word))
            word.clear()
    yield from _RUN.findall("".join(word))


def wanted(query: str) -> list[Wanted]:
    """What a query asks for; all of it must be found. Whatever is typed, nothing in it is an operator."""
    found = [Wanted(tuple(_phrase(match[1])), begins=False) for match in _QUOTED.finditer(query)]
    for run in runs(folded(_QUOTED.sub(" ", query))):
        found.append(Wanted(tuple(_cut(run, whole=False))))
    return list(dict.fromkeys(one for one in found if one.tokens))[:MOST_ASKED]


def for_sqlite(asked: Iterable[Wanted], only_title: bool = False) -> str:
    """The question as FTS5 reads it: every token quoted."""
    every = " AND ".join(f'"{" ".join(one.tokens)}"{" *" if one.begins else ""}' for one in asked)
    return f"{{title}} : ({every})" if only_title else every


def for_postgresql(asked: Iterable[Wanted], only_title: bool = False) -> str:
    """The question as a tsquery reads it: every token quoted; titles weigh A."""
    return " & ".join(f"({_follow(one, 'A' if only_title else '')})" for one in asked)


def vector(title: list[str], rest: list[str]) -> str:
    """A tsvector as PostgreSQL reads it, with the places of each token; those of the title weigh A."""
    places: dict[str, list[str]] = {}
    for place, token in enumerate([*title, GAP, *rest], start=1):
        # Places beyond the last one that there is are one place to PostgreSQL.
        places.setdefault(token, []).append(f"{place}{'A' if place <= len(title) else ''}")
    return " ".join(f"'{token}':{','.join(where[:255])}" for token, where in places.items())


def _follow(one: Wanted, weight: str) -> str:
    *first, last = one.tokens
    signs = ("*" if one.begins else "") + weight
    kept = [f"'{token}'" + (f":{weight}" if weight else "") for token in first]
    return " <-> ".join([*kept, f"'{last}'" + (f":{signs}" if signs else "")])


def _phrase(text: str) -> Iterator[str]:
    for run in runs(folded(text)):
        yield from _cut(run, whole=False)


def _cut(run: str, whole: bool) -> Iterator[str]:
    """A word as it is; else each character with its neighbour, and, where all of a text is cut, the last one alone."""
    if not _IS_UNSPACED.match(run):
        yield run[:LONGEST]
        return
    yield from (run[index : index + 2] for index in range(len(run) - 1))
    if whole or len(run) == 1:
        yield run[-1]
