"""Those who write, as a byline shows them: a face or initials, a name, a page with all they wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from newsletter import links
from newsletter.config import Config
from newsletter.models.archive import slug
from newsletter.render.words import graphemes


@dataclass(frozen=True)
class Byline:
    """A writer: `path` leads to what they wrote, `url` to where they are at home."""

    name: str
    path: str
    avatar: str
    initials: str
    about: str
    url: str


def bylines(config: Config, names: Iterable[str]) -> list[Byline]:
    """The writers of these names, with what config.yaml says of them."""
    return [byline(config, name) for name in names if slug(name)]


def byline(config: Config, name: str) -> Byline:
    """One writer."""
    known = config.site.authors.get(name)
    return Byline(
        name=name,
        path=reverse("author", args=(slug(name),)),
        avatar=links.asset(config, known.avatar) if known and known.avatar else "",
        initials=initials(name),
        about=known.about if known else "",
        url=(known.url or "") if known else "",
    )


def initials(name: str) -> str:
    """The first letters of the first and the last name, as a reader sees letters."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(graphemes(word)[0] for word in dict.fromkeys((words[0], words[-1]))).upper() if words else "·"
