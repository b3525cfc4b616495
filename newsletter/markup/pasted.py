"""What somebody pastes from a word processor or a web page, as Markdown."""

from __future__ import annotations

import re
from typing import NamedTuple

from markdownify import markdownify

from newsletter.markup.clean import Addresses, clean

# Word writes a list as paragraphs that begin with a bullet or a number, and several spaces that cannot break.
_GAP = r"(?:[\s\u00a0]|&nbsp;|&#160;)"
_LISTED = re.compile(
    rf"<p>{_GAP}*(?:(?P<bullet>[·•▪§o–-])|(?P<number>\d{{1,3}})[.)]){_GAP}{{2,}}(?P<words>.*?)</p>", re.DOTALL
)
_SEAMS = re.compile(r"</(ul|ol)>\s*<\1>")
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)


class Pasted(NamedTuple):
    """The Markdown, and how many pictures were left out because they lie on the writer's own machine."""

    text: str
    left_out: int


def to_markdown(source: str) -> Pasted:
    """The words of a piece of HTML with their headings, lists, links, emphasis, and the pictures that lie on the web.

    Everything else, fonts and colours above all, stays behind.
    """
    safe = clean(source, Addresses.against("")).html
    safe = _SEAMS.sub("", _LISTED.sub(_item, safe))
    text = markdownify(safe, heading_style="ATX", bullets="-", strong_em_symbol="*", wrap=False)
    text = re.sub(r"[ \t\u00a0]+$", "", text.replace("\u00a0", " "), flags=re.MULTILINE)
    left_out = max(0, len(_IMAGE.findall(source)) - len(_IMAGE.findall(safe)))
    return Pasted(re.sub(r"\n{3,}", "\n\n", text).strip(), left_out)


def _item(match: re.Match[str]) -> str:
    kind = "ul" if match["bullet"] else "ol"
    return f"<{kind}><li>{match['words']}</li></{kind}>"
