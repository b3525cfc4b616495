"""What a list mail must hold: who sends it, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter import holes, links, splice
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import Proof

_LETTERS = re.compile(r"\W+")


def postal_address(proof: Proof) -> Iterator[Finding]:
    """The postal address in both parts, wherever the lines are broken."""
    wanted = _letters(proof.letter.postal_address)
    for part, words in (("the HTML", proof.page.words), ("the plain text", proof.text)):
        if not wanted or wanted not in _letters(words):
            yield Finding("postal-address", "it does not hold the newsletter's postal address",
                          "show {{ newsletter.postal_address }} in the theme's footer; the law of many countries asks "
                          "for it", part)  # fmt: skip


def unsubscribe(proof: Proof) -> Iterator[Finding]:
    """The link to unsubscribe where everybody sees it, in both parts."""
    way_out = links.unsubscribe(proof.config, holes.hole(proof.marker, "token"))
    do = "show {{ links.unsubscribe }} in the theme's footer, for everybody"
    shown = any(one.url == way_out and one.seen and one.words for one in proof.page.anchors)
    if not (shown and splice.always(splice.parse(proof.raw["html"], proof.marker), way_out)):
        yield Finding("unsubscribe", "there is no link to unsubscribe that everybody sees", do, "the HTML")
    if not splice.always(splice.parse(proof.raw["text"], proof.marker), way_out):
        yield Finding("unsubscribe", "there is no address to unsubscribe at", do, "the plain text")


def _letters(text: str) -> str:
    return _LETTERS.sub("", text).casefold()
