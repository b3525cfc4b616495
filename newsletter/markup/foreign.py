"""What big platforms publish, by the classes of their HTML: Ghost, WordPress, Substack."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.markup.tags import words

_BUTTONS = words(
    "kg-btn kg-cta-button kg-header-card-button kg-product-card-button wp-block-button__link wp-block-file__button"
)
# The clock, the speed and the volume of a player that is not there.
_FURNITURE = words("kg-video-overlay kg-video-player-container kg-audio-player-container")
# Some blogs draw each emoji as a picture of it.
_EMOJI = words("emoji wp-smiley")


def is_button(given: Mapping[str, str]) -> bool:
    """Whether a link is drawn as a button where it was published; a bold link in a paragraph is none."""
    classes = _classes(given)
    return bool(classes & _BUTTONS) or classes >= {"button", "primary"}


def is_furniture(given: Mapping[str, str]) -> bool:
    """Whether an element only works a player, and its words mean nothing without one."""
    return "class" in given and bool(_classes(given) & _FURNITURE)


def is_emoji(given: Mapping[str, str]) -> bool:
    """Whether a picture stands for the emoji in its alt text."""
    return bool(_classes(given) & _EMOJI)


def _classes(given: Mapping[str, str]) -> set[str]:
    return set(given.get("class", "").split())
