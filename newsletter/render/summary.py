"""The monthly summary: how its month is called, and the way to each of its issues."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from newsletter import links
from newsletter.config import Config, Newsletter
from newsletter.models import Issue
from newsletter.render.environment import theme_of, themes
from newsletter.render.filters import day_and_month, month
from newsletter.render.pages import for_nobody, settings_of
from newsletter.render.phrases import Phrases
from newsletter.render.words import one_line

# Each sign that means something in Markdown, or begins a shortcode or a template's tag, may stand after a backslash.
_SIGNS = re.compile(r"([!-/:-@\[-`{-~])")


def words_of(config: Config, settings: Newsletter) -> Phrases:
    """What the newsletter's theme says by itself, in the newsletter's language."""
    return themes(config).words(theme_of(config, settings), settings.language)


def issues_in_full(config: Config, newsletter: str, start: datetime, issues: Iterable[Issue]) -> str:
    """A line for each issue of the month that starts then, leading to its page; in Markdown, for an issue's closing."""
    settings, zone = settings_of(config, newsletter), ZoneInfo(config.time_zone_of(newsletter))
    heading: str = words_of(config, settings)["summary"]["issues"]
    said = heading.replace("{month}", month(start.astimezone(zone), settings.language))
    lines = [_line(config, issue, zone, settings.language) for issue in issues]
    return "\n".join([f"## {said}", "", *lines])


def _line(config: Config, issue: Issue, zone: ZoneInfo, language: str) -> str:
    title = (for_nobody(issue.edition, "subject") if issue.edition else "") or issue.slug
    on = day_and_month((issue.started_at or issue.due_at).astimezone(zone), language)
    page = links.issue(config, issue.newsletter, issue.slug)
    return f"- {_plain(on)}: [{_plain(one_line(title))}]({page})"


def _plain(text: str) -> str:
    """A text that Markdown takes for nothing but that: `3. Oktober` would begin a list."""
    return _SIGNS.sub(r"\\\1", text)
