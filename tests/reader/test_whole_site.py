"""The demo as readers find it: every page is sound, every link of it leads somewhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter import pipeline, publication
from newsletter.config import load
from newsletter.pipeline import Context
from newsletter.reader.files import ours
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings, tmp_path):
    """The demo after six weeks of it."""
    config = load(Path(__file__).parents[2] / "config.yaml", environ={"NEWSLETTER_SITE__VAR": str(tmp_path)})
    settings.NEWSLETTER = config
    moments = [datetime(2026, 10, 14, 12, tzinfo=UTC) + timedelta(days=3 * step) for step in range(13)]
    publication.seed_lists(config, moments[0])
    for now in moments:
        ctx = Context(config, "a key for tests", lambda now=now: now)
        pipeline.draw_up_issues(ctx)
        pipeline.start_due_issues(ctx)
    return config


def test_every_page_is_sound_and_every_link_leads_somewhere(client, demo):
    start, seen, waiting = demo.site.url, set(), ["/"]
    while waiting:
        path = waiting.pop().removeprefix(start).partition("#")[0] or "/"
        if path in seen or not path.startswith("/") or path.startswith("/desk/"):
            continue
        seen.add(path)
        if path.startswith("/files/"):  # serving one would close the test's connection
            assert ours(demo, start + path), path
            continue
        answer = client.get(path)
        assert answer.status_code in (200, 302), path
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            page = Page(answer)
            assert faults(page.source) == [], path
            waiting += page.hrefs() + page.links("canonical") + page.links("alternate") + page.links("prev")
            waiting += [image["src"] for image in page.all("img")] + [page.meta().get("og:image", "/")]
    kinds = {path.split("/")[1] for path in seen}
    assert {
        "",
        "issues",
        "posts",
        "tags",
        "authors",
        "feeds",
        "files",
        "share",
        "search",
        "subscribe",
        "privacy",
    } <= kinds
    assert len(seen) > 80
