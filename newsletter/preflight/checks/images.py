"""Images, and the words that stand for them."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter import links
from newsletter.config.preflight import Level
from newsletter.preflight.findings import Finding
from newsletter.preflight.proof import FRAME, Proof, place

_DO = "say in a few words what it shows: many readers see a mail without its images"


def without_words(proof: Proof) -> Iterator[Finding]:
    """Images of stories and letters that say nothing to those who do not see them; the frame's own may be ornament."""
    seen: set[str] = set()
    for item in proof.items:
        if item.image_url and not item.image_alt.strip():
            seen.add(item.image_url)
            # Of a feed's picture nobody here knows more than its story's title, which stands in for the words.
            level: Level | None = "note" if item.post.source.kind == "feed" else None
            yield Finding("image-alt", f"the image {_name(item.image_url)} has no words but the story's title", _DO,
                          place(item), item.pk, item.image_url, level)  # fmt: skip
    for picture in proof.pictures:
        where, number = proof.place_of(picture.url)
        ornament = where == FRAME and picture.alt is not None
        if picture.alt or ornament or not picture.bare or picture.url in seen or _is_pixel(proof, picture.url):
            continue
        seen.add(picture.url)
        yield Finding("image-alt", f"the image {_name(picture.url)} has no words", _DO, where, number, picture.url)


def _is_pixel(proof: Proof, url: str) -> bool:
    return url.startswith(links.pixel(proof.config, "").rpartition("/")[0])


def _name(url: str) -> str:
    return url.partition("?")[0].rstrip("/").rpartition("/")[2][:80] or url[:80]
