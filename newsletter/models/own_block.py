"""OwnBlock: the editor's own words between the stories of an issue; and the order of all that an issue is made of."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.db import models

from newsletter.models.issue import Issue, Item


class OwnBlock(models.Model):
    """Words, a picture, a button or a poll that belong to no post: Markdown, as a letter is.

    It shares the numbers of its place with the issue's items: see `pieces`.
    """

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="own_blocks")
    key = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="A form that is sent twice makes one block."
    )
    position = models.PositiveIntegerField()
    section = models.CharField(max_length=200, blank=True)
    section_emoji = models.CharField(max_length=50, blank=True)
    pinned = models.BooleanField(default=False, help_text="It stands first in its section.")
    text = models.TextField(help_text="Markdown. It may speak to each reader, as the letter may.")

    class Meta:
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return " ".join(self.text.split())[:60] or "empty block"


Piece = Item | OwnBlock
PLACE = ("position", "section", "section_emoji", "pinned")


def name_of(piece: Piece) -> str:
    """What a form calls a piece: `i12` is the item 12, `b5` the own block 5."""
    return f"{'i' if isinstance(piece, Item) else 'b'}{piece.pk}"


def pieces(issue: Issue) -> list[Piece]:
    """All that the issue is made of, in its order; of two in one place the own block comes first."""
    items: Iterable[Piece] = issue.items.select_related("post__source").defer("html", "post__html")
    return in_order([*items, *issue.own_blocks.all()])


def in_order(found: Iterable[Piece]) -> list[Piece]:
    """The pieces as their positions have them."""
    return sorted(found, key=lambda one: (one.position, isinstance(one, Item), one.pk))


def arranged(found: Sequence[Piece]) -> list[Piece]:
    """The same, each section in one place, where its first piece stands, and in it what is pinned first."""
    sections = dict.fromkeys(one.section for one in found)
    return [
        one
        for section in sections
        for one in sorted((one for one in found if one.section == section), key=lambda one: not one.pinned)
    ]


def placed(found: Sequence[Piece], moved: Piece, section: str, before: Piece | None) -> list[Piece]:
    """The pieces with one of them moved: before another one, or to the end of a section, which may be new."""
    rest = [one for one in found if one is not moved]
    if before is not None and before is not moved:
        section = before.section
    like = next((one for one in rest if one.section == section), None)
    if moved.section != section:
        moved.section, moved.section_emoji = section, like.section_emoji if like else ""
    if before is not None and before is not moved:
        at = rest.index(before)
    else:
        at = max((index + 1 for index, one in enumerate(rest) if one.section == section), default=len(rest))
    return arranged([*rest[:at], moved, *rest[at:]])


def keep_order(found: Sequence[Piece]) -> None:
    """Write where the pieces stand now."""
    for position, one in enumerate(found):
        one.position = position
    Item.objects.bulk_update([one for one in found if isinstance(one, Item)], PLACE)
    OwnBlock.objects.bulk_update([one for one in found if isinstance(one, OwnBlock)], PLACE)
