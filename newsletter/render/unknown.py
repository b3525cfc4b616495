"""Elements that MJML does not have: the engine leaves them out, and what is in them, without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.config.problems import nearest
from newsletter.render.environment import Themes
from newsletter.render.errors import RenderError
from newsletter.render.tags import pieces

_ELEMENTS = (
    "mjml mj-head mj-attributes mj-all mj-class mj-breakpoint mj-font mj-html-attributes mj-selector mj-html-attribute "
    "mj-preview mj-style mj-title mj-body mj-accordion mj-accordion-element mj-accordion-text mj-accordion-title "
    "mj-button mj-carousel mj-carousel-image mj-column mj-divider mj-group mj-hero mj-image mj-include mj-navbar "
    "mj-navbar-link mj-raw mj-section mj-social mj-social-element mj-spacer mj-table mj-text mj-wrapper"
)
MJML = frozenset(_ELEMENTS.split())
"""The elements of MJML 4."""


def unknown(found: Themes, theme: str, mjml: str) -> Iterator[tuple[str, str, str]]:
    """For each element that MJML does not have: where it stands in the theme, what is wrong with it, and a hint."""
    names = dict.fromkeys(piece.name for piece in pieces(mjml) if piece.name.startswith("mj") and not piece.closing)
    for name in names:
        if name not in MJML:
            yield _first(found, theme, name), f"MJML has no <{name}>", nearest(name, sorted(MJML))


@contextmanager
def blamed(found: Themes, theme: str, mjml: str) -> Iterator[None]:
    """Where drawing fails, or what the law asks for is missing, name an unknown element first: that is why."""
    try:
        yield
    except RenderError as error:
        for where, reason, hint in unknown(found, theme, mjml):
            place = where or str(error).partition(": ")[0]
            raise RenderError(f"{place}: {reason}" + (f" ({hint})" if hint else "")) from error
        raise


def _first(found: Themes, theme: str, tag: str) -> str:
    """The file and line of a theme where a tag first stands; empty if a template makes it up."""
    for name in found.names(theme):
        source = found.loader.get_source(found.sandbox, name)[0]
        if match := re.search(rf"<{re.escape(tag)}\b", source, re.IGNORECASE):
            return f"{found.shown(name)} line {source.count(chr(10), 0, match.start()) + 1}"
    return ""
