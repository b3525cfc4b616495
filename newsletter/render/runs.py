"""Blocks in the order in which plain text tells them: what is prose in one go, so that its links are numbered once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import groupby

from markupsafe import Markup

from newsletter.render.blocks import Block

_SPECIAL = ("button", "gallery", "video", "sponsor", "poll", "switch")


@dataclass(frozen=True)
class Prose:
    """Blocks of a kind that reads on: their HTML, joined."""

    html: str
    kind: str = "prose"


def runs(blocks: Iterable[Block]) -> list[Block | Prose]:
    """The blocks with each stretch of headings, paragraphs and the like made one; a subscribe box is left out."""
    found: list[Block | Prose] = []
    kept = (block for block in blocks if block.kind != "subscribe")
    for special, group in groupby(kept, key=lambda block: block.kind in _SPECIAL):
        same = list(group)
        found += same if special else [Prose("\n".join(map(_html, same)))]
    return found


def _html(block: Block) -> str:
    """A block as a piece of a page again."""
    if block.kind == "heading":
        return f"<h{block.level}>{escape(block.emoji)} {block.html}</h{block.level}>"
    if block.kind == "quote":
        return f"<blockquote>{block.html}</blockquote>"
    if block.kind == "image":
        return f'<p><img src="{escape(block.src)}" alt="{escape(block.alt)}"></p><p>{block.html}</p>'
    return Markup("<hr>") if block.kind == "rule" else str(block.html)
