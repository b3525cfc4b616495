"""Holes: the places in an edition that are filled for each reader, by splicing and never by rendering again.

A hole reads `<marker>-<name>-o` in ASCII letters, digits and hyphens, so that it passes unharmed through Jinja2, MJML,
CSS, addresses and headers. The marker is derived from the site's key: no collected post can contain one, so no post
can make a reader's token appear where it chooses.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from newsletter import tokens

# Each value comes twice where it needs escaping in HTML: the template says which, the splice only copies.
NAMES = ("token", "reply", "email", "email-html", "name", "name-html")


def marker(issue: int, key: str) -> str:
    """What every hole of an issue begins with; the same each time the issue is rendered."""
    return "h" + tokens.secret(f"hole {issue}", key)


def hole(marker: str, name: str) -> str:
    """The text that stands for a value until it is spliced in."""
    if name not in NAMES:
        raise KeyError(f"there is no hole '{name}'; there are {', '.join(NAMES)}")
    return f"{marker}-{name}-o"


def values(token: str, email: str, name: str, reply: str = tokens.TEST) -> dict[str, str]:
    """What a reader's holes are filled with; `reply` is the token in the address that answers go to."""
    return {
        "token": token,
        "reply": reply,
        "email": email,
        "email-html": _ascii(html.escape(email)),
        "name": name,
        "name-html": _ascii(html.escape(name)),
    }


def split(text: str, marker: str) -> tuple[list[str], list[str]]:
    """Cut a text at its holes: the n+1 pieces between them, and the n names."""
    parts = re.split(rf"{re.escape(marker)}-({'|'.join(sorted(NAMES, key=len, reverse=True))})-o", text)
    return parts[::2], parts[1::2]


def fill(text: str, marker: str, reader: Mapping[str, str]) -> str:
    """The text with every hole filled."""
    pieces, names = split(text, marker)
    filled = [pieces[0]]
    for name, piece in zip(names, pieces[1:], strict=True):
        filled += (reader[name], piece)
    return "".join(filled)


def _ascii(text: str) -> str:
    """HTML text in ASCII alone, as the rest of the edition is."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")
