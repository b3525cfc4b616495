"""How an issue's stories stand: in sections, one after the other, with the editor's own blocks between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import Any, cast

from newsletter.render.blocks import Block
from newsletter.render.context import Letter, Number, Story


@dataclass(frozen=True)
class Own:
    """Blocks of the editor's own; they stand after so many stories of the issue."""

    blocks: tuple[Block, ...]
    after: int
    section: str = ""
    section_emoji: str = ""


@dataclass(frozen=True)
class Run:
    """Stories that follow each other, or, where there are none, blocks of the editor's own between them."""

    items: tuple[Story, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Part:
    """A section of an issue with the stories in it, drawn as `cards` or as a compact `list`.

    `runs` holds the same stories, and the editor's own blocks where they stand. `quiet` says that its heading stands
    elsewhere already, above the first story.
    """

    title: str
    emoji: str
    items: tuple[Story, ...]
    style: str = "cards"
    runs: tuple[Run, ...] = ()
    quiet: bool = False


def sections(
    stories: Iterable[Story], lists: Collection[str] = (), own: Iterable[Own] = (), lead: str = ""
) -> list[Part]:
    """The stories by section, sections and stories in the order of the issue; one heading for each section.

    `lists` names the sections that are drawn as compact lists. `own` are blocks among these stories, counted from the
    issue's first, which is not among them; `lead` is the section that one stands in.
    """
    parts: dict[str, list[Story | Own]] = {}
    for piece in mixed(stories, own):
        parts.setdefault(piece.section, []).append(piece)
    return [_part(title, inside, "list" if title in lists else "cards", lead) for title, inside in parts.items()]


def mixed(stories: Iterable[Story], own: Iterable[Own]) -> list[Story | Own]:
    """The stories after an issue's first, and the blocks among them, in their order."""
    found, waiting = list[Story | Own](), sorted((one for one in own if one.after), key=lambda one: one.after)
    for place, story in enumerate(stories, start=1):
        while waiting and waiting[0].after <= place:
            found.append(waiting.pop(0))
        found.append(story)
    return [*found, *waiting]


def _part(title: str, inside: list[Story | Own], style: str, lead: str) -> Part:
    items = tuple(one for one in inside if isinstance(one, Story))
    emoji = (items or inside)[0].section_emoji
    return Part(title, emoji, items, style, runs(inside, bool(title)), not items and title == lead)


def runs(inside: Iterable[Story | Own], below: bool = False) -> tuple[Run, ...]:
    """Stories and blocks, like beside like. Blocks `below` a heading have theirs one level lower."""
    found = list[Run]()
    for own, group in groupby(inside, key=lambda one: isinstance(one, Own)):
        if own:
            blocks = tuple(block for one in group for block in cast(Own, one).blocks)
            found.append(Run(blocks=tuple(_lower(block) if below else block for block in blocks)))
        else:
            found.append(Run(items=tuple(cast("Iterable[Story]", group))))
    return tuple(found)


def _lower(block: Block) -> Block:
    return replace(block, level=min(block.level + 1, 6)) if block.level else block


def given(letter: Letter, number: Number | None, stories: Iterable[Story], own: Iterable[Own] = ()) -> dict[str, Any]:
    """What patterns and templates are given of an issue.

    `next_to_lead` are the blocks between the first story and the second, `more` the runs after them: for layouts that
    know no sections.
    """
    lead, *others = stories
    own = tuple(own)
    among = mixed(others, own)
    first = list(takewhile(lambda one: isinstance(one, Own), among))
    return {
        "newsletter": letter,
        "issue": number,
        "items": [lead, *others],
        "lead": lead,
        "others": others,
        "sections": sections(others, letter.lists, own, lead.section),
        "next_to_lead": tuple(block for one in first for block in cast(Own, one).blocks),
        "more": runs(among[len(first) :]),
    }
