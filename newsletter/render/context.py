"""What a theme is given: plain values, cleaned and with their emoji, and nothing that can reach the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from newsletter import holes, links
from newsletter.config import Config, Newsletter
from newsletter.models import Issue, Item, Post
from newsletter.render.blocks import Block, blocks
from newsletter.render.filters import date
from newsletter.render.words import direction, emojize, one_line


@dataclass(frozen=True)
class Person:
    """A name and the addresses that go with it."""

    name: str
    address: str
    reply_to: str


@dataclass(frozen=True)
class Letter:
    """The newsletter, as config.yaml describes it."""

    id: str
    title: str
    emoji: str
    tagline: str
    language: str
    direction: str
    logo: str
    sender: Person
    postal_address: str
    time_zone: str

    @property
    def start(self) -> str:
        """The side that lines begin on."""
        return "right" if self.direction == "rtl" else "left"

    @property
    def end(self) -> str:
        """The side that lines end on."""
        return "left" if self.direction == "rtl" else "right"


@dataclass(frozen=True)
class Number:
    """The issue: its number, its name in addresses, when it is due, and that date in words."""

    number: int
    slug: str
    due: datetime
    date: str


@dataclass(frozen=True)
class Story:
    """A post as an issue shows it. `url` is where every link to it leads; `own` says that it is a page of ours."""

    title: str
    summary: str
    note: str
    html: str
    url: str
    own: bool
    source: str
    image: str
    image_alt: str
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    minutes: int
    language: str
    published: datetime
    section: str = ""
    section_emoji: str = ""

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, as the story's language is written."""
        return direction(self.language)

    @cached_property
    def blocks(self) -> list[Block]:
        """The story's HTML cut into what a mail draws one by one."""
        return blocks(self.html)


@dataclass(frozen=True)
class Part:
    """A section of an issue with the stories in it."""

    title: str
    emoji: str
    items: tuple[Story, ...]


@dataclass(frozen=True)
class Links:
    """The addresses of our own that a mail shows; those that a page has no use for are empty."""

    site: str
    archive: str
    read_online: str = ""
    unsubscribe: str = ""
    reply: str = ""


@dataclass(frozen=True)
class Reader:
    """The holes that are filled for each reader; empty on a page, which belongs to none."""

    email: str
    name: str


def letter(config: Config, name: str, settings: Newsletter) -> Letter:
    """What a theme may know of a newsletter."""
    sender = settings.sender
    return Letter(
        id=name,
        title=one_line(settings.title),
        emoji=emojize(settings.emoji),
        tagline=one_line(settings.tagline),
        language=settings.language,
        direction=direction(settings.language),
        logo=links.asset(config, settings.logo) if settings.logo else "",
        sender=Person(one_line(sender.name), sender.address, sender.reply_to or sender.address),
        postal_address=settings.postal_address.strip(),
        time_zone=settings.schedule.time_zone if settings.schedule else config.site.time_zone,
    )


def number(issue: Issue, letter: Letter) -> Number:
    """What a theme may know of an issue; its date is the one in the newsletter's zone."""
    due = issue.due_at.astimezone(ZoneInfo(letter.time_zone))
    return Number(issue.pk, issue.slug, due, date(due, letter.language))


def story_of_item(item: Item, config: Config, letter: Letter) -> Story:
    """The story that an item of an issue tells."""
    page = links.post(config, item.post_id, item.title)
    return _story(item, page, letter, one_line(item.section), emojize(item.section_emoji), item.note)


def story_of_post(post: Post, config: Config, letter: Letter) -> Story:
    """The story that a post tells."""
    return _story(post, links.post(config, post.pk, post.title), letter)


def _story(
    source: Item | Post, page: str, letter: Letter, section: str = "", section_emoji: str = "", note: str = ""
) -> Story:
    url = source.url if is_web(source.url) else ""
    return Story(
        title=one_line(source.title),
        summary=one_line(source.summary),
        note=emojize(note.strip()),
        html=source.html,
        url=url or page,
        own=not url,
        source=(urlsplit(url).hostname or "").removeprefix("www.") if url else "",
        image=source.image_url if is_web(source.image_url) else "",
        image_alt=one_line(source.image_alt),
        authors=tuple(one_line(str(name)) for name in source.authors),
        tags=tuple(str(tag) for tag in source.tags),
        minutes=source.reading_minutes,
        language=source.language or letter.language,
        published=source.published_at.astimezone(ZoneInfo(letter.time_zone)),
        section=section,
        section_emoji=section_emoji,
    )


def sections(stories: Iterable[Story]) -> list[Part]:
    """The stories by section, sections and stories in the order of the issue; one heading for each section."""
    parts: dict[str, list[Story]] = {}
    for story in stories:
        parts.setdefault(story.section, []).append(story)
    return [Part(title, inside[0].section_emoji, tuple(inside)) for title, inside in parts.items()]


def mail_links(config: Config, issue: Issue, letter: Letter, marker: str, subject: str) -> Links:
    """The addresses in a mail, with a hole where the reader's token goes."""
    return Links(
        site=config.site.url,
        archive=links.archive(config, letter.id),
        read_online=links.issue(config, issue.newsletter, issue.slug),
        unsubscribe=links.unsubscribe(config, holes.hole(marker, "token")),
        reply=f"mailto:{quote(_answers_to(config, letter, marker), safe='@+')}?subject={quote(f'Re: {subject}')}",
    )


def _answers_to(config: Config, letter: Letter, marker: str) -> str:
    """Where the Reply button writes to: an address that knows its reader, where config.yaml has one for that."""
    address = config.newsletters[letter.id].replies.address
    return links.reply_address(address, holes.hole(marker, "reply")) if address else letter.sender.reply_to


def page_links(config: Config, letter: Letter, canonical: str) -> Links:
    """The addresses on a page for the web: its own, and the way to the other issues."""
    return Links(site=config.site.url, archive=links.archive(config, letter.id), read_online=canonical)


def reader_of(marker: str, html: bool) -> Reader:
    """The reader as holes: escaped ones for HTML, plain ones for text and headers."""
    suffix = "-html" if html else ""
    return Reader(holes.hole(marker, f"email{suffix}"), holes.hole(marker, f"name{suffix}"))


def is_web(url: str) -> bool:
    """Whether an address may stand in a link: not `javascript:` and the like."""
    return url.lower().startswith(("http://", "https://"))
