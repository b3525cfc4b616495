"""Plain text: what must not be in it, emoji short codes, cutting and counting."""

from __future__ import annotations

import math
import re
from itertools import chain, takewhile

import emoji
import regex

SUMMARY = 300
_CLUSTER = 50
TITLE = 300

# Controls that no text needs and PostgreSQL or XML refuse, and halves of surrogate pairs, which no encoding takes.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# A colon after a word is not the start of a short code: `12:100:7`, `std::on::x`.
_SHORT_CODES = re.compile(r"(?<!\w)(?<!\w:)(?::[\w+\-’'.()&]{1,60}:)+(?!\w)")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"\w[\w'’\-]*")


def scrub(text: str) -> str:
    """The text without control characters; tabs and line ends stay."""
    return _UNWANTED.sub("", text)


def with_emoji(text: str) -> str:
    """Turn `:tada:` and other short codes into the emoji they stand for; what is not one stays."""
    return _SHORT_CODES.sub(lambda match: emoji.emojize(match[0], language="alias"), text) if ":" in text else text


def collapse(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def line(text: str) -> str:
    """One line of plain text from outside: scrubbed, emoji in place."""
    return collapse(with_emoji(scrub(text)))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where there are any and never inside a character or emoji."""
    if len(text) <= limit:
        return text
    # No emoji or accented letter is longer than 50 code points, so the clusters up to the limit are whole. What is
    # longer is a letter under a heap of accents, and loses some of them.
    clusters = [cluster[:_CLUSTER] for cluster in regex.findall(r"\X", text[: limit + _CLUSTER])]
    sizes = _running(map(len, clusters))
    head = "".join(chain.from_iterable(clusters[: len(list(takewhile(lambda size: size < limit, sizes)))]))
    words = head.rpartition(" ")[0]
    return (words if len(words) > limit // 2 else head).rstrip(" ,;:.–-") + "…"


def count_words(text: str) -> int:
    """Words to read; two Chinese or Japanese characters count as one word."""
    spaced, characters = _CJK.subn(" ", text)
    return len(_WORD.findall(spaced)) + math.ceil(characters / 2)


def _running(numbers: map[int]) -> list[int]:
    total, sums = 0, []
    for number in numbers:
        total += number
        sums.append(total)
    return sums
