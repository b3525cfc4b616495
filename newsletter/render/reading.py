"""An issue, or a post, as a page on the web needs it: plain values, filled for nobody in particular."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from newsletter import links
from newsletter.config import Config, Newsletter
from newsletter.markup.clean import plain
from newsletter.markup.text import count_words
from newsletter.models import Issue, Item, OwnBlock, Post
from newsletter.models.post import reading_minutes
from newsletter.render import context as make
from newsletter.render import headers as lines_of
from newsletter.render import personal
from newsletter.render.blocks import Block, count_polls
from newsletter.render.context import Letter, Number, Story
from newsletter.render.environment import theme_of, themes
from newsletter.render.errors import RenderError
from newsletter.render.headers import headers
from newsletter.render.late import Late
from newsletter.render.own import own_blocks, polls_in
from newsletter.render.pages import for_nobody, settings_of
from newsletter.render.parts import Own, Part, sections
from newsletter.render.parts import given as parts_of
from newsletter.render.words import lead_emoji

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """Everything that a page shows of an issue, or of a post; `number` is None for a post."""

    title: str
    subtitle: str
    url: str
    letter: Letter
    number: Number | None
    items: tuple[Story, ...]
    layout: str
    tokens: dict[str, Any]
    opening: tuple[Block, ...] = ()
    closing: tuple[Block, ...] = ()
    own: tuple[Own, ...] = ()

    @property
    def others(self) -> tuple[Story, ...]:
        """The stories after the first."""
        return self.items[1:]

    @property
    def lead(self) -> Story:
        """The story that comes first."""
        return self.items[0]

    @cached_property
    def sections(self) -> list[Part]:
        """The other stories, section by section, and the editor's own blocks among them."""
        return sections(self.others, self.letter.lists, self.own, self.lead.section)

    @property
    def whole(self) -> bool:
        """Whether the first story is told in full: a single story always is, of a digest's those that are ours."""
        return self.layout != "digest" or self.lead.own

    @property
    def untitled(self) -> bool:
        """Whether the issue bears its first story's title, which then needs no heading of its own."""
        return lead_emoji(self.title)[1] == lead_emoji(self.lead.title)[1]

    def anchor(self, story: Story) -> str:
        """The name of a story's place on the page, as `links.story` has it."""
        return next(f"story-{place}" for place, one in enumerate(self.items, start=1) if one is story)

    @cached_property
    def minutes(self) -> int:
        """Minutes to read what stands on the page; at least one."""
        short = self.others if self.whole else self.items
        words = sum(count_words(f"{story.summary} {story.note}") for story in short)
        return (self.lead.minutes if self.whole else 0) + math.floor(words / 230) or reading_minutes(words)

    @cached_property
    def authors(self) -> tuple[str, ...]:
        """Those who wrote it for us: a story published elsewhere has its author there, unless it is told in full."""
        told = [story for story in self.items if story.own or (self.whole and story is self.lead)]
        return tuple(dict.fromkeys(name for story in told for name in story.authors))

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """What the stories are about."""
        return tuple(dict.fromkeys(tag for story in self.items for tag in story.tags))


def reading(issue: Issue, config: Config) -> Reading:
    """The issue as it was sent, or as it would be sent now; nothing in it belongs to one reader. Raises RenderError."""
    settings = settings_of(config, issue.newsletter)
    letter, late = make.letter(config, issue.newsletter, settings), personal.late_of(issue.newsletter, settings)
    items = list(issue.items.all())
    told = [make.story_of_item(item, config, letter) for item in items]
    if not told:
        raise RenderError(f"{issue} holds no stories; add one before it is rendered")
    number = make.number(issue, letter)
    given = parts_of(letter, number, told)
    # Numbered as in the mail, so that a vote is for the same poll wherever it is given.
    opening = personal.letter_for_nobody(issue, "opening", config, late, given)
    stories = make.numbered(told, polls := polls_in(opening))
    polls += sum(count_polls(story.html) for story in stories)
    own = own_blocks(issue, items, config, late, given, polls, nobody=True)
    polls += sum(polls_in(one.blocks) for one in own)
    title, subtitle = _headers(config, issue, given, late)
    return Reading(
        title=title or letter.title,
        subtitle=uncut(subtitle, stories[0].summary),
        url=links.issue(config, issue.newsletter, issue.slug),
        letter=letter,
        number=number,
        items=tuple(stories),
        layout=make.layout_of(issue, settings),
        tokens=look(config, settings),
        opening=(*opening, *(block for one in own if not one.after for block in one.blocks)),
        own=own,
        closing=personal.letter_for_nobody(issue, "closing", config, late, given, polls),
    )


def reading_of_post(post: Post, config: Config) -> Reading:
    """A post that is published only by us, in the look of the newsletter that told it. Raises RenderError."""
    name, settings = carrier(post, config)
    letter = make.letter(config, name, settings)
    story = make.story_of_post(post, config, letter)
    return Reading(
        title=story.title,
        subtitle=story.summary,
        url=links.post(config, post.pk, post.title),
        letter=letter,
        number=None,
        items=(story,),
        layout="post",
        tokens=look(config, settings),
    )


def own_for_nobody(text: str, issue: Issue, config: Config) -> list[Block]:
    """What an editor is writing into an issue, as everybody would read it. Raises RenderError."""
    settings = settings_of(config, issue.newsletter)
    letter, late = make.letter(config, issue.newsletter, settings), personal.late_of(issue.newsletter, settings)
    told = [make.story_of_item(item, config, letter) for item in issue.items.all()]
    given = parts_of(letter, make.number(issue, letter), told) if told else {"newsletter": letter}
    return list(personal.own(OwnBlock(issue=issue, text=text), 1, config, late, given, nobody=True))


def texts(issue: Issue, config: Config) -> dict[int, str]:
    """The words of each item of an issue without markup, as everybody may read them."""
    return {item.pk: plain(_public(item, config)) for item in issue.items.all()}


def _public(item: Item, config: Config) -> str:
    """The HTML of an item, filled for nobody; nothing of one that cannot be filled, for some of it is not for all."""
    if not item.personal:
        return item.html
    try:
        settings = settings_of(config, item.issue.newsletter)
        return make.story_of_item(item, config, make.letter(config, item.issue.newsletter, settings)).html
    except RenderError as error:
        log.warning("%s cannot be searched for but by its title: %s", item, error)
        return ""


def uncut(preheader: str, summary: str) -> str:
    """A line cut for the inbox, as a page with more room has it: the whole summary, or whole titles only."""
    if not preheader.endswith("…"):
        return preheader
    start = preheader[:-1]
    if summary.startswith(start):
        return summary
    titles = start.rpartition(" · ")[0]
    return f"{titles} · …" if titles else preheader


def look(config: Config, settings: Newsletter | None = None) -> dict[str, Any]:
    """The colours, fonts and measures of a newsletter's theme; without one, those of the publication's."""
    found = themes(config)
    return found.tokens(theme_of(config, settings), settings.tokens) if settings else found.tokens(config.render.theme)


def carrier(post: Post, config: Config) -> tuple[str, Newsletter]:
    """The newsletter in whose look a post is shown: the one that told it last. Raises RenderError."""
    told = Issue.public().filter(items__post=post, newsletter__in=tuple(config.newsletters)).order_by("-due_at", "-pk")
    if name := told.values_list("newsletter", flat=True).first():
        return name, config.newsletters[name]
    carriers = ((name, one) for name, one in config.newsletters.items() if post.source.name in one.sources)
    found = next(carriers, next(iter(config.newsletters.items()), None))
    if found is None:
        raise RenderError("config.yaml has no newsletter, and a post is shown in the look of one")
    return found


def _headers(config: Config, issue: Issue, given: dict[str, Any], late: Late) -> tuple[str, str]:
    """Title and subtitle: what the mail said if there is one, whatever has become of the patterns since."""
    if issue.edition:
        return for_nobody(issue.edition, "subject"), for_nobody(issue.edition, "preheader")
    subject, preheader = headers(issue, config, given, late)
    return (
        lines_of.for_nobody(subject, late.marker, late.table),
        lines_of.for_nobody(preheader, late.marker, late.table),
    )
