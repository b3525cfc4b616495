"""Words and what is behind them, in the light look and in the dark one: our own markup, as its styles say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from newsletter.preflight.colours import Faint, Painter, dark_rules
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof

NAMED = 5
"""Pairs of colours that are named one by one."""


def light(proof: Proof) -> Iterator[Finding]:
    """As it is shown dark on light."""
    yield from _faint(Painter(proof.page.soup), proof, "contrast-light", "")


def dark(proof: Proof) -> Iterator[Finding]:
    """As mail programs show it that heed `prefers-color-scheme`; a mail without rules for that is shown as it is."""
    rules = dark_rules(proof.page.styles)
    if rules:
        yield from _faint(Painter(proof.page.soup, rules), proof, "contrast-dark", " in the dark look")


def _faint(painter: Painter, proof: Proof, code: str, look: str) -> Iterator[Finding]:
    least = proof.config.compose.preflight.contrast
    pairs: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Faint] = {}
    for one in painter.faint(least):
        pairs[one.colour, one.ground] += 1
        first.setdefault((one.colour, one.ground), one)
    for pair, count in pairs.most_common(NAMED):
        one = first[pair]
        more = f" and {count - 1} more" if count > 1 else ""
        yield Finding(
            code, f"“{one.words}”{more}: {one.colour} on {one.ground}{look} is {one.ratio:.1f} to 1",
            f"words need {least:g} to 1: change the theme's colours", "the mail", about=" on ".join(pair),
        )  # fmt: skip
