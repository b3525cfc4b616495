"""How heavy the HTML is."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof


def weight(proof: Proof) -> Iterator[Finding]:
    """More than what costs readers something, or more than what Gmail shows."""
    size, limits = len(proof.html.encode()), proof.config.compose.preflight
    weighs = f"the HTML weighs {size / 1000:.0f} kB"
    if size > limits.weight_most:
        yield Finding(
            "weight-clipped",
            f"{weighs}, more than {limits.weight_most / 1000:.0f}: Gmail clips it, and hides its end with the way out",
            "take stories out, or draw a section as a list",
            "the mail",
        )
    elif size > limits.weight:
        yield Finding(
            "weight",
            f"{weighs}; it is best kept below {limits.weight / 1000:.0f}",
            "take stories out, shorten one that is told in full, or draw a section as a list",
            "the mail",
        )
