"""The posts that an issue may be made of."""

from __future__ import annotations

from datetime import datetime

from newsletter.config import Config
from newsletter.models import Post, Standing, Triage
from newsletter.models.copies import copies

MOST = 1000
"""So many of the newest posts are looked at, and as many of those that an editor has starred."""


def candidates(config: Config, name: str, since: datetime | None, cut_off: datetime) -> list[Post]:
    """The posts of a period that a newsletter may use, newest first; what an editor has starred is among them.

    Of a story that several sources tell under one title, the first is taken (see models/copies.py). Their texts are
    fetched when they are asked for: few of them end up in an issue.
    """
    oldest = (since or cut_off) - config.compose.grace
    rows = Post.for_issue(name, config.newsletters[name].sources, since, cut_off, oldest).defer("html")
    # Asked apart, so that the index on the date is walked no further than it must be.
    starred = Triage.objects.filter(newsletter=name, standing=Standing.STARRED).order_by("-at")
    wanted = rows.filter(pk__in=list(starred.values_list("post", flat=True)[:MOST]))
    both = {post.pk: post for some in (rows[:MOST], wanted) for post in some}
    hidden = copies(name, config.newsletters[name].sources, both.values()).hidden
    found = [post for post in both.values() if post.pk not in hidden]
    return sorted(found, key=lambda post: (post.published_at, post.pk), reverse=True)
