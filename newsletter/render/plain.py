"""A post as text that a person would want to read: headings underlined, links numbered, nothing left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from markupsafe import Markup

from newsletter.render import columns
from newsletter.render.blocks import Block, Picture, blocks
from newsletter.render.flow import WIDTH, LinkBook, flowing, picture, wrap
from newsletter.render.words import is_rtl, width

__all__ = ["WIDTH", "LinkBook", "plain", "poll", "wrap"]

Votes = Mapping[int, Sequence[str]]


def plain(
    content: str | Block | Iterable[Block],
    book: LinkBook | None = None,
    votes: Votes | None = None,
    sponsor: str = "Advertisement",
) -> str:
    """HTML, or its blocks, as text; the addresses of its links follow it, by number.

    One book for all stories of a mail lets the numbers run on. `votes` holds, by a poll's number, the address of each
    of its answers; `sponsor` is the word that stands before what somebody paid for.
    """
    book = book or LinkBook()
    if isinstance(content, str):
        content = blocks(content)
    elif isinstance(content, Block):
        content = [content]
    drawn = [
        _sponsor(block, book, sponsor)
        if block.kind == "sponsor"
        else poll(block, (votes or {}).get(block.number, ()))
        if block.kind == "poll"
        else _KINDS[block.kind](block, book)
        for block in content
    ]
    return "\n\n".join(filter(None, (*drawn, book.listed())))


def poll(block: Block, addresses: Sequence[str] = ()) -> str:
    """A poll: the question, then its answers, each with the address that votes for it."""
    links = [*addresses, *[""] * (len(block.answers) - len(addresses))]
    # Every address on a line of its own, or none: the answers are to look alike.
    answers = (
        _led("- ", answer, "") + (f"\n  {link}" if link else "")
        for answer, link in zip(block.answers, links, strict=False)
    )
    return "\n".join((wrap(block.title), *answers))


def _heading(block: Block, book: LinkBook) -> str:
    text = flowing(str(block.html), book)
    lines = wrap(f"{block.emoji} {' '.join(text.split())}".strip())
    return lines + "\n" + "-" * max(3, min(WIDTH, max(map(width, lines.split("\n")))))


def _text(block: Block, book: LinkBook) -> str:
    return flowing(str(block.html), book)


def _quote(block: Block, book: LinkBook) -> str:
    return flowing(f"<blockquote>{block.html}</blockquote>", book)


def _table(block: Block, book: LinkBook) -> str:
    return columns.drawn(str(block.html), book)


def _image(block: Block, book: LinkBook) -> str:
    return _under([Picture(block.src, block.alt, block.href)], block.html, book)


def _gallery(block: Block, book: LinkBook) -> str:
    return _under(block.images, block.html, book)


def _under(images: Iterable[Picture], html: Markup, book: LinkBook) -> str:
    """Pictures, one a line, and their caption; a caption that says what the picture shows is said once."""
    caption = flowing(str(html), book)
    shown = list(images)
    said = [picture(image.alt) for image in shown if image.alt.strip() != " ".join(caption.split())]
    links = [f" [{book.number(image.href)}]" if image.href else "" for image in shown]
    lines = [wrap(f"{text}{link}") for text, link in zip(said, links, strict=False) if text]
    return "\n".join(filter(None, (*lines, caption)))


def _button(block: Block, book: LinkBook) -> str:
    words = " ".join(flowing(str(block.html), book).split())
    return _led("← " if is_rtl(words) else "→ ", words, block.href)


def _video(block: Block, book: LinkBook) -> str:
    lines = (_led("▶ ", block.title, block.href), flowing(str(block.html), book))
    return "\n".join(filter(None, lines))


def _sponsor(block: Block, book: LinkBook, label: str) -> str:
    head = _led("", f"{label} · {block.title}", block.href)
    return "\n".join(filter(None, (head, flowing(str(block.html), book))))


def _led(mark: str, words: str, address: str) -> str:
    """A line of `words: address`, or the address on the next one where it does not fit or would be turned around."""
    text = wrap(f"{words}:" if address else words, mark, " " * width(mark))
    if not address:
        return text
    beside = "\n" not in text and width(text) + 1 + len(address) <= WIDTH and not is_rtl(words)
    return f"{text} {address}" if beside else f"{text}\n{' ' * width(mark)}{address}"


_KINDS: dict[str, Callable[[Block, LinkBook], str]] = {
    "heading": _heading,
    "text": _text,
    "code": _text,
    "subscribe": lambda *_: "",  # who reads this has subscribed
    "quote": _quote,
    "table": _table,
    "image": _image,
    "gallery": _gallery,
    "button": _button,
    "video": _video,
    "rule": lambda *_: "* * *",
    "switch": lambda block, _: str(block.html),
}
