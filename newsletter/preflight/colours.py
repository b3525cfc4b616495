"""Which colour words have, and what is behind them, as inline styles and the rules for dark screens say.

As much of the cascade as mail needs: colours of six or three digits, selectors that the tree can be asked for, and
among rules the more particular one, then the later. What is painted otherwise counts as not known, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import tinycss2
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString
from soupsieve import SelectorSyntaxError

from newsletter.render.palette import contrast

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\b", re.IGNORECASE)
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_NAMES = re.compile(r"(?<![\w.#:-])[a-z][\w-]*", re.IGNORECASE)
_NAMED = {"white": "#ffffff", "black": "#000000"}


class Style(NamedTuple):
    """What of a style is of interest; None where it says nothing, an empty text where it cannot be told."""

    colour: str | None = None
    ground: str | None = None
    hidden: bool = False


class Rule(NamedTuple):
    """A style for what a selector chooses; `weight` says which of two rules wins."""

    selector: str
    style: Style
    weight: tuple[int, int]


class Faint(NamedTuple):
    """Words that hardly stand out."""

    words: str
    colour: str
    ground: str
    ratio: float


def dark_rules(css: str) -> list[Rule]:
    """The rules of a style sheet that hold where mail is shown light on dark, the weakest first."""
    found = list[Rule]()
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type == "at-rule" and rule.content and _DARK.search(tinycss2.serialize(rule.prelude)):
            found += _rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
    return sorted(found, key=lambda rule: rule.weight)


def _rules(parsed: Iterable[object]) -> Iterator[Rule]:
    for rule in parsed:
        if getattr(rule, "type", "") != "qualified-rule":
            continue
        style = style_of(tinycss2.serialize(rule.content))  # type: ignore[attr-defined]
        if style == Style():
            continue
        for selector in tinycss2.serialize(rule.prelude).split(","):  # type: ignore[attr-defined]
            plain = selector.strip()
            yield Rule(plain, style, (plain.count(".") + plain.count("["), len(_NAMES.findall(plain))))


@lru_cache(maxsize=2048)  # a mail repeats a few dozen
def style_of(css: str) -> Style:
    """What a list of declarations says of colours."""
    colour = ground = None
    hidden = False
    for one in tinycss2.parse_declaration_list(css, skip_comments=True, skip_whitespace=True):
        if one.type != "declaration":
            continue
        value = tinycss2.serialize(one.value).strip().lower()
        if one.lower_name == "color":
            colour = _hex(value)
        elif one.lower_name in ("background", "background-color"):
            ground = None if value in ("transparent", "none", "inherit") else _hex(value)
        elif one.lower_name == "display":
            hidden = value.startswith("none")
    return Style(colour, ground, hidden)


def _hex(value: str) -> str:
    """A colour of six digits, or an empty text for one that is said otherwise."""
    found = _HEX.search(value)
    if found is None or "url(" in value or "gradient" in value:
        return _NAMED.get(value, "")
    digits = found[0][1:]
    return f"#{digits if len(digits) == 6 else ''.join(2 * digit for digit in digits)}"


class Painter:
    """Paints a document, with some rules over the styles in its elements, and looks where words are faint."""

    def __init__(self, soup: BeautifulSoup, rules: Iterable[Rule] = ()) -> None:
        self._body = soup.body or soup
        self._over: dict[int, Style] = {}
        for rule in rules:
            try:
                chosen = soup.select(rule.selector)
            except (SelectorSyntaxError, NotImplementedError):
                continue  # `:hover` and the like are of other moments than this
            for tag in chosen:
                self._over[id(tag)] = _laid(self._over.get(id(tag), Style()), rule.style)

    def faint(self, least: float) -> Iterator[Faint]:
        """Words whose contrast with their ground is below `least` to 1."""
        start = self._painted(self._body, "#000000", "#ffffff")
        waiting = [(self._body, *start)]
        while waiting:
            tag, colour, ground = waiting.pop()
            for child in tag.children:
                if isinstance(child, Tag):
                    if not self._left_out(child):
                        waiting.append((child, *self._painted(child, colour, ground)))
                elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                    said = " ".join(child.split())
                    if said and colour and ground and (ratio := contrast(colour, ground)) < least:
                        yield Faint(said[:40], colour, ground, ratio)

    def _left_out(self, tag: Tag) -> bool:
        if tag.name in ("style", "script", "title", "head") or tag.get("aria-hidden") == "true":
            return True
        over = self._over.get(id(tag))
        return style_of(str(tag.get("style") or "")).hidden or bool(over and over.hidden)

    def _painted(self, tag: Tag, colour: str, ground: str) -> tuple[str, str]:
        own = style_of(str(tag.get("style") or ""))
        link = "#0000ee" if tag.name == "a" and tag.has_attr("href") else None
        table = _hex(str(tag["bgcolor"]).lower()) if tag.has_attr("bgcolor") else None
        whole = _laid(_laid(Style(link, table), own), self._over.get(id(tag), Style()))
        return colour if whole.colour is None else whole.colour, ground if whole.ground is None else whole.ground


def _laid(under: Style, over: Style) -> Style:
    return Style(
        under.colour if over.colour is None else over.colour,
        under.ground if over.ground is None else over.ground,
        under.hidden or over.hidden,
    )
