"""What is done to plain text on its way into a mail: shortcodes, control characters, cutting."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

import emoji
import regex

from newsletter.markup.text import with_emoji

_SPACE = regex.compile(r"[ \t\r\n\f\v\x85\u2028\u2029]+")
_CONTROLS = regex.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_CLUSTER = 50
_GRAPHEME = regex.compile(r"\X")
_RTL = ("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "syr", "ug", "ur", "yi")


def one_line(text: str) -> str:
    """The text on one line with its shortcodes as emoji, without control characters, its no-break spaces kept."""
    return with_emoji(_SPACE.sub(" ", _CONTROLS.sub("", text)).strip(" "))


def graphemes(text: str) -> list[str]:
    """What a reader sees as single characters."""
    return list(_GRAPHEME.findall(text))


def cut(text: str, length: int, whole: Collection[str] = ()) -> str:
    """At most so many graphemes, at the end of a word where one is near; an ellipsis says that there was more.

    `whole` lists strings that count as one and are never cut, such as holes.
    """
    names = "".join(f"{regex.escape(name)}|" for name in sorted(whole, key=len, reverse=True))
    parts: list[str] = regex.findall(rf"{names}\X", text)
    if len(parts) <= length:
        return text
    # A letter under a heap of accents loses most of them: no real one has more.
    kept = [part if part in whole else part[:_CLUSTER] for part in parts[: max(0, length - 1)]]
    spaces = [index for index, part in enumerate(kept) if part == " "]
    # A language without spaces, or one very long word, is cut where it stands.
    end = spaces[-1] if spaces and spaces[-1] >= length * 2 // 3 else len(kept)
    return "".join(kept[:end]).rstrip(" ,;:–—·") + "…"


def width(text: str) -> int:
    """How many columns the text takes where letters are one wide: two for Chinese, Japanese, Korean and emoji."""
    return len(text) if text.isascii() else sum(map(_columns, graphemes(text)))


def _columns(grapheme: str) -> int:
    first = grapheme[0]
    if unicodedata.east_asian_width(first) in "WF" or "\ufe0f" in grapheme or "\U0001f1e6" <= first <= "\U0001f1ff":
        return 2
    return 0 if unicodedata.category(first) in ("Mn", "Me", "Cf", "Cc") else 1


def is_rtl(text: str) -> bool:
    """Whether the text runs from right to left, as its first letter does."""
    if text.isascii():
        return False
    found = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in found if kind in ("L", "R", "AL")), "L") != "L"


def lead_emoji(text: str) -> tuple[str, str]:
    """The emoji that a text begins with, and the text after them; no emoji if there is nothing else."""
    rest = text
    while rest and emoji.is_emoji(first := graphemes(rest[:64])[0]):
        rest = rest[len(first) :].lstrip(" \u00a0")
    return (text[: len(text) - len(rest)].strip(" \u00a0"), rest) if rest else ("", text)


def direction(language: str) -> str:
    """`rtl` for languages written from right to left, else `ltr`."""
    return "rtl" if language.lower().replace("_", "-").split("-")[0] in _RTL else "ltr"
