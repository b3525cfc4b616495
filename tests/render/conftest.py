"""An issue to render, made of whatever a test wants to see in it."""

from collections.abc import Callable
from typing import Any

import pytest

from newsletter import holes
from newsletter.models import Issue, Item, Post, Source
from newsletter.render.environment import themes

KEY = "not-a-secret"
READER = holes.values("TOKEN", "ada@example.org", "Ada <3")


@pytest.fixture
def make_post(now) -> Callable[..., Post]:
    def make(**given: Any) -> Post:
        count = Post.objects.count()
        source, _ = Source.objects.get_or_create(name="wire", kind="feed")
        base = {
            "title": f"Story {count}", "summary": f"What story {count} says.", "html": "<p>Once upon a time.</p>",
            "url": f"https://example.org/story/{count}", "authors": ["Ada"], "image_url": "https://example.org/i.png",
            "image_alt": "A picture", "language": "en", "words": 460,
        }  # fmt: skip
        moments = dict.fromkeys(("published_at", "collected_at", "updated_at"), now)
        return Post.objects.create(key=f"k{count}", source=source, **{**base, **moments, **given})

    return make


@pytest.fixture
def make_issue(make_post, now) -> Callable[..., Issue]:
    """`make_issue({"title": "A"}, {"title": "B", "section": "World"}, subject="…")`: an item for each mapping."""

    def make(*items: dict[str, Any], newsletter: str = "weekly", **given: Any) -> Issue:
        slug = f"2026-11-{20 - Issue.objects.count():02}"
        due = now.replace(day=int(slug[-2:]))
        issue = Issue.objects.create(newsletter=newsletter, slug=slug, due_at=due, cut_off_at=due, **given)
        for position, item in enumerate(items or ({},)):
            place = {name: item[name] for name in ("section", "section_emoji", "note") if name in item}
            post = make_post(**{name: value for name, value in item.items() if name not in place})
            Item.copy_of(post, issue=issue, position=position, **place).save()
        return issue

    return make


@pytest.fixture
def post_config(make_config):
    return make_config(newsletters={"weekly": {"layout": "post"}})


@pytest.fixture
def own(make_config):
    """A publication's own theme files: `own("atlas/footer.mjml.j2", "…")`."""
    folder = themes(make_config()).own

    def write(name: str, text: str):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def segmented(make_config):
    """A newsletter with a segment, `locals`: those who live in Berlin."""
    return make_config(newsletters={"weekly": {"segments": {"locals": "reader.fields.city == 'Berlin'"}}})
