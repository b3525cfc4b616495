"""Subject and preheader: as they are sent, as HTML may hold them, and for everybody at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from newsletter import holes
from newsletter.config import Newsletter
from newsletter.models import Issue
from newsletter.render import context as make
from newsletter.render.environment import patterns
from newsletter.render.errors import located
from newsletter.render.words import cut, one_line

SUBJECT = 250
PREHEADER = 140


def headers(issue: Issue, settings: Newsletter, whole: Mapping[str, Any], marker: str) -> tuple[str, str]:
    """Subject and preheader: the editor's own words, else what the newsletter's patterns make; their holes are plain.

    Raises RenderError.
    """
    names = [holes.hole(marker, name) for name in holes.NAMES]
    given = {**whole, "reader": make.reader_of(marker, False)}
    subject = one_line(issue.subject) or _pattern(issue.newsletter, "subject", settings.subject, given)
    preheader = one_line(issue.preheader) or _pattern(issue.newsletter, "preheader", settings.preheader, given)
    return _short(subject or whole["newsletter"].title, SUBJECT, names), cut(preheader, PREHEADER, names)


def for_html(text: str, marker: str) -> str:
    """The text with its plain holes as those whose values are escaped: a reader's name may be any text at all."""
    pieces, names = holes.split(text, marker)
    twins = (holes.hole(marker, f"{name}-html" if f"{name}-html" in holes.NAMES else name) for name in names)
    return pieces[0] + "".join(twin + piece for twin, piece in zip(twins, pieces[1:], strict=True))


def impersonal(text: str, marker: str) -> str:
    """The text without its holes, for what everybody sees: `Hello <name>, the news` becomes `Hello, the news`."""
    return reduce(_joined, holes.split(text, marker)[0])


def _joined(before: str, after: str) -> str:
    if not before.strip():
        return after.lstrip(" ,;:!–—·-")
    if not after or after[0] in ",;:.!?…":
        return before.rstrip(" ,") + after
    return f"{before.rstrip(' ')} {after.lstrip(' ')}"


def _pattern(newsletter: str, field: str, pattern: str, given: Mapping[str, Any]) -> str:
    with located(f"newsletters.{newsletter}.{field}", str):
        return one_line(patterns().from_string(pattern).render(given))


def _short(text: str, length: int, names: list[str]) -> str:
    """At most so many characters, cut between graphemes: an emoji may be eleven characters long."""
    wished = length
    while len(shorter := cut(text, wished, names)) > length and wished > 1:
        wished -= max(1, (len(shorter) - length) // 12)
    return shorter
