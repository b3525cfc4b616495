"""The same story told by several sources at addresses of their own: the same title, within a few days of each other.

Posts at one canonical address are one post already. This is about the others, and it is kept simple, so that an editor
can foresee it: the letters and digits of the title are the same, the sources are not, and no more than CLOSE lies
between one and the next. The first that was published stands for all. What is starred stands for itself, and what is
rejected stands for nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from django.db.models import OuterRef, QuerySet, Subquery

from newsletter.models.post import Post
from newsletter.models.triage import Standing, Triage

CLOSE = timedelta(days=3)
MOST = 2000
"""Posts of the titles asked about that are looked at."""


@dataclass(frozen=True)
class Copies:
    """`of` has by the first post of a story the others; `hidden` are all those others.

    `refused` has by post those with its title that were rejected.
    """

    of: dict[int, list[Post]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    refused: dict[int, list[Post]] = field(default_factory=dict)


def copies(newsletter: str, sources: Collection[str], posts: Iterable[Post]) -> Copies:
    """What else there is with the titles of these posts."""
    titles = {post.likeness for post in posts} - {""}
    found = Copies()
    if not titles:
        return found
    for _, same in groupby(_alike(newsletter, sources, titles), key=lambda post: post.likeness):
        _fold(list(same), found)
    return found


def _alike(newsletter: str, sources: Collection[str], titles: set[str]) -> QuerySet[Post]:
    triage = Triage.objects.filter(newsletter=newsletter, post=OuterRef("pk"))
    rows = Post.inbox_of(newsletter, sources).filter(likeness__in=titles).select_related("source")
    told = rows.annotate(standing=Subquery(triage.values("standing")[:1])).only(
        "title", "likeness", "url", "published_at", "source__name"
    )
    return told.order_by("likeness", "published_at", "pk")[:MOST]


def _fold(posts: list[Post], found: Copies) -> None:
    """Sort the posts of one title, oldest first, into stories."""
    first: Post | None = None
    latest = posts[0].published_at
    refused = [post for post in posts if _standing(post) == Standing.REJECTED]
    for post in posts:
        if near := [one for one in refused if one != post and abs(one.published_at - post.published_at) <= CLOSE]:
            found.refused[post.pk] = near
        if _standing(post) == Standing.REJECTED:
            continue
        close = first is not None and post.published_at - latest <= CLOSE
        latest = post.published_at
        if first is not None and close:
            if post.source_id != first.source_id and _standing(post) != Standing.STARRED:
                found.of.setdefault(first.pk, []).append(post)
                found.hidden.add(post.pk)
        else:
            first = post


def _standing(post: Post) -> str:
    return getattr(post, "standing", None) or ""
