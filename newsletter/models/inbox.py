"""The inbox of a newsletter: what there is to decide about, a page at a time, however much has been collected.

A page never looks at more than WINDOW posts: where filters leave few of many, it says how far it came, and goes on from
there when asked. So it takes as long with a hundred thousand posts as with a few thousand.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from newsletter.models import carries  # noqa: F401 - it registers the lookup
from newsletter.models.copies import Copies, copies
from newsletter.models.issue import Issue, Item
from newsletter.models.post import Post, Sighting
from newsletter.models.triage import Standing, Triage

WINDOW = 5000
PAGE = 40
COUNTED = 500
"""So many unread posts are counted; of more it is said that there are more."""
TABS = ("unread", "starred", "all", "used", "rejected")
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Filters:
    """What is looked for; `any_of` and `none_of` are tags, as a section of the newsletter has them."""

    source: str = ""
    tag: str = ""
    any_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""

    def applied(self, rows: QuerySet[Row], at: str = "") -> QuerySet[Row]:
        """The rows that it leaves; `at` leads from a row to its post."""
        if self.source:
            rows = rows.filter(Exists(Sighting.objects.filter(post=OuterRef(f"{at}pk"), source__name=self.source)))
        for tags in filter(None, ({self.tag.lower()} - {""}, self.any_of)):
            rows = rows.filter(**{f"{at}tags__carries": sorted(tags)})
        if self.none_of:
            rows = rows.exclude(**{f"{at}tags__carries": sorted(self.none_of)})
        for word in self.words.split():
            told = Q(**{f"{at}title__icontains": word}) | Q(**{f"{at}summary__icontains": word})
            rows = rows.filter(told | Q(**{f"{at}url__icontains": word}))
        return rows

    def dated(self, rows: QuerySet[Row], at: str = "") -> QuerySet[Row]:
        """The rows between the two dates."""
        rows = rows.filter(**{f"{at}published_at__gte": self.since}) if self.since else rows
        return rows.filter(**{f"{at}published_at__lt": self.until}) if self.until else rows


@dataclass(frozen=True)
class Place:
    """Where a page ends: a moment, and the number that tells those of one moment apart."""

    at: datetime
    number: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}_{self.number}"

    @classmethod
    def of(cls, text: str) -> Place | None:
        """The place that a page's address names; None for none, or one that nobody has written."""
        at, _, number = text.rpartition("_")
        try:
            moment = datetime.fromisoformat(at)
            found = cls(moment.astimezone(UTC), int(number)) if moment.tzinfo else None
        except (ValueError, OverflowError):
            return None
        return found if found and abs(found.number) < 2**62 else None


@dataclass(frozen=True)
class Shown:
    """A page of posts; `next` is where the next begins. `cut` says that it was ended by the posts looked at."""

    posts: list[Post] = field(default_factory=list)
    copies: Copies = field(default_factory=Copies)
    next: Place | None = None
    cut: bool = False


class Inbox:
    """What has been collected for one newsletter."""

    def __init__(self, newsletter: str, sources: Collection[str]) -> None:
        self.newsletter, self.sources = newsletter, tuple(sources)

    @property
    def posts(self) -> QuerySet[Post]:
        """All of them."""
        return Post.inbox_of(self.newsletter, self.sources)

    def page(self, tab: str, filters: Filters, after: Place | None = None) -> Shown:
        """The posts of a tab, newest first; those with a verdict by when it was given."""
        if tab in (Standing.STARRED, Standing.REJECTED):
            return self._decided(tab, filters, after)
        rows = filters.dated(filters.applied(self._of_tab(tab))).select_related("source").defer("html")
        looked = _Walk(filters.dated(Post.objects.all()), "published_at", after)
        found: list[Post] = []
        folded = Copies()
        while len(found) <= PAGE:
            some = looked.next(rows, PAGE + 1)
            more = copies(self.newsletter, self.sources, some)
            folded.of.update(more.of)
            folded.refused.update(more.refused)
            found += [post for post in some if post.pk not in more.hidden]
            if len(some) <= PAGE:
                break
        if len(found) > PAGE:
            last = found[PAGE - 1]
            return Shown(found[:PAGE], folded, Place(last.published_at, last.pk))
        return Shown(found, folded, looked.floor, looked.floor is not None)

    def unread(self) -> tuple[int, bool]:
        """How many nobody has looked at, and whether there may be more."""
        walk = _Walk(Post.objects.all(), "published_at", None)
        rows = self._of_tab("unread").only("likeness", "published_at", "source")
        found = walk.next(rows, COUNTED + 1)
        hidden = copies(self.newsletter, self.sources, found).hidden
        number = sum(post.pk not in hidden for post in found[:COUNTED])
        return number, len(found) > COUNTED or walk.floor is not None

    def decided(self, standing: str) -> int:
        """How many have this verdict."""
        return Triage.objects.filter(newsletter=self.newsletter, standing=standing).count()

    def used_by(self, posts: Collection[int]) -> dict[int, list[Issue]]:
        """The issues of this newsletter that hold these posts, by post."""
        found: dict[int, list[Issue]] = {}
        items = Item.objects.filter(post__in=posts, issue__newsletter=self.newsletter).select_related("issue")
        for item in items.order_by("-issue__due_at"):
            found.setdefault(item.post_id, []).append(item.issue)
        return found

    def _decided(self, standing: str, filters: Filters, after: Place | None) -> Shown:
        rows = Triage.objects.filter(newsletter=self.newsletter, standing=standing)
        wanted = filters.dated(filters.applied(rows, "post__"), "post__").select_related("post__source")
        walk = _Walk(rows, "at", after)
        found = walk.next(wanted.defer("post__html"), PAGE + 1)
        posts = [row.post for row in found[:PAGE]]
        folded = copies(self.newsletter, self.sources, posts)
        if len(found) > PAGE:
            last = found[PAGE - 1]
            return Shown(posts, folded, Place(last.at, last.pk) if last.at else None)
        return Shown(posts, folded, walk.floor, walk.floor is not None)

    def _of_tab(self, tab: str) -> QuerySet[Post]:
        triage = Triage.objects.filter(newsletter=self.newsletter, post=OuterRef("pk"))
        unused = Q(issue__status="skipped") | Q(issue__status="cancelled", issue__started_at=None)
        used = Exists(Item.objects.filter(post=OuterRef("pk"), issue__newsletter=self.newsletter).exclude(unused))
        if tab == "used":
            return self.posts.filter(used)
        if tab == "unread":
            looked_at = triage.filter(Q(read_at__isnull=False) | ~Q(standing=Standing.OPEN))
            return self.posts.filter(~Exists(looked_at), ~used)
        return self.posts.filter(~Exists(triage.filter(standing=Standing.REJECTED)))


class _Walk:
    """Goes down rows by a moment and their number, and no further than WINDOW of them.

    `floor` is the last row that may be looked at, if there are any below it.
    """

    def __init__(self, rows: QuerySet[Any], moment: str, after: Place | None) -> None:
        self._moment, self._place = moment, after
        ends = self._below(rows).order_by(f"-{moment}", "-pk").values_list(moment, "pk")[WINDOW - 1 : WINDOW + 1]
        found = list(ends)
        self.floor = Place(*found[0]) if len(found) == 2 else None

    def next(self, rows: QuerySet[Row], most: int) -> list[Row]:
        """The next rows, up to so many."""
        if self.floor:
            at, number = self.floor.at, self.floor.number
            rows = rows.filter(self._about("gte", at), self._about("gt", at) | Q(pk__gte=number))
        found = list(self._below(rows).order_by(f"-{self._moment}", "-pk")[:most])
        if found:
            self._place = Place(getattr(found[-1], self._moment), found[-1].pk)
        return found

    def _below(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        if self._place is None:
            return rows
        at, number = self._place.at, self._place.number
        # Said twice, so that the database sees a range of its index.
        return rows.filter(self._about("lte", at), self._about("lt", at) | Q(pk__lt=number))

    def _about(self, how: str, at: datetime) -> Q:
        return Q(**{f"{self._moment}__{how}": at})
