"""The demo publication works today and years from now: its posts have dates, and its first issue must not mind them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter import pipeline, publication
from newsletter.config import load
from newsletter.markup import markdown
from newsletter.markup.clean import Addresses, clean
from newsletter.models import Issue, Item, Message, Source
from newsletter.pipeline import Context
from newsletter.render.blocks import blocks

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("year", [2026, 2027, 2031])
def test_the_demo_goes_from_its_posts_to_every_reader(tmp_path, year):
    now = datetime(year, 12, 2, 12, tzinfo=UTC)
    config = load(Path(__file__).parents[1] / "config.yaml", environ={"NEWSLETTER_SITE__VAR": str(tmp_path)})
    ctx = Context(config, "a key for tests", lambda: now)
    assert publication.seed_lists(config, now)["atlas-readers"].refusals == []
    for _ in range(2):
        pipeline.draw_up_issues(ctx)
        pipeline.start_due_issues(ctx)
        pipeline.send_messages(ctx)
    found = {issue.newsletter: (issue.status, issue.items.count()) for issue in Issue.objects.all()}
    assert found == {"atlas-weekly": ("sent", 9), "atlas-story": ("sent", 1)}
    assert Message.objects.filter(state="submitted").count() == 2 * 25
    assert {(item.image_width, item.image_height) for item in Item.objects.all()} == {(1200, 630)}
    assert [source.warning for source in Source.objects.all()] == [""]


def test_the_story_of_the_demo_shows_what_a_post_may_be_made_of():
    source = Path(__file__).parents[1] / "demo/posts/2026-11-17-the-longest-lunch.md"
    html, faults = markdown.read(source.read_text(encoding="utf-8"))
    found = {block.kind for block in blocks(clean(html, Addresses.against("https://x.org/"), trusted=True).html)}
    assert faults == []
    assert found >= {"heading", "text", "quote", "poll", "table", "sponsor", "button", "gallery"}
