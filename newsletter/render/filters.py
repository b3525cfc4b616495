"""The filters that themes may use besides Jinja2's own.

| filter | gives |
|---|---|
| `emoji` | `:shortcodes:` as emoji |
| `date` | `Friday, 20 November 2026`, in the language given |
| `month` | `November 2026` |
| `reading_time` | minutes as `4 min read` |
| `excerpt(n)` | at most n graphemes, cut at a word |
| `text(book, votes)` | HTML or blocks as plain text, wrapped, its links in a numbered list; see `plain` |
| `wrap` | plain text in lines of 72 |
| `lines` | plain text with its line breaks as `<br />` |
| `rule(character)` | a line under a heading, as wide as the heading |
| `led_by(emoji)` | the text with an emoji before it, unless it begins with one |
| `ornament` | a title whose leading emoji is hidden from screen readers |
| `spoken(language)` | the text, its emoji with a spoken name where they are all there is |
| `fit(height, into)` | an image's width and height in a column, `[0, 0]` where its own are not known |
| `unadorned` | a title without its leading emoji |
| `styled(p="…", a="…")` | HTML with a style on every tag of a name |
| `fill(name=…)` | a phrase of words.yaml with its `{name}` filled |
| `parted("place", name=…)` | a phrase as what stands before and after a place that is the reader's |
| `initials` | the first letters of a name, at most two |
| `dark` | style rules for dark screens, as browsers and as Outlook.com must be told |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import dateformat, formats, translation
from markupsafe import Markup, escape

from newsletter.markup.text import with_emoji
from newsletter.render.dark import dark
from newsletter.render.images import fit
from newsletter.render.phrases import fill, parted
from newsletter.render.plain import plain, wrap
from newsletter.render.speech import spoken
from newsletter.render.tags import pieces
from newsletter.render.words import cut, graphemes, lead_emoji, width


def date(moment: datetime, language: str = "en") -> str:
    """The weekday and date in a language, in the zone that the moment carries."""
    english = language.lower().startswith("en")
    with translation.override("en" if english else language):
        # The day before the month, as most of the world reads it; other languages have their own usual order.
        order = "j F Y" if english else formats.get_format("DATE_FORMAT")
        return f"{dateformat.format(moment, 'l')}{comma(language)} {dateformat.format(moment, order)}"


def weekday(moment: datetime, language: str = "en") -> str:
    """The day of the week in a language."""
    return _formatted(moment, language, "l", "l")


def day_and_month(moment: datetime, language: str = "en") -> str:
    """The day and month in a language, in the zone that the moment carries."""
    return _formatted(moment, language, "j F", "MONTH_DAY_FORMAT")


def month(moment: datetime, language: str = "en") -> str:
    """The month and year in a language, in the zone that the moment carries."""
    return _formatted(moment, language, "F Y", "YEAR_MONTH_FORMAT")


def _formatted(moment: datetime, language: str, english: str, other: str) -> str:
    in_english = language.lower().startswith("en")
    with translation.override("en" if in_english else language):
        return dateformat.format(moment, english if in_english else formats.get_format(other))


def comma(language: str) -> str:
    """The comma of a language: that of Arabic letters is turned around."""
    return "،" if language[:2].lower() in ("ar", "fa", "ur") else ","


def reading_time(minutes: int) -> str:
    """How long a story takes to read."""
    return f"{minutes} min read"


def excerpt(text: str, length: int) -> str:
    """At most so many graphemes of the text, cut at a word."""
    return cut(text, length)


def rule(heading: str, character: str = "-") -> str:
    """A line as wide as the heading above it looks, at most 72."""
    return character * max(3, min(72, width(heading)))


def lines(text: str) -> Markup:
    """The text with its line breaks kept in HTML."""
    return Markup("<br />").join(text.splitlines())


def led_by(text: str, emoji: str) -> str:
    """The text with an emoji before it, unless there is none to give or it begins with one: two are one too many."""
    return f"{emoji} {text}" if emoji and not lead_emoji(text)[0] else text


def ornament(title: str) -> Markup:
    """The title with the emoji it begins with hidden from screen readers, who would hear `globe showing Europe`."""
    found, rest = lead_emoji(title)
    return Markup('<span aria-hidden="true">{}</span> {}').format(found, rest) if found else escape(title)


def unadorned(title: str) -> str:
    """The title without the emoji it begins with."""
    return lead_emoji(title)[1]


def styled(html: str, **styles: str) -> Markup:
    """Well-formed HTML with the style that is given for a tag's name on each such tag; mail needs them inline."""
    quoted = {name: f' style="{escape(style)}"' for name, style in styles.items()}
    return Markup("".join(_styled(piece.source, piece.name, quoted) for piece in pieces(str(html))))  # noqa: S704


def initials(name: str) -> str:
    """The first letters of the first and the last word of a name, as an avatar shows them."""
    words = [word for word in name.split() if word[0].isalpha()]
    ends = words[:1] + words[1:][-1:]
    # Letters of scripts that join would stand apart here, and mean nothing as a pair.
    found = [graphemes(word)[0].upper() for word in ends]
    return "".join(found) if all("A" <= letter[0] <= "\u04ff" for letter in found) else "".join(found[:1])


def _styled(source: str, name: str, styles: dict[str, str]) -> str:
    if name not in styles or source.startswith("</"):
        return source
    return source[: len(name) + 1] + styles[name] + source[len(name) + 1 :]


FILTERS: dict[str, Callable[..., Any]] = {
    "dark": dark,
    "date": date,
    "emoji": with_emoji,
    "excerpt": excerpt,
    "fill": fill,
    "initials": initials,
    "fit": fit,
    "led_by": led_by,
    "lines": lines,
    "month": month,
    "ornament": ornament,
    "parted": parted,
    "reading_time": reading_time,
    "rule": rule,
    "spoken": spoken,
    "styled": styled,
    "text": plain,
    "unadorned": unadorned,
    "wrap": wrap,
}
