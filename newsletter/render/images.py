"""The sizes of images: as large as the column at most, never enlarged, never distorted."""

from __future__ import annotations

import re

from newsletter.render.tags import attributes, rewrite

# A mail holds no bare `<` but those of tags; cutting all of it into tags would take several times as long.
_IMG = re.compile(r"""<img\b(?:[^"'>]|"[^"]*"|'[^']*')*+>""")
_NUMBER = re.compile(r"\s*(\d{1,6})(?:\.\d+)?\s*(?:px)?\s*", re.IGNORECASE)
_HEIGHT = re.compile(r"(?<![\w-])height\s*:\s*[\d.]+px", re.IGNORECASE)
_WIDTH = re.compile(r"(?<![\w-])width\s*:\s*100%|(?<![\w-])max-width\s*:", re.IGNORECASE)


def fit(width: int, height: int, into: int) -> tuple[int, int]:
    """The size that an image is shown at in a column of `into` pixels; (0, 0) if its own is not known."""
    if width <= 0 or height <= 0 or into <= 0:
        return 0, 0
    shown = min(width, into)
    return shown, max(1, round(height * shown / width))


def pixels(value: str | None) -> int:
    """A width or height as written in an attribute; 0 if it is no number of pixels."""
    match = _NUMBER.fullmatch(value or "")
    return int(match[1]) if match else 0


def sized(html: str) -> str:
    """The document with whole numbers as the widths and heights of its images.

    MJML writes an image's height into its style too, where it stands against the width: on a phone the image would be
    squeezed. The attribute stays, so that mail programs keep room for the image; the style says `auto`.
    """
    return _IMG.sub(lambda match: _sized(match[0]), html)


def _sized(tag: str) -> str:
    given = dict(attributes(tag))
    fluid = bool(_WIDTH.search(given.get("style") or ""))
    drop = [name for name in ("width", "height") if name in given and not pixels(given[name])]

    def change(name: str, value: str) -> str:
        if name in ("width", "height"):
            return str(pixels(value))
        return _HEIGHT.sub("height:auto", value) if name == "style" and fluid else value

    written = rewrite(tag, change)
    for name in drop:
        written = re.sub(rf' {name}="[^"]*"', "", written, count=1)
    return written
