"""Load new posts: what has been collected since an issue was drawn up, what of it fits, and what is not as it was.

What would change is shown first. What is then done is what was chosen of it, as far as it still holds: nothing that an
editor has arranged is moved, and no post is taken that another issue has taken meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from newsletter.compose.candidates import candidates
from newsletter.compose.selection import is_starred, section_of, sections_of
from newsletter.config import Config, Newsletter, NewsletterSection
from newsletter.models import Issue, Item, Post, Series, Standing, Triage, deeds
from newsletter.models.editing import editing
from newsletter.models.own_block import Piece, keep_order, pieces

Status = Issue.Status
NEEDS = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED, Status.SCHEDULED)
"""The statuses in which an issue can take posts in; an approval is void then."""
NAMES = {
    "title": "title", "summary": "summary", "html": "text", "url": "address", "authors": "authors", "tags": "tags",
    "image_url": "picture", "image_alt": "picture's description", "image_dark": "dark picture",
    "image_width": "picture's size", "image_height": "picture's size", "language": "language", "words": "length",
    "personal": "what it says to each reader", "published_at": "date",
}  # fmt: skip


@dataclass(frozen=True)
class Addition:
    """A post that is not in the issue yet; `room` says why there is none for it, and is empty where there is."""

    post: Post
    section: NewsletterSection
    room: str = ""
    starred: bool = False


@dataclass(frozen=True)
class Change:
    """An item whose post says something else by now: in which of its parts. `digest` names just this change."""

    item: Item
    parts: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class News:
    """All that loading would do: additions in the order of the sections, changed texts, and items that fall out."""

    additions: list[Addition] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    falls_out: list[tuple[Item, Triage]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.additions or self.changes or self.falls_out)


@dataclass(frozen=True)
class Loaded:
    """What was done, and how much of what was chosen did not hold any more."""

    added: int = 0
    changed: int = 0
    dropped: int = 0
    gone: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.dropped)


def news_for(config: Config, issue: Issue, now: datetime) -> News:
    """What has been collected for an issue since, and fits it; nothing is changed by asking."""
    newsletter = config.newsletters[issue.newsletter]
    items = list(issue.items.select_related("post").order_by("position", "pk"))
    return News(
        _additions(newsletter, items, candidates(config, issue.newsletter, issue.since_at, now)),
        [change for item in items if (change := _change(item))],
        _falls_out(issue, items),
    )


def load(
    config: Config, issue: Issue, now: datetime, add: Collection[int], change: Collection[str], drop: Collection[int]
) -> Loaded:
    """Take these posts in, copy anew what changed in just this way, and take these items out; void an approval.

    `add` are posts, `change` the digests of Change, `drop` items. Raises TransitionRefused once it is being sent.
    """
    with ExitStack() as edit:
        edit.enter_context(transaction.atomic())
        # As when one is drawn up: two issues side by side could both take the same post.
        Series.objects.get_or_create(newsletter=issue.newsletter, defaults={"since": now})
        Series.objects.select_for_update().get(newsletter=issue.newsletter)
        held = edit.enter_context(editing(issue.pk, deeds.person(), now)).issue
        news = news_for(config, held, now)
        out = [item for item, _ in news.falls_out if item.pk in drop]
        Item.objects.filter(pk__in=[item.pk for item in out]).delete()
        anew = [one.item for one in news.changes if one.digest in change and one.item not in out]
        done = [item for item in anew if item.copy_anew()]
        wanted = [one for one in news.additions if one.post.pk in add]
        _insert(held, config.newsletters[held.newsletter], wanted)
        gone = len(add) + len(change) + len(drop) - len(wanted) - len(done) - len(out)
        loaded = Loaded(len(wanted), len(done), len(out), gone)
    issue.refresh_from_db()
    return loaded


def _additions(newsletter: Newsletter, items: list[Item], posts: list[Post]) -> list[Addition]:
    """The posts that are not in the issue, those that fit first taken: starred ones, then the newest."""
    sections = sections_of(newsletter)
    filled = {section.title: sum(item.section == section.title for item in items) for section in sections}
    total, found = len(items), []
    taken = {item.post_id for item in items}
    for post in sorted(posts, key=lambda post: not is_starred(post)):
        index = section_of(post, newsletter)
        if index >= len(sections) or post.pk in taken:
            continue
        section = sections[index]
        room = _room(section, filled[section.title], newsletter, total)
        found.append(Addition(post, section, room, is_starred(post)))
        if not room:
            filled[section.title] += 1
            total += 1
    order = {section.title: at for at, section in enumerate(sections)}
    return sorted(found, key=lambda one: (order[one.section.title], bool(one.room)))


def _room(section: NewsletterSection, there: int, newsletter: Newsletter, total: int) -> str:
    if there >= section.max:
        return f"“{section.title}” has {there} of at most {section.max}"
    return f"the issue has {total} of at most {newsletter.max}" if total >= newsletter.max else ""


def _change(item: Item) -> Change | None:
    # What an editor has written anew for this issue stays as it is, whatever the post says.
    now = {name: getattr(item.post, name) for name in Item.COPIED if name not in item.own.split()}
    changed = {name: value for name, value in now.items() if value != getattr(item, name)}
    if not changed:
        return None
    told = hashlib.sha256(repr((item.pk, sorted(changed.items()))).encode()).hexdigest()[:32]
    return Change(item, tuple(dict.fromkeys(NAMES[name] for name in changed)), told)


def _falls_out(issue: Issue, items: list[Item]) -> list[tuple[Item, Triage]]:
    """Items whose post an editor has rejected since."""
    rejected = Triage.objects.filter(
        newsletter=issue.newsletter, post__in=[item.post_id for item in items], standing=Standing.REJECTED
    )
    found = {one.post_id: one for one in rejected.select_related("by")}
    return [(item, found[item.post_id]) for item in items if item.post_id in found]


def _insert(issue: Issue, newsletter: Newsletter, additions: list[Addition]) -> None:
    """Put each at the end of its section, a section that is not there yet where the newsletter has it; number anew."""
    order = {section.title: at for at, section in enumerate(sections_of(newsletter))}
    found, new = pieces(issue), []
    for one in additions:
        place = Item.copy_of(
            one.post, issue=issue, section=one.section.title, section_emoji=one.section.symbol, position=0
        )
        found.insert(_end_of(found, one.section.title, order), place)
        new.append(place)
    Item.objects.bulk_create(new)
    keep_order(found)


def _end_of(found: list[Piece], title: str, order: dict[str, int]) -> int:
    """The place behind the last piece of this section, or of the nearest one that stands before it."""
    own = [at for at, piece in enumerate(found) if piece.section == title]
    before = [at for at, piece in enumerate(found) if order.get(piece.section, -1) < order[title]]
    return 1 + max(own or before, default=-1)
