"""Holes: the places in an edition that are filled for each reader, by splicing and never by rendering again.

A hole reads `<marker>-<name>-o` in ASCII letters, digits and hyphens, so that it passes unharmed through Jinja2, MJML,
CSS, addresses and headers. The marker is derived from the site's key: no collected post can contain one, so no post
can make a reader's token appear where it chooses.

Besides the values that every edition may use there are those that one edition asks for (`e3`: the third of its
expressions, see `questions`), and switches: `<marker>-if4-o`, `-else4-o`, `-end4-o`, of which `splice` keeps the one
side or the other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from newsletter import tokens

# Each value comes twice where it needs escaping in HTML: the template says which, the splice only copies.
NAMES = ("token", "reply", "email", "email-html", "name", "name-html")

_ASKED = re.compile(r"(e\d+)(-html)?")
_ANY = "|".join([*sorted(NAMES, key=len, reverse=True), r"e\d+-html", r"e\d+"])
_TWINNED = "|".join([*(name for name in NAMES if f"{name}-html" in NAMES), r"e\d+"])
SWITCH = r"(if|else|end)(\d+)"
_ANY_HOLE = re.compile(rf"h[0-9a-f]{{20}}-(?:((?:if|else|end)\d+)|{_ANY})-o")
_HARMLESS = re.compile(r"[\w .@+/:,-]*", re.ASCII)  # most names and addresses, which have nothing to escape
_PRIVATE, _FILLER = 0xF0000, "\U0010fffd"
SWITCHES = re.compile(r"\s*(?:h[0-9a-f]{20}-(?:if|else|end)\d+-o\s*)+")
"""What a paragraph that holds nothing but switches looks like; only a marker of ours makes them mean anything."""


def marker(issue: int, key: str) -> str:
    """What every hole of an issue begins with; the same each time the issue is rendered."""
    return "h" + tokens.secret(f"hole {issue}", key)


def hole(marker: str, name: str) -> str:
    """The text that stands for a value until it is spliced in."""
    if name not in NAMES and not _ASKED.fullmatch(name):
        raise KeyError(f"there is no hole '{name}'; there are {', '.join(NAMES)}")
    return f"{marker}-{name}-o"


class Values(dict[str, str]):
    """What a reader's holes are filled with; a value is escaped for HTML when that is first asked for."""

    __slots__ = ()

    def __missing__(self, name: str) -> str:
        plain, twin, _ = name.partition("-html")
        if not twin:
            raise KeyError(name)
        self[name] = escaped = for_html(self[plain])
        return escaped


def values(token: str, email: str, name: str, reply: str = tokens.TEST) -> Values:
    """What every edition may use of a reader; `reply` is the token in the address that answers go to."""
    return Values(token=token, reply=reply, email=email, name=name)


def split(text: str, marker: str) -> tuple[list[str], list[str]]:
    """Cut a text at its holes: the n+1 pieces between them, and the n names."""
    parts = re.split(rf"{re.escape(marker)}-({_ANY})-o", text)
    return parts[::2], parts[1::2]


def escaped(text: str, marker: str) -> str:
    """The text with each hole as the one whose value is escaped: a reader's name may be any text at all."""
    return re.sub(rf"({re.escape(marker)}-(?:{_TWINNED}))-o", r"\1-html-o", text)


def fill(text: str, marker: str, reader: Mapping[str, str]) -> str:
    """The text with every hole filled."""
    pieces, names = split(text, marker)
    filled = [pieces[0]]
    for name, piece in zip(names, pieces[1:], strict=True):
        filled += (reader[name], piece)
    return "".join(filled)


def folded(text: str) -> tuple[str, list[str]]:
    """The text with its holes about as wide as their values, and its switches of no width to speak of; and what they
    were. For whoever has to break lines."""
    found: list[str] = []

    def fold(match: re.Match[str]) -> str:
        found.append(match[0])
        # A character that no text of ours holds, by its number; then as many as make it as wide as a name.
        return chr(_PRIVATE + len(found) - 1) + ("" if match[1] else _FILLER * 7)

    if len(text) > _PRIVATE:  # more holes than there are characters for
        return text, found
    return _ANY_HOLE.sub(fold, text), found


def unfolded(text: str, found: list[str]) -> str:
    """The text as it was."""
    if not found:
        return text
    return re.sub(f"[{chr(_PRIVATE)}-{chr(_PRIVATE + len(found) - 1)}]", lambda one: found[ord(one[0]) - _PRIVATE],
                  text.replace(_FILLER, ""))  # fmt: skip


def for_html(text: str) -> str:
    """A value as HTML may hold it, in text or in an attribute, in ASCII alone, as the rest of the edition is."""
    if _HARMLESS.fullmatch(text):
        return text
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode("ascii")
