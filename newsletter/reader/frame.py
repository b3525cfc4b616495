"""What stands around every page: its language, its look, the way home, the way to subscribe."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from markupsafe import Markup

from newsletter import links
from newsletter import render as rendering
from newsletter.config import Config
from newsletter.lists import first_public
from newsletter.markup.text import with_emoji
from newsletter.reader.style import colour, properties
from newsletter.render.phrases import Phrases
from newsletter.render.words import direction, one_line
from newsletter.settings import current

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Frame:
    """The look of a newsletter's pages, or with an empty name of those that belong to none in particular."""

    name: str
    title: str
    tagline: str
    emoji: str
    native: str
    """The newsletter's own language, which its title and tagline are in."""
    language: str
    """The language that the page speaks."""
    direction: str
    logo: str
    css: Markup
    paper: tuple[str, str]
    home: str
    subscribe: str

    @cached_property
    def joinable(self) -> bool:
        """Whether anybody may subscribe to it by themselves; asked of the database once, and only for a form."""
        return bool(self.name) and first_public(current(), self.name) is not None

    @cached_property
    def words(self) -> Phrases:
        """What pages say, in the language of this one; in English where there are no words in it."""
        return rendering.page_words(current(), self.name, self.language)

    @property
    def spoken(self) -> str:
        """The attributes of what a page says in our own words, where these are in another language than the page."""
        said = self.words.spoken_in
        return "" if said == self.language else Markup(' lang="{}" dir="{}"').format(said, direction(said))

    @property
    def ours(self) -> str:
        """The attribute of what the page says in English though its newsletter is in another language."""
        return "" if self.language.lower().startswith("en") else Markup(' lang="en"')


def frame_of(config: Config, name: str = "", language: str = "") -> Frame:
    """The frame of a newsletter's pages; without a name, or for one that is gone, that of the publication.

    It speaks the newsletter's language unless another one is named.
    """
    settings = config.newsletters.get(name)
    if settings is None and len(config.newsletters) == 1:
        name, settings = next(iter(config.newsletters.items()))
    tokens = _tokens(config, name)
    dark = {"light": tokens.get("dark", {})}
    native = settings.language if settings else _common(config)
    return Frame(
        name=name if settings else "",
        title=one_line(settings.title) if settings else config.site.name,
        tagline=one_line(settings.tagline) if settings else "",
        emoji=with_emoji(settings.emoji) if settings else "",
        native=native,
        language=language or native,
        direction=direction(language or native),
        logo=_logo(config, name),
        css=properties(tokens),
        paper=(colour(tokens, "paper", "#ffffff"), colour(dark, "paper", "#111111")),
        home=reverse("home"),
        subscribe=reverse("subscribe", args=(name,)) if settings else reverse("subscriptions"),
    )


def _common(config: Config) -> str:
    """The language of all newsletters, if they have one in common, else English."""
    spoken = {letter.language for letter in config.newsletters.values()}
    return spoken.pop() if len(spoken) == 1 else "en"


def page(request: HttpRequest, template: str, frame: Frame, status: int = 200, **context: Any) -> HttpResponse:
    """A page of ours in its frame."""
    return render(request, template, {"frame": frame, **context}, status=status, using="jinja2")


def plain_frame(name: str = "", language: str = "") -> Frame:
    """The frame of a page that was given none: an error, or one that belongs to one reader of a newsletter, if any."""
    return frame_of(current(), name, language)


def whose(request: HttpRequest, path: str = "") -> str:
    """The newsletter that a path is about, or else the address that was asked for; empty if that is none."""
    match = request.resolver_match
    if path:
        try:
            match = resolve(urlsplit(path).path)
        except Resolver404:
            match = None
    return str(match.kwargs.get("newsletter", "")) if match else ""


def _tokens(config: Config, name: str) -> dict[str, Any]:
    try:
        return rendering.look(config, config.newsletters.get(name))
    except rendering.RenderError as error:
        # `newsletter check` says so too. A page in plain colours is better than none.
        log.error("the theme's tokens cannot be read: %s", error)
        return {}


def _logo(config: Config, name: str) -> str:
    """The newsletter's logo; the publication's is the one that all its newsletters have."""
    settings = config.newsletters.get(name)
    logos = [settings.logo] if settings else list({one.logo for one in config.newsletters.values()})
    return links.asset(config, logos[0]) if len(logos) == 1 and logos[0] else ""
