"""Emoji that older phones and computers draw as an empty box."""

from __future__ import annotations

from collections.abc import Iterator

import emoji

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof, place


def too_new(proof: Proof) -> Iterator[Finding]:
    """Emoji of a version after the newest that most readers' programs know."""
    newest = proof.config.compose.preflight.newest_emoji
    for where, item, words in _looked_at(proof):
        for one in dict.fromkeys(found["emoji"] for found in emoji.emoji_list(words)):
            version = float(emoji.EMOJI_DATA[one]["E"])
            if version > newest:
                name = str(emoji.EMOJI_DATA[one].get("en", "")).strip(":").replace("_", " ")
                yield Finding("emoji-new", f"{one} ({name}) came with Emoji {version:g}",
                              f"take one of Emoji {newest:g} or before: programs some years old show a box for others",
                              where, item, one)  # fmt: skip


def _looked_at(proof: Proof) -> Iterator[tuple[str, int | None, str]]:
    yield from proof.own_words
    for item in proof.items:
        yield place(item), item.pk, f"{item.title} {item.section_emoji} {item.section}"
