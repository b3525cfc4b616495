"""Posts that no source brings: what an editor has found on the web, or written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from newsletter.collect.entry import Call, Draft, Entry, Fetched
from newsletter.collect.store import store
from newsletter.config import Config
from newsletter.config.schema import Source as Settings
from newsletter.markup import markdown, urls
from newsletter.markup.clean import Addresses
from newsletter.markup.directives import Fault
from newsletter.models import Post, Sighting, Source

NAME = "by hand"
"""The source of all of them; config.yaml can have none of this name, for it has a space in it."""
KIND = "hand"


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story as an editor has it in a form. `guid` names it for good: given twice, it is the same post.

    `text` is Markdown; `html` is what a page brought, and is used where there is no text.
    """

    guid: str
    title: str
    text: str = ""
    html: str = ""
    url: str = ""
    summary: str = ""
    authors: Collection[str] = ()
    tags: Collection[str] = ()
    image_url: str = ""
    image_alt: str = ""
    language: str = ""
    published_at: datetime | None = None


def entry(config: Config, story: Story, now: datetime) -> tuple[Entry, list[Fault]]:
    """A story cleaned like any other, and what is wrong with the directives in its Markdown."""
    html, faults = markdown.read(story.text) if story.text.strip() else (story.html, [])
    url = urls.canonical(story.url)
    draft = Draft(
        guid=url or story.guid,
        url=url,
        title=story.title,
        summary=story.summary,
        html=html,
        addresses=Addresses.against(url or config.site.url),
        authors=story.authors,
        tags=story.tags,
        image_url=story.image_url,
        image_alt=story.image_alt,
        language=story.language,
        published_at=min(story.published_at or now, now),
        trusted=bool(story.text.strip()),
    )
    return draft.finish(Call(NAME, Settings(kind=KIND, location=NAME), config, now)), faults


def keep(entry: Entry, now: datetime) -> Post:
    """The post of this story, made unless there is one at its address already, whichever source has brought that."""
    source, _ = Source.objects.get_or_create(name=NAME, defaults={"kind": KIND, "location": ""})
    store(source, Fetched((entry,)), lambda: now)
    return Sighting.objects.select_related("post").get(source=source, guid=urls.digest(entry.guid)).post


def known(url: str) -> Post | None:
    """The post at this address, if there is one already."""
    canonical = urls.canonical(url)
    return Post.objects.filter(key=urls.key(canonical)).select_related("source").first() if canonical else None
