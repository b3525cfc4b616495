"""What somebody meant to fill in later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from html import unescape

from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import LETTERS, Proof, place
from newsletter.render.tags import pieces

_SURE = re.compile(
    r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|\*\|[A-Z0-9_:]{2,40}\|\*|%%[A-Za-z_]{2,40}%%|\[\[[^\[\]]{1,60}\]\]"
    r"|\blorem ipsum\b|\bTKTK\w*"
    r"|\[(?:insert|your|name|first ?name|date|link|todo|tk|hier|einfügen)\b[^\]]{0,40}\](?![(\[:])",
    re.IGNORECASE | re.DOTALL,
)
_ENGLISH = re.compile(r"\bT\.?K\.?\b(?![\w-])")
_PERHAPS = re.compile(r"(?<![\w/.-])(?:X{3,}|TODO|FIXME|TBC|TBD|\?\?\?+)(?![\w/-])")
_TAG = re.compile(r"\{\{.{0,300}?\}\}|\{%.{0,300}?%\}", re.DOTALL)
_QUOTED = re.compile(r"(?<!`)(`++).*?(?<!`)\1(?!`)", re.DOTALL)
_CODE = ("code", "pre", "kbd", "samp")
_MANY = 3


def left_over(proof: Proof) -> Iterator[Finding]:
    """In the editors' words and in stories of our own these are blockers; what others publish is theirs."""
    english = proof.letter.language.lower().startswith("en")
    for where, item, words in proof.own_words:
        plain = _QUOTED.sub(" ", words) if where.endswith(LETTERS) else words
        yield from _found(_TAG.sub(partial(_unless_filled, proof), plain), where, item, english, sure=True)
    for one in proof.items:
        ours = one.post.source.kind != "feed" or not one.url
        title = f"{one.title}\n{one.summary}\n{one.image_alt}"
        yield from _found(f"{title}\n{told(one.html, one.personal)}", place(one), one.pk, english, sure=ours)


def told(html: str, personal: bool) -> str:
    """The words of a story without its code, and without what it says to each reader."""
    plain, within = list[str](), 0
    for piece in pieces(html):
        if piece.name in _CODE:
            within = max(0, within + (-1 if piece.closing else 1))
        plain.append(piece.source if piece.kind == "text" and not within else " ")
    # In a personal story every brace that is left is a tag; those of others are written as references.
    whole = "".join(plain)
    return unescape(_TAG.sub(" ", whole) if personal else whole)


def _unless_filled(proof: Proof, tag: re.Match[str]) -> str:
    """A tag that the mail does not show any more was filled in."""
    left = " ".join(tag[0].split())
    return tag[0] if left in proof.page.words or left in proof.subject or left in proof.preheader else " "


def _found(words: str, where: str, item: int | None, english: bool, sure: bool) -> Iterator[Finding]:
    patterns = [(_SURE, sure), *([(_ENGLISH, sure)] if english else []), (_PERHAPS, False)]
    for pattern, certain in patterns:
        for said in list(dict.fromkeys(found[0] for found in pattern.finditer(words)))[:_MANY]:
            shown = " ".join(said.split())[:60]
            code = "placeholder" if certain else "placeholder-perhaps"
            yield Finding(code, f"“{shown}” looks like something still to be filled in", "write what is meant",
                          where, item, shown)  # fmt: skip
