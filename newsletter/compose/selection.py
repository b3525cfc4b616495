"""Which posts make an issue, in which section and order: a pure function of the posts and the newsletter's rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from newsletter.config import Newsletter, NewsletterSection
from newsletter.models import Post


class Place(NamedTuple):
    """A post and the section it stands in."""

    section: NewsletterSection
    post: Post


@dataclass(frozen=True)
class Selection:
    """The posts of an issue in order; `shortfall` says why they are too few, and is empty if they are enough."""

    places: list[Place]
    shortfall: str = ""


def select(posts: Iterable[Post], newsletter: Newsletter) -> Selection:
    """Sort posts, newest first, into sections by tag, and keep to every minimum and maximum."""
    sections = [*newsletter.sections, *([newsletter.other] if newsletter.other else [])]
    shelves: list[list[Post]] = [[] for _ in sections]
    for post in posts:
        index = _section_of(post, newsletter)
        if index < len(sections) and len(shelves[index]) < sections[index].max:
            shelves[index].append(post)
    _trim(shelves, [section.min for section in sections], newsletter.max)
    places = [Place(section, post) for section, shelf in zip(sections, shelves, strict=True) for post in shelf]
    return Selection(places, _shortfall(sections, shelves, newsletter))


def _section_of(post: Post, newsletter: Newsletter) -> int:
    """The first section with a tag of the post; past the last of them, for the section of all others."""
    tags = {str(tag).casefold() for tag in post.tags}
    for index, section in enumerate(newsletter.sections):
        if tags & {tag.casefold() for tag in section.tags}:
            return index
    return len(newsletter.sections)


def _trim(shelves: list[list[Post]], least: list[int], most: int) -> None:
    """Drop the oldest posts until the issue is not too long, but take no section below its own minimum."""
    while sum(map(len, shelves)) > most:
        spare = [shelf for shelf, minimum in zip(shelves, least, strict=True) if len(shelf) > minimum]
        shelf = min(spare or [shelf for shelf in shelves if shelf], key=lambda shelf: shelf[-1].published_at)
        shelf.pop()


def _shortfall(sections: list[NewsletterSection], shelves: list[list[Post]], newsletter: Newsletter) -> str:
    """What is missing, in words an editor can act on."""
    total = sum(map(len, shelves))
    missing = [f"{total} new posts, at least {newsletter.min} wanted"] if total < newsletter.min else []
    missing += [
        f"{len(shelf)} in section “{section.title}”, at least {section.min} wanted"
        for section, shelf in zip(sections, shelves, strict=True)
        if len(shelf) < section.min
    ]
    return "; ".join(missing)
