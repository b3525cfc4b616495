"""Headings, by which those who hear a mail find their way in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof

_DO = "let headings begin with one of level 1, and go down a level at a time"


def order(proof: Proof) -> Iterator[Finding]:
    """No first heading, several of them, or a level left out."""
    found = proof.page.headings
    firsts = [one for one in found if one.level == 1]
    if found and (found[0].level != 1 or len(firsts) > 1):
        said = f"there are {len(firsts)} headings of level 1" if firsts else "no heading is of level 1"
        if len(firsts) == 1:
            said = f"the first heading, “{found[0].words[:60]}”, is of level {found[0].level}"
        yield Finding("heading-order", said, _DO, "the mail", about="first")
    for before, after in pairwise(found):
        if after.level > before.level + 1:
            yield Finding(
                "heading-order",
                f"after “{before.words[:60]}” (level {before.level}) comes “{after.words[:60]}” (level {after.level})",
                _DO, "the mail", about=after.words[:60],
            )  # fmt: skip
