"""Which posts make an issue, in which section and order: a pure function of the posts and the newsletter's rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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


def sections_of(newsletter: Newsletter) -> list[NewsletterSection]:
    """The parts of an issue in their order, that of all other posts last if there is one."""
    return [*newsletter.sections, *([newsletter.other] if newsletter.other else [])]


def select(posts: Iterable[Post], newsletter: Newsletter) -> Selection:
    """Sort posts, newest first, into sections by tag, and keep to every minimum and maximum.

    Where there is no room for all, those that an editor has starred go before newer ones; they stand in order of date.
    """
    sections = sections_of(newsletter)
    shelves: list[list[Post]] = [[] for _ in sections]
    for post in sorted(posts, key=lambda post: not is_starred(post)):
        index = section_of(post, newsletter)
        if index < len(sections) and len(shelves[index]) < sections[index].max:
            shelves[index].append(post)
    _trim(shelves, [section.min for section in sections], newsletter.max)
    places = [
        Place(section, post)
        for section, shelf in zip(sections, shelves, strict=True)
        for post in sorted(shelf, key=lambda post: post.published_at, reverse=True)
    ]
    return Selection(places, _shortfall(sections, shelves, newsletter))


def is_starred(post: Post) -> bool:
    """Whether an editor asks for it, as far as the query it came from says so."""
    return bool(getattr(post, "starred", False))


def section_of(post: Post, newsletter: Newsletter) -> int:
    """The number of the first section with a tag of the post; past the last of them, for the section of all others."""
    tags = {str(tag).casefold() for tag in post.tags}
    for index, section in enumerate(newsletter.sections):
        if tags & {tag.casefold() for tag in section.tags}:
            return index
    return len(newsletter.sections)


def _trim(shelves: list[list[Post]], least: list[int], most: int) -> None:
    """Drop the oldest posts until the issue is not too long, but take no section below its own minimum.

    The last of a shelf is always the first to go: what is starred stands before what is not.
    """
    while sum(map(len, shelves)) > most:
        spare = [shelf for shelf, minimum in zip(shelves, least, strict=True) if len(shelf) > minimum]
        shelf = min(spare or [shelf for shelf in shelves if shelf], key=lambda shelf: _worth(shelf[-1]))
        shelf.pop()


def _worth(post: Post) -> tuple[bool, datetime]:
    return is_starred(post), post.published_at


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
