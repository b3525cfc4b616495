"""An issue that stands in no database, made so that a theme can be tried with what issues hold: much, and little."""

from __future__ import annotations

from datetime import UTC, datetime

from newsletter.config import Newsletter
from newsletter.models import Issue, Item, Post, Source

_DUE = datetime(2026, 1, 2, 12, tzinfo=UTC)
# One of each of what a story may be made of; see blocks.py.
_HTML = """
<h2>A heading</h2><p>A <strong>paragraph</strong> with <a href="https://example.org/">a link</a>.</p>
<ul><li>one</li><li>two</li></ul><blockquote><p>Said.</p></blockquote><pre><code>print(1)</code></pre>
<figure><img src="https://example.org/image.png" alt="A picture"><figcaption>A picture</figcaption></figure>
<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table><hr>
"""


def sample_post(settings: Newsletter) -> Post:
    """An unsaved post with all that a post can have, of the newsletter's first source."""
    return Post(
        pk=0, source=Source(name=settings.sources[0], kind="feed"), url="https://example.org/story", title="A story",
        summary="What it says.", html=_HTML, authors=["Ada"], tags=["news"], words=460, language=settings.language,
        image_url="https://example.org/image.png", image_alt="A picture", published_at=_DUE,
    )  # fmt: skip


def sample_issue(name: str, settings: Newsletter) -> Issue:
    """An unsaved issue of three items: two with all that an item can have, one of them in a section, and a bare one."""
    section = next(iter(settings.sections), settings.other)
    issue = Issue(pk=0, newsletter=name, slug="sample", due_at=_DUE, cut_off_at=_DUE)
    full = sample_post(settings)
    bare = Post(pk=0, title="A bare story", html="<p>Short.</p>", published_at=_DUE)
    placed = {"section": section.title, "section_emoji": section.symbol, "note": "Look at this."} if section else {}
    items = [Item.copy_of(full), Item.copy_of(full, **placed), Item.copy_of(bare)]
    # As `prefetch_related` leaves them: the items are found there, and no row is looked for.
    issue._prefetched_objects_cache = {"items": items}  # type: ignore[attr-defined]
    return issue
