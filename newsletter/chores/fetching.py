"""A page fetched by its address, for an editor who wants its story in the inbox."""

from __future__ import annotations

from typing import Any

from newsletter.chores.doing import Doing, Undone
from newsletter.collect import CollectError, page


def carry_out(doing: Doing) -> dict[str, Any]:
    """The story, as a form has it."""
    try:
        found = page.fetch(doing.config, doing.chore.facts["url"], doing.clock())
    except CollectError as error:
        raise Undone(str(error)) from error
    return {
        "title": found.title, "summary": found.summary, "authors": ", ".join(found.authors), "html": found.html,
        "tags": ", ".join(found.tags), "image_url": found.image_url, "image_alt": found.image_alt, "url": found.url,
        "published_at": found.published_at.isoformat() if found.published_at else "", "language": found.language,
    }  # fmt: skip
