"""Styles without which our own markup would fall apart in a program that many readers have.

A short table of our own, for no Python package holds caniemail.com's data. It says what that says as of 13 May 2026, in
the npm package caniemail 2.0.2. What only makes a mail nicer where it is known, such as rounded corners, is left out on
purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import tinycss2

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof


class Lack(NamedTuple):
    """A style, the programs that lack it, where that is said, and what to use instead."""

    pattern: re.Pattern[str]
    name: str
    lacking: str
    source: str
    instead: str


def _lack(pattern: str, name: str, lacking: str, source: str, instead: str) -> Lack:
    return Lack(
        re.compile(pattern, re.IGNORECASE), name, lacking, f"https://www.caniemail.com/features/{source}/", instead
    )


# Each is looked for in `property:value`.
STYLES = (
    _lack(r"^display:(inline-)?flex", "display: flex", "Outlook on Windows", "css-display-flex", "a table"),
    _lack(r"^display:(inline-)?grid", "display: grid", "Outlook on Windows", "css-display-grid", "a table"),
    _lack(r"^position:(?!static)", "position", "Gmail, Outlook", "css-position", "a table, or padding"),
    _lack(r"^(margin|padding)[\w-]*:.*-\d", "a negative margin", "Outlook, Gmail, Yahoo", "css-margin",
          "less padding around it"),
    _lack(r"^transform:", "transform", "Gmail, Outlook, Yahoo", "css-transform", "a picture"),
    _lack(r"^object-fit:", "object-fit", "Outlook on Windows, Yahoo", "css-object-fit", "an image of the right shape"),
    _lack(r"^(-webkit-)?columns?(-count|-width)?:", "columns", "Outlook on Windows, Yahoo", "css-column-count",
          "a table"),
    _lack(r"^clip-path:", "clip-path", "Gmail, Outlook, Yahoo", "css-clip-path", "an image of the right shape"),
    _lack(r":.*\bvar\(", "var()", "Gmail, Outlook, Yahoo", "css-variables", "the value itself"),
    _lack(r":.*\b(min|max|clamp)\(", "min(), max() and clamp()", "Outlook, Yahoo", "css-function-clamp",
          "a plain length"),
    _lack(r"^(width|height|font-size|line-height|padding[\w-]*|margin[\w-]*):.*\d(vw|vh|vmin|vmax)\b", "vw and vh",
          "Outlook on Windows", "css-unit-vw", "pixels or percent"),
)  # fmt: skip
# Elements that programs drop, with what is in them.
ELEMENTS = {
    "video": ("html-video", "Gmail, Outlook, Yahoo", "a picture that links to it"),
    "audio": ("html-audio", "Gmail, Outlook, Yahoo", "a link to it"),
    "form": ("html-form", "Outlook on Windows", "links, as polls have them"),
    "svg": ("html-svg", "Gmail, Outlook, Yahoo", "a PNG"),
    "iframe": ("", "every large one", "a picture that links to it"),
    "object": ("html-object", "Gmail, Outlook, Yahoo", "a link"),
    "script": ("", "every one", "nothing: no program runs scripts in mail"),
}


def unsupported(proof: Proof) -> Iterator[Finding]:
    """Each such style or element once."""
    given = set(_declarations(proof))
    for lack in STYLES:
        if said := next((one for one in sorted(given) if lack.pattern.search(one)), None):
            yield _found(f"{lack.name} ({said}) is not known to {lack.lacking}", lack.instead, lack.source, lack.name)
    for name, (page, lacking, instead) in ELEMENTS.items():
        if proof.page.soup.find(name):
            source = f"https://www.caniemail.com/features/{page}/" if page else ""
            yield _found(f"<{name}> is dropped by {lacking}", instead, source, name)


def _found(what: str, instead: str, source: str, about: str) -> Finding:
    return Finding(
        "css-support", what, f"use {instead} in the theme{f' ({source})' if source else ''}", "the theme", about=about
    )


def _declarations(proof: Proof) -> Iterator[str]:
    """Every declaration of elements and style sheets, but for those in `@supports`, as `property:value`."""
    styles = {str(tag["style"]) for tag in proof.page.soup.find_all(style=True)}
    for style in styles:
        yield from _pairs(tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True))
    yield from _in_rules(tinycss2.parse_stylesheet(proof.page.styles, skip_comments=True, skip_whitespace=True))


def _in_rules(rules: list[object]) -> Iterator[str]:
    for rule in rules:
        content = getattr(rule, "content", None)
        if content is None:
            continue
        if getattr(rule, "type", "") == "qualified-rule":
            yield from _pairs(tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True))
        elif getattr(rule, "lower_at_keyword", "") == "media":
            yield from _in_rules(tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True))


def _pairs(parsed: list[object]) -> Iterator[str]:
    for one in parsed:
        if getattr(one, "type", "") == "declaration":
            yield f"{one.lower_name}:{tinycss2.serialize(one.value).strip()}"  # type: ignore[attr-defined]
