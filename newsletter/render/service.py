"""Service mails: one message to one person, in the look of a newsletter, with nothing in it left to fill."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter.config import Config
from newsletter.render import context as make
from newsletter.render.environment import BASE, SHIPPED, Themes, theme_of, themes
from newsletter.render.errors import RenderError
from newsletter.render.filters import comma, date
from newsletter.render.images import sized
from newsletter.render.lines import break_lines
from newsletter.render.mjml import to_html
from newsletter.render.pages import Rendered, settings_of, tidied
from newsletter.render.phrases import FALLBACK, Phrases
from newsletter.render.unknown import blamed
from newsletter.render.words import cut, one_line

log = logging.getLogger(__name__)

KINDS = (
    "confirm", "welcome", "goodbye", "preferences", "sign_in", "data", "erase", "answer", "win_back",
    "draft_ready", "report", "alarm", "warning", "news", "account",
)  # fmt: skip
# Facts that are moments; they may come as text, as JSON keeps them.
_MOMENTS = ("requested_at", "expires", "due")
_SUBJECT = 250
_PREHEADER = 140


def service_mail(kind: str, config: Config, newsletter: str, facts: Mapping[str, object]) -> Rendered:
    """A mail of this kind with these facts in it. Raises RenderError.

    Its templates are `{kind}.mjml.j2` and `{kind}.txt.j2` of the newsletter's theme; the latter's blocks `subject` and
    `preheader` say what the inbox shows.
    """
    settings, found = settings_of(config, newsletter), themes(config)
    # A person or a list may speak another language than the newsletter in whose name it is written.
    wished = [*_texts(facts.get("languages")), *_texts([facts.get("language")]), settings.language]
    if any(wished[:-1]):
        settings = settings.model_copy(update={"language": spoken(config, newsletter, wished)})
    theme, letter = theme_of(config, settings), make.letter(config, newsletter, settings)
    whole = {
        **{name: _said(name, value, letter) for name, value in facts.items()},
        "newsletter": letter,
        "theme": found.tokens(theme, letter.tokens),
        "words": found.words(theme, letter.language),
    }
    plain, page = f"{theme}/{kind}.txt.j2", f"{theme}/{kind}.mjml.j2"
    subject = cut(one_line(found.piece(plain, "subject", whole)), _SUBJECT) or letter.title
    preheader = cut(one_line(found.piece(plain, "preheader", whole)), _PREHEADER)
    whole |= {"subject": subject, "preheader": preheader}
    text, mjml = found.fill(plain, whole), found.fill(page, whole)
    with blamed(found, theme, mjml):
        html = sized(to_html(mjml, found.shown(page)))
    return Rendered(subject, preheader, break_lines(html), tidied(text), mjml)


def phrases(config: Config, newsletter: str, language: str = "") -> Phrases:
    """The words of a newsletter's theme, for what stands outside its mails; in another language if one is named."""
    settings = settings_of(config, newsletter)
    return themes(config).words(theme_of(config, settings), language or settings.language)


def page_words(config: Config, newsletter: str, language: str) -> Phrases:
    """What the readers' pages say in a language, as a newsletter's theme has it; without one, as the publication's."""
    try:
        return themes(config).pages(_theme(config, newsletter), language)
    except RenderError as error:
        # `newsletter check` says so too. A page in our own words is better than none.
        log.error("the words of the pages cannot be read: %s", error)
        return Themes(SHIPPED).pages(BASE, language)


def spoken(config: Config, newsletter: str, wished: Iterable[str]) -> str:
    """The first of these languages that a newsletter's theme has words in; English if there is none."""
    found, theme = themes(config), _theme(config, newsletter)
    return next((one for one in wished if one and found.speaks(theme, one)), FALLBACK)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def _theme(config: Config, newsletter: str) -> str:
    settings = config.newsletters.get(newsletter)
    return theme_of(config, settings) if settings else config.render.theme


def _said(name: str, value: object, letter: make.Letter) -> object:
    """A moment as date and time in the newsletter's zone and language; anything else as it is."""
    if name in _MOMENTS and isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            # Words already, such as `within the hour`.
            return value
    if not isinstance(value, datetime):
        return value
    here = value.astimezone(ZoneInfo(letter.time_zone)) if value.tzinfo else value
    return f"{date(here, letter.language)}{comma(letter.language)} {here:%H:%M}"
