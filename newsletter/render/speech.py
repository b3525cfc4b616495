"""What is said aloud for an emoji that means something: its name, in the language of the newsletter.

An emoji beside words is an ornament. One that is all there is of a link, a cell, an item or a heading is what a
screen reader must read, and few say its name in the reader's language of their own accord.
"""

from __future__ import annotations

import re
from functools import lru_cache

import emoji
from markupsafe import Markup

from newsletter.render.words import graphemes

_LONGEST = 100  # characters; a longer text is no row of emoji
LANGUAGES = frozenset(emoji.LANGUAGES)
# The inside of an element that holds no other element; we wrote the tags ourselves, so no attribute holds a `>`.
_BARE = re.compile(r"(<(a|td|th|li|dt|dd|p|figcaption)\b[^>]*>)([^<>]*)(?=</\2>)")


def name(text: str, language: str = "en") -> str:
    """The names of the emoji in a text that holds nothing else; empty if it holds more, or none."""
    found = [one for one in graphemes(text) if one.strip()] if len(text) <= _LONGEST else []
    if not found or not all(emoji.is_emoji(one) for one in found):
        return ""
    wished = language.lower().replace("_", "-").split("-")[0]
    return ", ".join(_name(one, wished if wished in LANGUAGES else "en") for one in found)


def spoken(text: str, language: str = "en") -> Markup:
    """The text as HTML, its emoji with a spoken name if it holds nothing else."""
    return Markup(_wrapped(str(Markup.escape(text)), language))  # noqa: S704 - escaped on this line


def spoken_html(html: str, language: str, whole: bool = False) -> str:
    """Well-formed HTML with a spoken name for emoji that are all there is of an element, or of the `whole`."""
    if whole and "<" not in html:
        return _wrapped(html, language)
    return _BARE.sub(lambda match: match[1] + _wrapped(match[3], language), html)


def _wrapped(text: str, language: str) -> str:
    if text.isascii() or not (label := name(text, language)):
        return text
    return f'<span role="img" aria-label="{Markup.escape(label)}">{text.strip()}</span>'


@lru_cache(maxsize=512)
def _name(grapheme: str, language: str) -> str:
    said = emoji.demojize(grapheme, language=language)
    if said == grapheme:  # the language has no name for it
        said = emoji.demojize(grapheme)
    return said.strip(":").replace("_", " ").replace("::", ", ")
