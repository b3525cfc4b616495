"""How heavy a mail's HTML is, and from when that costs readers something."""

from __future__ import annotations

from dataclasses import dataclass

BUDGET = 85_000
CLIPPED = 102_000
"""Where Gmail cuts a mail off and hides the rest, its unsubscribe link included, behind “View entire message”."""


@dataclass(frozen=True)
class Weight:
    """A mail's weight in bytes, and what is to be said of it: nothing, a `warning`, or a `clipped` mail."""

    size: int

    @property
    def level(self) -> str:
        """`fine`, `warning` or `clipped`."""
        return "clipped" if self.size > CLIPPED else "warning" if self.size > BUDGET else "fine"

    def __str__(self) -> str:
        weighs = f"the HTML weighs {self.size / 1000:.0f} kB"
        if self.level == "clipped":
            return (
                f"{weighs}: Gmail will clip this mail at {CLIPPED // 1000} kB, and hide its end with the unsubscribe "
                f"link; take stories out, or draw a section as a list"
            )
        if self.level == "warning":
            return f"{weighs}; keep it below {BUDGET // 1000} kB, for Gmail clips a mail at {CLIPPED // 1000} kB"
        return weighs


def weight_note(html: str) -> Weight:
    """The weight of a mail as it is sent, its holes not filled yet."""
    return Weight(len(html.encode()))
