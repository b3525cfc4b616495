"""What a theme is given: plain values, cleaned and with their emoji, and nothing that can reach the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from newsletter import holes, links, lists
from newsletter.config import Config, Newsletter, NewsletterSection
from newsletter.markup.text import with_emoji
from newsletter.models import Issue, Item, Post
from newsletter.render import personal
from newsletter.render.blocks import Block, blocks, count_polls
from newsletter.render.filters import date, month
from newsletter.render.late import Late
from newsletter.render.words import direction, one_line

NETWORKS = ("Bluesky", "LinkedIn", "WhatsApp")
"""Those of `links.shares` that a mail has room for."""


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
    logo_dark: str = ""
    contents: bool = False
    topics: bool = False
    lists: frozenset[str] = frozenset()
    avatars: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, Any] = field(default_factory=dict)

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
    """The issue: its number, its name in addresses, when it is due, that date in words, and the editor's letters.

    `month` is the month it sums up, or else that it is due in, in words; a summary bears it as its date.
    """

    number: int
    slug: str
    due: datetime
    date: str
    month: str = ""
    opening: tuple[Block, ...] = ()
    closing: tuple[Block, ...] = ()


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
    image_width: int = 0
    image_height: int = 0
    image_dark: str = ""
    voice: str = "en"  # the language that emoji with a meaning are spoken in
    first_poll: int = 0
    avatar: str = ""
    anchor: str = ""

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, as the story's language is written."""
        return direction(self.language)

    @cached_property
    def blocks(self) -> list[Block]:
        """The story's HTML cut into what a mail draws one by one."""
        return blocks(self.html, self.voice, self.first_poll)


@dataclass(frozen=True)
class Links:
    """The addresses of our own that a mail may show."""

    site: str
    archive: str
    read_online: str
    unsubscribe: str
    reply: str
    preferences: str
    like: str
    replies: str
    pass_on: str
    shares: tuple[tuple[str, str], ...]
    ballot: str
    subscribe: str = ""
    """Where somebody to whom the mail was passed on subscribes; nowhere if nobody may by themselves."""

    def vote(self, poll: int, answer: int) -> str:
        """Where a reader gives an answer to a poll, both counted from 0."""
        return f"{self.ballot}/{poll}/{answer}"

    def votes(self, blocks: Iterable[Block]) -> dict[int, list[str]]:
        """The addresses of all answers to the polls among these blocks, by the poll's number."""
        polls = (block for block in blocks if block.kind == "poll")
        return {poll.number: [self.vote(poll.number, index) for index, _ in enumerate(poll.answers)] for poll in polls}


def letter(config: Config, name: str, settings: Newsletter) -> Letter:
    """What a theme may know of a newsletter."""
    sender = settings.sender
    return Letter(
        id=name,
        title=one_line(settings.title),
        emoji=with_emoji(settings.emoji),
        tagline=one_line(settings.tagline),
        language=settings.language,
        direction=direction(settings.language),
        logo=links.asset(config, settings.logo) if settings.logo else "",
        sender=Person(one_line(sender.name), sender.address, sender.reply_to or sender.address),
        postal_address=settings.postal_address.strip(),
        time_zone=config.time_zone_of(name),
        logo_dark=links.asset(config, settings.logo_dark) if settings.logo and settings.logo_dark else "",
        contents=settings.contents,
        topics=settings.topics,
        lists=frozenset(one_line(part.title) for part in _parts(settings) if part.style == "list"),
        avatars={
            one_line(name): links.asset(config, one.avatar) for name, one in config.site.authors.items() if one.avatar
        },
        tokens=settings.tokens,
    )


def _parts(settings: Newsletter) -> Iterable[NewsletterSection]:
    return (*settings.sections, *filter(None, [settings.other]))


def number(issue: Issue, letter: Letter) -> Number:
    """What a theme may know of an issue; its date is the one in the newsletter's zone."""
    zone, summary = ZoneInfo(letter.time_zone), issue.kind == Issue.Kind.SUMMARY
    due = issue.due_at.astimezone(zone)
    about = month(((summary and issue.since_at) or issue.due_at).astimezone(zone), letter.language)
    return Number(issue.pk, issue.slug, due, about if summary else date(due, letter.language), about)


def story_of_item(item: Item, config: Config, letter: Letter, late: Late | None = None) -> Story:
    """The story that an item of an issue tells; without `late`, as everybody may read it."""
    page = links.post(config, item.post_id, item.title)
    html = _told(item, config, letter, late)
    return _story(item, html, page, letter, one_line(item.section), with_emoji(item.section_emoji), item.note)


def story_of_post(post: Post, config: Config, letter: Letter) -> Story:
    """The story that a post tells, as everybody may read it."""
    return _story(post, _told(post, config, letter, None), links.post(config, post.pk, post.title), letter)


def _told(source: Item | Post, config: Config, letter: Letter, late: Late | None) -> str:
    """The text of a story: what is said to each reader is a hole, or is said to nobody in particular."""
    given = {"newsletter": letter}
    if late is not None or not source.personal:
        return personal.body(source, late or Late(), given)
    segments = personal.segments_of(letter.id, config.newsletters[letter.id])
    return personal.body_for_nobody(source, segments, given)


def _story(
    source: Item | Post, html: str, page: str, letter: Letter, section: str = "", section_emoji: str = "",
    note: str = "",
) -> Story:  # fmt: skip
    url = source.url if is_web(source.url) else ""
    return Story(
        title=one_line(source.title),
        summary=one_line(source.summary),
        note=with_emoji(note.strip()),
        html=html,
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
        image_width=source.image_width,
        image_height=source.image_height,
        image_dark=source.image_dark if is_web(source.image_dark) else "",
        avatar=next((letter.avatars[name] for name in source.authors if name in letter.avatars), ""),
        voice=letter.language,
    )


def numbered(stories: Iterable[Story], first: int = 0) -> list[Story]:
    """The stories of an issue, so that their polls are numbered through it from `first`, whatever of them is drawn."""
    found = list[Story]()
    for story in stories:
        found.append(replace(story, first_poll=first) if first else story)
        first += count_polls(story.html)
    return found


def anchored(stories: Iterable[Story]) -> list[Story]:
    """The stories with the names that a table of contents jumps to."""
    return [replace(story, anchor=f"story-{number}") for number, story in enumerate(stories, start=1)]


def layout_of(issue: Issue, settings: Newsletter) -> str:
    """The layout that an issue is drawn in: a summary holds many stories, whatever an issue holds."""
    return "digest" if issue.kind == Issue.Kind.SUMMARY else settings.layout


def mail_links(config: Config, issue: Issue, letter: Letter, marker: str, subject: str) -> Links:
    """The addresses in a mail, with a hole where the reader's token goes."""
    token, page = holes.hole(marker, "token"), links.issue(config, issue.newsletter, issue.slug)
    shares = links.shares(subject, page)
    return Links(
        site=config.site.url,
        archive=links.archive(config, letter.id),
        read_online=page,
        unsubscribe=links.unsubscribe(config, token),
        reply=f"mailto:{quote(_answers_to(config, letter, marker), safe='@+')}?subject={quote(f'Re: {subject}')}",
        preferences=links.preferences(config, token),
        like=links.like(config, token),
        replies=f"{page}#replies",
        pass_on=shares["Mail"],
        shares=tuple((name, shares[name]) for name in NETWORKS),
        ballot=links.vote(config, token, 0, 0).removesuffix("/0/0"),
        subscribe=_subscribe(config, issue),
    )


def _subscribe(config: Config, issue: Issue) -> str:
    """The public page that says which issue led there, and nothing of who passed it on.

    A sample is no row, and asks for none: it is drawn as most issues are.
    """
    joinable = not issue.pk or lists.first_public(config, issue.newsletter) is not None
    return links.subscribe(config, issue.newsletter, issue.slug) if joinable else ""


def _answers_to(config: Config, letter: Letter, marker: str) -> str:
    """Where the Reply button writes to: an address that knows its reader, where config.yaml has one for that."""
    address = config.newsletters[letter.id].replies.address
    return links.reply_address(address, holes.hole(marker, "reply")) if address else letter.sender.reply_to


def is_web(url: str) -> bool:
    """Whether an address may stand in a link: not `javascript:` and the like."""
    return url.lower().startswith(("http://", "https://"))
