"""Cut a post's HTML into the blocks that a mail draws one by one, well formed whatever came in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from itertools import groupby
from typing import Literal

from markupsafe import Markup

from newsletter import holes
from newsletter.render.elements import DEEPEST, WIDEST, Chunk, Picture, chunks
from newsletter.render.speech import spoken_html
from newsletter.render.vocabulary import HEADINGS, MARK
from newsletter.render.words import lead_emoji, one_line

__all__ = ["DEEPEST", "WIDEST", "Block", "Kind", "Picture", "blocks", "count_polls"]

Kind = Literal[
    "heading", "text", "quote", "image", "table", "code", "rule",
    "button", "gallery", "video", "sponsor", "poll", "subscribe", "switch",
]  # fmt: skip

_NOTHING = Markup()
_KINDS: dict[str, Kind] = {"blockquote": "quote", "table": "table", "pre": "code"}
_TAG = re.compile(r"<[^>]*>")  # what we have written ourselves: no attribute holds a bare `>`
_ITEM = re.compile(r"<li\b[^>]*>(.*?)</li>", re.DOTALL)
_FIRST_PARAGRAPH = re.compile(r"\s*<p\b[^>]*>.*?</p>", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block of a post.

    | kind | what it holds |
    |---|---|
    | `heading` | `html` its words, `level`, `emoji` the ornament before them |
    | `text`, `table`, `code` | `html`, all of it |
    | `quote` | `html`, the inside |
    | `image` | `src`, `alt`, `href` if it is a link, `src_dark`, `width`, `height`, `html` its caption |
    | `gallery` | `images`, `html` their caption |
    | `button` | `href`, `html` its words |
    | `video` | `href` where it plays, `src` its picture or nothing, `alt`, `title`, `html` its caption |
    | `sponsor` | `href`, `title` who it is, `src`, `alt`, `html` what it says |
    | `poll` | `title` the question, `answers`, `number` within the issue |
    | `subscribe` | `html`, words above the box |
    | `switch` | `html`, a marker of the splice between two blocks |
    | `rule` | nothing |

    `html` is always well formed. Widths and heights are the image's own, and 0 where nobody knows them.
    """

    kind: Kind
    html: Markup = _NOTHING
    level: int = 0
    emoji: str = ""
    src: str = ""
    alt: str = ""
    href: str = ""
    src_dark: str = ""
    width: int = 0
    height: int = 0
    images: tuple[Picture, ...] = ()
    title: str = ""
    answers: tuple[str, ...] = ()
    number: int = 0


def blocks(html: str, language: str = "en", first_poll: int = 0) -> list[Block]:
    """The blocks of a post; neighbouring paragraphs and lists are one block.

    Emoji that are all there is of a cell or a link are spoken in `language`; polls are numbered from `first_poll`.
    """
    found = filter(None, map(_block, chunks(html)))
    return [_spoken(block, language) for block in _numbered(_joined(_levelled(found)), first_poll)]


def count_polls(html: str) -> int:
    """How many polls a post may hold; a number that none of its blocks has does no harm."""
    return html.count(f'{MARK}="poll"')


def _block(chunk: Chunk) -> Block | None:
    if chunk.tag == "hr":
        return Block("rule")
    special = _SPECIAL.get(chunk.mark if chunk.tag == "figure" else "") or _SPECIAL.get(chunk.link_mark)
    if special and (block := special(chunk)):
        return block
    if len(chunk.images) == 1 and not chunk.words and chunk.tag in ("p", "figure"):
        return _image(chunk)
    if len(chunk.images) > 1 and not chunk.words and chunk.tag in ("figure", "ul"):
        return Block("gallery", _caption(chunk), images=tuple(chunk.images))
    if not (chunk.words or chunk.images or _caption(chunk)):
        return None
    inside = _markup(*chunk.written[1:-1])
    if chunk.tag == "p" and not chunk.images and holes.SWITCHES.fullmatch(inside):
        return Block("switch", Markup(inside.strip()))  # noqa: S704  # letters, digits and hyphens alone
    if chunk.tag in HEADINGS:
        return _heading(inside, int(chunk.tag[1]))
    kind = _KINDS.get(chunk.tag, "text")
    return Block(kind, inside if kind == "quote" else _markup(*chunk.written))


def _image(chunk: Chunk) -> Block:
    image = chunk.images[0]
    return Block(
        "image", _caption(chunk), src=image.src, alt=image.alt, href=image.href, src_dark=image.src_dark,
        width=image.width, height=image.height,
    )  # fmt: skip


def _caption(chunk: Chunk) -> Markup:
    """The captions of a figure and of those inside it, as one."""
    found = (_markup(*chunk.written[slice(*place)]) for place in chunk.captions)
    return _markup(" &#183; ".join(str(text).strip() for text in found if text.strip()))


def _button(chunk: Chunk) -> Block | None:
    words = _markup(*chunk.written[slice(*chunk.link)])
    alone = chunk.tag in ("p", "figure") and len(chunk.written) - (chunk.link[1] - chunk.link[0]) <= 4
    return Block("button", _markup(str(words).strip()), href=chunk.href) if alone and _text(words) else None


def _video(chunk: Chunk) -> Block | None:
    if chunk.tag != "figure" or len(chunk.images) > 1 or _beside(chunk):
        return None
    image = chunk.images[0] if chunk.images else None
    title = _text(_markup(*chunk.written[slice(*chunk.link)]))
    return Block(
        "video", _caption(chunk), href=_href(chunk), title=title, src=image.src if image else "",
        alt=image.alt if image else "", src_dark=image.src_dark if image else "",
        width=image.width if image else 0, height=image.height if image else 0,
    )  # fmt: skip


def _beside(chunk: Chunk) -> str:
    """The words of a figure that are neither in its marked link nor in a caption."""
    apart = {place for span in (chunk.link, *chunk.captions) for place in range(*span)}
    return _text("".join(piece for place, piece in enumerate(chunk.written) if place not in apart))


def _sponsor(chunk: Chunk) -> Block | None:
    inside = "".join(chunk.written[1:-1])
    head = _FIRST_PARAGRAPH.match(inside)
    if head is None or not (href := _first_href(head[0])):
        return None
    image = next((image for image in chunk.images if image.href == href), None)
    return Block(
        "sponsor", _markup(inside[head.end() :].strip()), href=href, title=_text(head[0]),
        src=image.src if image else "", alt=image.alt if image else "", src_dark=image.src_dark if image else "",
        width=image.width if image else 0, height=image.height if image else 0,
    )  # fmt: skip


def _poll(chunk: Chunk) -> Block | None:
    inside = "".join(chunk.written[1:-1])
    head = _FIRST_PARAGRAPH.match(inside)
    question = _text(head[0]) if head else ""
    answers = tuple(filter(None, map(_text, _ITEM.findall(inside))))
    return Block("poll", title=question, answers=answers) if question and 2 <= len(answers) <= 10 else None


def _subscribe(chunk: Chunk) -> Block | None:
    return Block("subscribe", _markup("".join(chunk.written[1:-1]).strip()))


_SPECIAL: dict[str, Callable[[Chunk], Block | None]] = {
    "button": _button,
    "video": _video,
    "sponsor": _sponsor,
    "poll": _poll,
    "subscribe": _subscribe,
}


def _heading(inside: Markup, level: int) -> Block:
    ornament, rest = lead_emoji(str(inside).strip())
    return Block("heading", _markup(rest), level, ornament)


def _href(chunk: Chunk) -> str:
    """The address of the marked link."""
    return _first_href(chunk.written[chunk.link[0] - 1])


def _first_href(html: str) -> str:
    match = re.search(r'<a\b[^>]*? href="([^"]*)"', html)
    return unescape(match[1]) if match else ""


def _text(html: str) -> str:
    """The words of a piece of HTML that we have written ourselves, on one line."""
    return one_line(unescape(_TAG.sub(" " if "<br" in html else "", html)))


def _markup(*written: str) -> Markup:
    # Only tags and attributes of the vocabulary were written, and every value and text was escaped.
    return Markup("".join(written))  # noqa: S704


def _levelled(found: Iterator[Block]) -> Iterator[Block]:
    """The same blocks with their headings at h2 and below, no level left out: h1 is the article's title."""
    all_blocks = list(found)
    ranks = {level: rank for rank, level in enumerate(sorted({b.level for b in all_blocks if b.level}), start=2)}
    last = 1
    for block in all_blocks:
        if block.level:
            last = min(ranks[block.level], last + 1)
            block = replace(block, level=last)
        yield block


def _joined(found: Iterator[Block]) -> Iterator[Block]:
    for kind, run in groupby(found, key=lambda block: block.kind):
        if kind == "text":
            yield Block("text", Markup("\n").join(block.html for block in run))
        else:
            yield from run


def _numbered(found: Iterator[Block], first: int) -> Iterator[Block]:
    number = first
    for block in found:
        yield replace(block, number=number) if block.kind == "poll" else block
        number += block.kind == "poll"


def _spoken(block: Block, language: str) -> Block:
    """The block with its emoji named where they are all there is to read."""
    if block.html.isascii():
        return block
    inside = block.kind in ("heading", "button")
    html = spoken_html(str(block.html), language, whole=inside)
    return block if html == block.html else replace(block, html=_markup(html))
