"""What an image's attributes say: where it lies, how large it is, whether it is there to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_LARGEST = 100_000  # pixels on a side; beyond, a number is a mistake or a trap
TINY = 80  # pixels; below, a picture is an icon and stands for no story
LATE = ("data-src", "data-lazy-src", "src")


@dataclass(frozen=True)
class Size:
    """What was measured of an image: pixels, 0 where unknown; `too_big` in bytes if it is larger than allowed."""

    width: int = 0
    height: int = 0
    too_big: int = 0

    def __bool__(self) -> bool:
        return bool(self.width and self.height)


UNKNOWN = Size()


def source(given: Mapping[str, str], whole: Callable[[str], str]) -> str:
    """The address of an image; pages that load images late hold the real one aside."""
    return next(filter(None, (whole(given[name]) for name in LATE if given.get(name))), "")


def dark(given: Mapping[str, str], whole: Callable[[str], str]) -> str:
    """The address that a `<source>` of a `<picture>` gives for dark screens; empty if it is for something else."""
    first = given.get("srcset", "").strip().split(" ")[0].rstrip(",")
    return whole(first) if first and _DARK.search(given.get("media", "")) else ""


def declared(given: Mapping[str, str]) -> dict[str, int]:
    """The width and height that the attributes state in pixels, as far as they do."""
    stated = {name: given.get(name, "").strip().removesuffix("px") for name in ("width", "height")}
    return {name: int(value) for name, value in stated.items() if _is_length(value)}


def scaled(stated: Mapping[str, int], size: Size) -> dict[str, int]:
    """The stated lengths, completed by what was measured."""
    if len(stated) == 2 or not size:
        return dict(stated)
    if "width" in stated:
        return {"width": stated["width"], "height": max(1, round(size.height * stated["width"] / size.width))}
    if "height" in stated:
        return {"width": max(1, round(size.width * stated["height"] / size.height)), "height": stated["height"]}
    return {"width": size.width, "height": size.height}


def is_hidden(given: Mapping[str, str]) -> bool:
    """Whether an image is there to count readers, not to be seen."""
    style = given.get("style", "").replace(" ", "").lower()
    sizes = (given.get(name, "").removesuffix("px").strip() for name in ("width", "height"))
    return any(size in ("0", "1", "2") for size in sizes) or "display:none" in style


def in_words(size: int) -> str:
    """A number of bytes as people say it."""
    return f"{size / 1_000_000:.0f} MB" if size >= 1_000_000 else f"{size / 1000:.0f} kB"


def _is_length(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 6 and 0 < int(value) <= _LARGEST
