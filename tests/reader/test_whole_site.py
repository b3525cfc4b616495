"""The demo as readers find it: every page is sound, every link of it leads somewhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from newsletter import pipeline, publication
from newsletter.config import load
from newsletter.models import Issue
from newsletter.pipeline import Context
from newsletter.reader.files import ours
from tests.reader.pages import Page, faults
from tests.render.dom import Dom

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


@pytest.mark.parametrize("newsletter", ["", "atlas-weekly/", "atlas-story/"])
def test_every_feed_tells_every_issue_whole_as_any_feed_reader_can_show_it(client, demo, newsletter):
    xml = [feedparser.parse(client.get(f"/feeds/{newsletter}{kind}").content) for kind in ("rss.xml", "atom.xml")]
    assert [one.bozo for one in xml] == [False, False]
    items = {one["url"]: one["content_html"] for one in client.get(f"/feeds/{newsletter}feed.json").json()["items"]}
    assert [{entry.link for entry in one.entries} for one in xml] == [items.keys(), items.keys()]
    assert len(items) > 1
    for url, html in items.items():
        told, issue = Dom(html), Issue.objects.get(newsletter=url.split("/")[4], slug=url.split("/")[5])
        for item in issue.items.all():
            assert (words := {word for word in Dom(item.html).text().split() if word.isalnum()})
            assert words <= set(told.text().split()), item
        addresses = [image["src"] for image in told.all("img")] + told.hrefs()
        assert told.all("img")
        assert all(one.startswith(("http://", "https://")) for one in addresses), addresses
        assert not {event[1] for event in told.events if event[0] == "start"} & {"form", "input", "button", "script"}
        for entry in (entry for one in xml for entry in one.entries if entry.link == url):
            assert Dom(entry.content[0].value).text().split() == told.text().split()


def test_a_poll_in_a_feed_leads_to_where_it_can_be_answered(client, demo):
    items = client.get("/feeds/feed.json").json()["items"]
    html = next(one["content_html"] for one in items if "Upper berth or lower?" in one["content_html"])
    link = next(one for one in Dom(html).hrefs() if "#poll-" in one)
    page, _, place = link.removeprefix(demo.site.url).partition("#")
    assert f'id="{place}"' in client.get(page).content.decode()
