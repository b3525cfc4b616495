"""Issues as the archive lists them: title, date, picture, a line or two; a page at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from newsletter import render as rendering
from newsletter.config import Config
from newsletter.config.values import zone
from newsletter.models import Edition, Issue, Item
from newsletter.reader.frame import Frame, frame_of
from newsletter.render.context import is_web
from newsletter.render.words import one_line

PER_PAGE = 20
# What a card shows of the first story that has it.
_OF_LEAD = {"lead_image": "image_url", "lead_alt": "image_alt", "lead_summary": "summary"}


@dataclass(frozen=True)
class Card:
    """An issue as the archive lists it."""

    title: str
    summary: str
    date: datetime
    path: str
    newsletter: str
    name: str
    language: str
    image: str
    alt: str


@dataclass(frozen=True)
class Shelf:
    """A newsletter and one page of its issues."""

    frame: Frame
    cards: list[Card]
    page: Page[Issue]


def shelf(config: Config, name: str, page: str = "1", per_page: int = PER_PAGE) -> Shelf:
    """A page of a newsletter's issues; the nearest one there is to the number that is asked for."""
    issues = listed(Issue.in_archive().filter(newsletter=name))
    chosen = Paginator(issues, per_page).get_page(page)
    return Shelf(frame_of(config, name), cards(config, chosen), chosen)


def listed(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """The issues with what their cards need and without the mails themselves."""
    first = Item.objects.filter(issue=OuterRef("pk")).order_by("position", "pk")
    lead = {name: Subquery(first.values(field)[:1]) for name, field in _OF_LEAD.items()}
    return titled(issues).annotate(**lead)


def titled(issues: QuerySet[Issue]) -> QuerySet[Issue]:
    """The issues with what they are called and without the mails themselves."""
    return issues.select_related("edition").defer("edition__html", "edition__text")


def cards(config: Config, issues: Iterable[Issue]) -> list[Card]:
    """What each issue shows of itself in a list."""
    return [_card(config, issue) for issue in issues if issue.newsletter in config.newsletters]


def title_of(issue: Issue, variant: str = "") -> str:
    """The subject it went out with, to those of a variant, without the reader's name that may stand in it."""
    edition = Edition.of(issue, variant)
    return (rendering.for_nobody(edition, "subject") if edition else "") or issue.slug


def summary_of(issue: Issue) -> str:
    """The line after the subject, likewise."""
    edition = issue.edition
    return rendering.for_nobody(edition, "preheader") if edition else ""


def _card(config: Config, issue: Issue) -> Card:
    settings = config.newsletters[issue.newsletter]
    image = getattr(issue, "lead_image", None) or ""
    summary = one_line(getattr(issue, "lead_summary", None) or "")
    return Card(
        title=title_of(issue),
        summary=rendering.uncut(summary_of(issue), summary) or summary,
        date=issue.due_at.astimezone(zone(config.time_zone_of(issue.newsletter))),
        path=reverse("issue", args=(issue.newsletter, issue.slug)),
        newsletter=issue.newsletter,
        name=one_line(settings.title),
        language=settings.language,
        image=image if is_web(image) else "",
        alt=one_line(getattr(issue, "lead_alt", None) or ""),
    )
