"""An issue that stands in no database, made so that a theme can be tried with what issues hold: much, and little."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from newsletter import links
from newsletter.config import Config, Newsletter, NewsletterSection
from newsletter.models import Issue, Item, Post, Source
from newsletter.render.sample_texts import (
    ARABIC,
    ARABIC_CLOSING,
    ARABIC_OPENING,
    CLOSING,
    HTML,
    OPENING,
    STORIES,
    Told,
    story_html,
)
from newsletter.render.words import direction

SLUG = "2026-01-02"
_DUE = datetime(2026, 1, 2, 8, tzinfo=UTC)
_STORIES = 12
_SECTIONS = (
    NewsletterSection(title="Around the world", emoji="🧭"),
    NewsletterSection(title="Science desk", emoji="🔭"),
    NewsletterSection(title="Curious corner", emoji="🦄"),
    NewsletterSection(title="In brief", emoji="🗞️", style="list"),
)
_ARABIC_SECTIONS = (
    NewsletterSection(title="حول العالم", emoji="🧭"),
    NewsletterSection(title="ركن العلوم", emoji="🔭"),
    NewsletterSection(title="ركن الغرائب", emoji="🦄"),
    NewsletterSection(title="باختصار", emoji="🗞️", style="list"),
)


def sample_issue(name: str, settings: Newsletter, stories: int = _STORIES) -> Issue:
    """An unsaved issue of twelve items with all that an item can have, and a bare one among them.

    Its first item is made of one block of each kind, and it has an editor's letter before and after the stories.
    """
    opening, closing = (ARABIC_OPENING, ARABIC_CLOSING) if _rtl(settings) else (OPENING, CLOSING)
    issue = Issue(
        pk=0, newsletter=name, slug=SLUG, due_at=_DUE, cut_off_at=_DUE, opening=opening, closing=closing
    )  # fmt: skip
    items = [_item(number, told, settings) for number, told in enumerate(islice(_told(settings), stories))]
    # As `prefetch_related` leaves them: the items are found there, and no row is looked for.
    issue._prefetched_objects_cache = {"items": items}  # type: ignore[attr-defined]
    return issue


def sample_letter(settings: Newsletter) -> Newsletter:
    """The newsletter as a gallery shows it: with a table of contents, and with a section of each style."""
    parts = settings.sections if len(settings.sections) > 2 else _sections(settings)
    styled = (*parts[:-1], parts[-1].model_copy(update={"style": "list"}))
    return settings.model_copy(update={"contents": True, "sections": styled, "other": None})


def sample_facts(kind: str, config: Config, newsletter: str) -> dict[str, Any]:
    """What a service mail of this kind might say."""
    site, letter = config.site.url, config.newsletters[newsletter]
    title, issue = letter.lists[0].title or letter.title, f"{letter.title}, 2 January"
    facts: Mapping[str, dict[str, Any]] = {
        "confirm": {
            "list_title": title, "confirm_url": f"{site}/confirm/sample", "requested_at": _DUE,
            "publication": config.site.name, "description": "One whale a week, and what it had for lunch.",
            "place": "https://blog.example.org",
        },
        "welcome": {
            "list_title": title, "archive_url": links.archive(config, newsletter),
            "preferences_url": links.preferences(config, "sample"),
            "unsubscribe_url": links.unsubscribe(config, "sample"),
        },
        "goodbye": {"list_title": title, "resubscribe_url": f"{site}/back/sample"},
        "preferences": {
            "preferences_url": links.preferences(config, "sample"), "expires": _DUE + timedelta(days=1),
        },
        "sign_in": {
            "sign_in_url": f"{site}/in/sample", "expires": _DUE + timedelta(hours=1),
            "purpose": "replying",
        },
        "data": {"data_url": links.own_data(config, "sample"), "expires": _DUE + timedelta(days=1)},
        "erase": {"erase_url": links.erase(config, "sample"), "expires": _DUE + timedelta(days=1)},
        "answer": {
            "issue_title": issue, "issue_url": links.issue(config, newsletter, SLUG), "public": True,
            "your_words": "Is the tower really taller in July?\nMy daughter does not believe it.",
            "answer": "It is! About fifteen centimetres, when the iron is warm.\n\nTell her to take a ruler.",
            "answered_by": letter.sender.name or letter.title,
        },
        "win_back": {
            "stay_url": f"{site}/stay/sample", "expires": _DUE + timedelta(days=14),
            "preferences_url": links.preferences(config, "sample"),
        },
        "draft_ready": {
            "issue_title": issue, "due": _DUE, "stories": [told.title for told in islice(_told(letter), 5)],
            "preview_url": f"{site}/desk/issue/1/preview/", "approve_url": f"{site}/desk/issue/1/",
        },
        "report": {
            "issue_title": issue, "report_url": f"{site}/desk/issue/1/report/",
            "figures": [
                ("submitted", "1,204"), ("opened_adjusted", "460 · 38.2 %"), ("opened_raw", "742 · 61.6 %"),
                ("clicked_adjusted", "143 · 11.9 %"), ("clicked_raw", "214 · 17.8 %"), ("unsubscribed", "3 · 0.2 %"),
            ],
            "links": [(told.title, count) for told, count in zip(_told(letter), (61, 44, 12), strict=False)],
        },
        "alarm": {
            "issue_title": issue, "report_url": f"{site}/desk/issue/1/report/", "sent": "1,204", "waiting": "8,310",
            "failed": "3", "reason": "smtp.example.org answered 535: the user name or the password is wrong",
        },
        "warning": {
            "issue_title": issue, "report_url": f"{site}/desk/issue/1/report/",
            "reason": "9 of 1,204 messages were called spam, 0.75 %; no more than 0.1 % should be",
        },
        "news": {
            "what": "paused", "issue_title": issue, "by": "Ada", "reason": "a wrong link in the second story",
            "issue_url": f"{site}/desk/newsletter/issue/1/change/",
        },
        "account": {
            "what": "invited", "site": config.site.name, "name": "ada", "by": "Grace",
            "account_url": f"{site}/desk/account/password/reset/key/sample/", "expires": _DUE + timedelta(days=3),
        },
    }  # fmt: skip
    return facts[kind]


def _rtl(settings: Newsletter) -> bool:
    return direction(settings.language) == "rtl"


def _sections(settings: Newsletter) -> tuple[NewsletterSection, ...]:
    return _ARABIC_SECTIONS if _rtl(settings) else _SECTIONS


def _told(settings: Newsletter) -> Iterator[Told]:
    """Stories without end, in the direction that the newsletter is written in; told again, they are numbered."""
    stories = ARABIC if _rtl(settings) else STORIES
    for number, told in enumerate(cycle(stories)):
        again = number // len(stories)
        yield replace(told, title=f"{told.title} {again + 1}", alt=f"{told.alt} {again + 1}") if again else told


def _post(number: int, told: Told, settings: Newsletter) -> Post:
    pictures = {"image_url": told.picture, "image_alt": told.alt, "image_dark": told.picture_dark,
                "image_width": 1200, "image_height": 640} if told.picture else {}  # fmt: skip
    return Post(
        pk=number, source=Source(name=settings.sources[0], kind="feed"), url=f"https://example.org/stories/{number}",
        title=told.title, summary=told.summary, html=HTML if number else story_html(), authors=list(told.authors),
        tags=["news"], words=460 + 90 * number, language=told.language or settings.language, published_at=_DUE,
        **pictures,
    )  # fmt: skip


def _item(number: int, told: Told, settings: Newsletter) -> Item:
    """A story in its place: the first leads, the others fill the sections one after the other."""
    parts = [*settings.sections, *filter(None, [settings.other])] if settings.sections else _sections(settings)
    part = parts[number * len(parts) // _STORIES % len(parts)]
    return Item.copy_of(_post(number, told, settings), section=part.title, section_emoji=part.symbol, note=told.note)
