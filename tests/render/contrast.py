"""The contrast of every word of a mail with what is behind it, from the styles in the elements themselves."""

import re

import html5lib

from newsletter.render.palette import LEAST, contrast

_HTML = "{http://www.w3.org/1999/xhtml}"
_COLOUR = re.compile(r"(?:^|;)\s*color:\s*(#[0-9a-fA-F]{6})")
_GROUND = re.compile(r"(?:^|;)\s*background(?:-color)?:\s*(#[0-9a-fA-F]{6})")


def faint(html: str) -> list[tuple[str, str, str, float]]:
    """Words with a contrast below 4.5 to 1: (words, colour, ground, ratio)."""
    body = html5lib.parse(html, treebuilder="etree").find(f"{_HTML}body")
    return list(dict.fromkeys(_walk(body, "#000000", "#ffffff")))


def _walk(element, colour, ground):
    if "display:none" in (element.get("style") or "").replace(" ", "") or element.get("aria-hidden") == "true":
        return
    colour, ground = _painted(element, colour, ground)
    ratio = contrast(colour, ground)
    for words in (element.text, *(child.tail for child in element)):
        if words and words.strip() and ratio < LEAST:
            yield (words.strip()[:40], colour, ground, round(ratio, 2))
    for child in element:
        if isinstance(child.tag, str):
            yield from _walk(child, colour, ground)


def _painted(element, colour, ground):
    style = element.get("style") or ""
    own, link = _COLOUR.search(style), element.tag == f"{_HTML}a" and element.get("href")
    painted = _GROUND.search(style)
    colour = own[1] if own else "#0000ee" if link else colour
    return colour, painted[1] if painted else element.get("bgcolor") or ground
