"""Service mails: to one person, about one thing, in the newsletter's look."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.config import Config
from newsletter.render import context as make
from newsletter.render.environment import theme_of, themes
from newsletter.render.errors import RenderError
from newsletter.render.lines import break_lines
from newsletter.render.mjml import to_html
from newsletter.render.pages import Rendered
from newsletter.render.words import one_line

FALLBACK = "atlas"


def service_mail(kind: str, config: Config, newsletter: str, facts: Mapping[str, object]) -> Rendered:
    """A mail of this kind with these facts in it; it has no holes. Raises RenderError."""
    if newsletter not in config.newsletters:
        raise RenderError(f"config.yaml has no newsletter '{newsletter}'")
    settings = config.newsletters[newsletter]
    found = themes(config)
    theme = next(
        (one for one in (theme_of(config, settings), FALLBACK) if f"{one}/{kind}.mjml.j2" in found.names(one)), ""
    )
    if not theme:
        raise RenderError(f"there is no template for the service mail '{kind}'")
    given = {**facts, "newsletter": make.letter(config, newsletter, settings), "theme": found.tokens(theme)}
    text = found.fill(f"{theme}/{kind}.txt.j2", given)
    subject, _, body = text.partition("\n")
    mjml = found.fill(f"{theme}/{kind}.mjml.j2", {**given, "subject": one_line(subject)})
    html = break_lines(to_html(mjml, found.shown(f"{theme}/{kind}.mjml.j2")))
    return Rendered(one_line(subject), "", html, body.strip() + "\n", mjml)
