"""Subject and preheader: as they are sent, and for everybody at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

from newsletter import holes, splice
from newsletter.config import Config, Newsletter
from newsletter.config.summary import Summary
from newsletter.models import Issue
from newsletter.render.environment import theme_of, themes
from newsletter.render.errors import located
from newsletter.render.late import Late
from newsletter.render.prose import patterns, written
from newsletter.render.switches import insist_whole
from newsletter.render.words import cut, graphemes, one_line
from newsletter.splice import Node, Switch

SUBJECT = 250
PREHEADER = 140


def headers(issue: Issue, config: Config, whole: Mapping[str, Any], late: Late) -> tuple[str, str]:
    """Subject and preheader: the editor's own words, else what the newsletter's patterns make; their holes are plain.

    The editor's own words may speak to each reader, as patterns do. Raises RenderError.
    """
    settings = config.newsletters[issue.newsletter]
    words = themes(config).words(theme_of(config, settings), settings.language)
    given, made = {**whole, "reader": late, "words": words}, []
    for field in ("subject", "preheader"):
        own = one_line(getattr(issue, field))
        where, pattern = (f"the {field} of {issue}", own) if own else pattern_of(issue, settings, field)
        # Only what asks about the reader is a pattern there: other braces are what somebody wrote.
        filled = own if own and not speaks_to_reader(own) else _pattern(where, pattern, given)
        made.append(insist_whole(filled, late.marker, where))
    subject, preheader = made
    subject = _in_characters(subject or whole["newsletter"].title, SUBJECT, late.marker)
    return subject, shortened(preheader, PREHEADER, late.marker)


def pattern_of(issue: Issue, settings: Newsletter, field: str) -> tuple[str, str]:
    """The key of config.yaml that holds the pattern of an issue's subject or preheader, and that pattern."""
    key = f"newsletters.{issue.newsletter}"
    if issue.kind == Issue.Kind.SUMMARY:
        return f"{key}.summary.{field}", getattr(settings.summary or Summary(), field)
    return f"{key}.{field}", getattr(settings, field)


def speaks_to_reader(text: str) -> bool:
    """Whether somebody's words hold a tag that mentions the reader."""
    return re.search(r"\{[{%](?:(?![%}]\}).)*(?<![\w.])reader\b", text, re.DOTALL) is not None


def for_nobody(text: str, marker: str, late: Sequence[Any]) -> str:
    """A line for everybody: its conditions asked of nobody, its defaults in place, what is left empty cut out.

    `Hello <name>, the news` becomes `Hello, the news`.
    """
    reader = splice.nobody(late)
    try:
        nodes = splice.parse(text, marker)
    except splice.Torn:
        return ""
    pieces, names = holes.split(splice.resolved(nodes, reader.holds), marker)
    joined = [pieces[0]]
    for name, piece in zip(names, pieces[1:], strict=True):
        if reader[name]:
            joined[-1] += reader[name] + piece
        else:
            joined.append(piece)
    return one_line(reduce(_joined, joined))


def _joined(before: str, after: str) -> str:
    if not before.strip():
        return after.lstrip(" ,;:!–—·-")
    if not after or after[0] in ",;:.!?…":
        return before.rstrip(" ,") + after
    return f"{before.rstrip(' ')} {after.lstrip(' ')}"


def _pattern(where: str, pattern: str, given: Mapping[str, Any]) -> str:
    with located(where, str):
        return one_line(written(patterns().from_string(pattern), given))


# ── cutting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def shortened(text: str, length: int, marker: str) -> str:
    """At most so many graphemes for every reader, a hole counting as one; no hole and no condition is ever torn."""
    return _written(_cut(splice.parse(text, marker), length, marker), marker)


def _in_characters(text: str, length: int, marker: str) -> str:
    """At most so many characters for every reader, cut between graphemes: an emoji may be eleven characters long."""
    wished, nodes = length, splice.parse(text, marker)
    while (over := _longest(shorter := _cut(nodes, wished, marker), len) - length) > 0 and wished > 1:
        wished -= max(1, over // 12)
    return _written(shorter, marker)


def _cut(nodes: Sequence[Node], length: int, marker: str) -> Sequence[Node]:
    """The nodes up to the one at which the longest of what readers get is full."""
    size = partial(_size, marker)
    if _longest(nodes, size) <= length:
        return nodes
    room, kept = length - 1, list[Node]()  # one is for the ellipsis
    for at, node in enumerate(nodes):
        taken = _longest([node], size)
        if taken > room:
            kept.append(_shorter(node, nodes[at + 1 :], max(room, 0) + 1, marker))
            return kept
        kept.append(node)
        room -= taken
    return kept


def _shorter(node: Node, after: Sequence[Node], length: int, marker: str) -> Node:
    """A node that fills what is left. If a side of it does not, what follows comes after that side alone."""
    if isinstance(node, str):
        return cut(node, length, [holes.hole(marker, name) for name in set(holes.split(node, marker)[1])])
    # Only words: conditions that were doubled again and again would be more than anybody can hold.
    rest: Sequence[Node] = after if all(isinstance(one, str) for one in after) else ["…"]
    then, otherwise = (tuple(_cut([*side, *rest], length, marker)) for side in (node.then, node.otherwise))
    return Switch(node.number, then, otherwise)


def _size(marker: str, text: str) -> int:
    pieces, names = holes.split(text, marker)
    return len(names) + sum(len(graphemes(piece)) for piece in pieces)


def _longest(nodes: Sequence[Node], size: Callable[[str], int]) -> int:
    """The size of what the reader gets who gets most."""
    return sum(
        size(node) if isinstance(node, str) else max(_longest(node.then, size), _longest(node.otherwise, size))
        for node in nodes
    )


def _written(nodes: Sequence[Node], marker: str) -> str:
    return "".join(node if isinstance(node, str) else _switch(node, marker) for node in nodes)


def _switch(node: Switch, marker: str) -> str:
    begin, middle, end = (f"{marker}-{word}{node.number}-o" for word in ("if", "else", "end"))
    otherwise = _written(node.otherwise, marker)
    return f"{begin}{_written(node.then, marker)}{middle + otherwise if otherwise else ''}{end}"
