"""The Jinja2 environment of the readers' pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.urls import reverse
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from newsletter.config.schema import Site
from newsletter.reader.frame import plain_frame
from newsletter.render.filters import comma, date, excerpt, reading_time, unadorned
from newsletter.render.phrases import count, fill
from newsletter.render.tags import pieces
from newsletter.render.words import direction, lead_emoji
from newsletter.settings import current


def environment(**options: Any) -> Environment:
    """Autoescaping comes from Django's backend; a name nobody set is an error, not an empty place."""
    tidy = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    env = Environment(**{**options, **tidy})  # noqa: S701 - the backend sets autoescape
    env.globals.update(url=_url, site=_site, plain_frame=plain_frame)
    env.filters.update(
        bold=bold, count=count, date=date, day=day, direction=direction, excerpt=excerpt, fill=fill, here=here,
        host=_host, lazy=lazy, linked=linked, lines=_lines, ornament=ornament,
        reading_time=reading_time, unadorned=unadorned,
        quoted=lambda text: quote(text, safe=""),
    )  # fmt: skip
    return env


def bold(address: str) -> Markup:
    """An address that a sentence is about; it reads from the left whatever the sentence does."""
    return Markup('<strong class="address" dir="ltr">{}</strong>').format(address)


def linked(words: str, address: str) -> Markup:
    """Words of a sentence that lead somewhere."""
    return Markup('<a href="{}">{}</a>').format(address, words)


def day(moment: datetime, language: str = "en") -> str:
    """The date without its weekday."""
    return date(moment, language).partition(f"{comma(language)} ")[2] or date(moment, language)


def here(address: str) -> str:
    """An address of ours without scheme and host, so that a page works under whatever name it is reached."""
    own = urlsplit(current().site.url)
    found = urlsplit(address)
    same = (found.scheme, found.netloc) == (own.scheme, own.netloc)
    return (found._replace(scheme="", netloc="").geturl() or "/") if same else address


def lazy(html: str) -> Markup:
    """Well-formed HTML as HTML writes it, whose pictures are loaded when they come into view."""
    if "/>" not in html:
        return Markup(html)  # noqa: S704 - as it came
    return Markup("".join(_lazy(piece.source, piece.name) for piece in pieces(str(html))))  # noqa: S704


def _lazy(source: str, name: str) -> str:
    if not source.endswith("/>"):
        return source
    return source.removesuffix("/>").rstrip() + (' loading="lazy">' if name == "img" else ">")


def ornament(title: str) -> Markup:
    """The title with the emoji it begins with hidden from screen readers, and from all where the theme has none."""
    found, rest = lead_emoji(title)
    return Markup('<span class="emoji" aria-hidden="true">{}</span> {}').format(found, rest) if found else escape(title)


def _lines(text: str) -> Markup:
    return Markup("<br>").join(text.splitlines())


def _url(name: str, /, **parts: str | int) -> str:
    return reverse(name, kwargs=parts)


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").removeprefix("www.")


def _site() -> Site:
    """Asked anew for each page, because Django keeps the environment for as long as the process lives."""
    return current().site
