"""The demo publication works today and years from now: its posts have dates, and its first issue must not mind them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter import pipeline, publication
from newsletter.config import load
from newsletter.models import Issue, Message
from newsletter.pipeline import Context

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("year", [2026, 2027, 2031])
def test_the_demo_goes_from_its_posts_to_every_reader(tmp_path, year):
    now = datetime(year, 12, 2, 12, tzinfo=UTC)
    config = load(Path(__file__).parents[1] / "config.yaml", environ={"NEWSLETTER_SITE__VAR": str(tmp_path)})
    ctx = Context(config, "a key for tests", lambda: now)
    assert publication.seed_lists(config, now)["atlas-readers"].refused == []
    for _ in range(2):
        pipeline.draw_up_issues(ctx)
        pipeline.start_due_issues(ctx)
        pipeline.send_messages(ctx)
    found = {issue.newsletter: (issue.status, issue.items.count()) for issue in Issue.objects.all()}
    assert found == {"atlas-weekly": ("sent", 9), "atlas-story": ("sent", 1)}
    assert Message.objects.filter(state="submitted").count() == 2 * 25
