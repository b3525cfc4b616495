"""The editor's own blocks of an issue, read and put where they stand among its stories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from newsletter.config import Config
from newsletter.markup.text import with_emoji
from newsletter.models import Issue, Item
from newsletter.models.own_block import in_order
from newsletter.render import personal
from newsletter.render.blocks import Block
from newsletter.render.late import Late
from newsletter.render.parts import Own
from newsletter.render.words import one_line


def own_blocks(
    issue: Issue,
    items: Iterable[Item],
    config: Config,
    late: Late,
    given: Mapping[str, Any],
    first_poll: int = 0,
    *,
    nobody: bool = False,
) -> tuple[Own, ...]:
    """The blocks with how many of the issue's items come before each; their polls are numbered from `first_poll`.

    `nobody` fills them for a page that everybody reads. Raises RenderError.
    """
    if not issue.pk:  # a sample is no row, and has none
        return ()
    found, stories = list[Own](), 0
    for piece in in_order([*items, *issue.own_blocks.all()]):
        if isinstance(piece, Item):
            stories += 1
            continue
        piece.issue = issue
        blocks = personal.own(piece, len(found) + 1, config, late, given, nobody=nobody)
        numbered = _numbered(blocks, first_poll)
        first_poll += polls_in(numbered)
        found.append(Own(numbered, stories, one_line(piece.section), with_emoji(piece.section_emoji)))
    return tuple(found)


def polls_in(blocks: Iterable[Block]) -> int:
    """How many polls there are among these blocks."""
    return sum(block.kind == "poll" for block in blocks)


def _numbered(blocks: Iterable[Block], first: int) -> tuple[Block, ...]:
    found = list[Block]()
    for block in blocks:
        found.append(replace(block, number=first) if block.kind == "poll" else block)
        first += block.kind == "poll"
    return tuple(found)
