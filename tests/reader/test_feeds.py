"""Feeds tell every issue whole, to anybody, in three formats; the sitemap lists every page."""

import json
from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import pytest

from newsletter.models import Correction, Issue
from newsletter.reader.sitemap import sitemap
from tests.factories import NOW, file_away, make_item, make_post, make_sent_issue
from tests.reader.test_issue_page import HARD

pytestmark = pytest.mark.django_db
PATHS = [f"/feeds/{folder}{kind}" for folder in ("", "weekly/") for kind in ("rss.xml", "atom.xml", "feed.json")]


@pytest.fixture
def issue():
    issue = make_sent_issue(subject="🌍 A whale falls")
    own = {"url": "", "tags": ["sea"], "authors": ["Zoé"]}
    make_item(issue, make_post(title="A whale falls", html="<p>Slowly &amp; <i>deep</i>.</p>", **own))
    make_item(issue, make_post(title="Elsewhere", summary="Said there."), section="World")
    file_away()
    return issue


@pytest.mark.parametrize("path", [path for path in PATHS if path.endswith("xml")])
def test_a_feed_of_xml_tells_the_whole_issue(client, issue, path):
    answer = client.get(path)
    found = feedparser.parse(answer.content)
    assert not found.bozo
    (entry,) = found.entries
    assert entry.title == "🌍 A whale falls"
    assert entry.link == entry.id == f"http://127.0.0.1:8000/issues/weekly/{issue.slug}/"
    assert "Slowly &amp; <i>deep</i>." in entry.content[0].value
    assert "Said there." in entry.content[0].value
    assert [tag.term for tag in entry.tags] == ["sea"]
    assert entry.author == "Zoé"
    assert found.feed.links


def test_a_json_feed_tells_the_same(client, issue):
    found = json.loads(client.get("/feeds/weekly/feed.json").content)
    (item,) = found["items"]
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert (item["id"], item["authors"]) == (f"http://127.0.0.1:8000/issues/weekly/{issue.slug}/", [{"name": "Zoé"}])
    assert "Slowly &amp; <i>deep</i>." in item["content_html"]
    assert item["date_modified"] >= item["date_published"]


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_holds_no_readers_token_and_nothing_to_count_readers_with(client, issue, path):
    source = client.get(path).content.decode()
    for private in ("/o/", "/u/", "/c/", "/p/", "hmarker"):
        assert private not in source


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_changes_with_a_correction_and_is_not_fetched_twice(client, issue, path):
    first = client.get(path)
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    Correction.objects.create(issue=issue, text="It was a dolphin.")
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert "It was a dolphin." in again.content.decode()
    assert "Vary" not in again.headers or "Cookie" not in again["Vary"]


def test_a_correction_makes_an_entry_updated(client, issue):
    before = feedparser.parse(client.get("/feeds/atom.xml").content).entries[0].updated
    Correction.objects.create(issue=issue, text="It was a dolphin.")
    assert feedparser.parse(client.get("/feeds/atom.xml").content).entries[0].updated != before


@pytest.mark.parametrize("title", [*HARD, "nul \x0b and \ufffe"])
def test_any_title_makes_a_sound_feed(client, title):
    make_item(make_sent_issue(subject=title), make_post(title=title, authors=[title], tags=[title], url=""))
    for path in PATHS:
        content = client.get(path).content
        assert json.loads(content) if path.endswith("json") else not feedparser.parse(content).bozo


@pytest.mark.parametrize("path", ["/feeds/other.xml", "/feeds/nobody/rss.xml", "/feeds/weekly/x"])
def test_there_is_no_other_feed(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", [*PATHS, "/sitemap.xml"])
def test_what_is_not_public_is_in_none(client, issue, path):
    Issue.objects.update(started_at=None)
    assert issue.slug not in client.get(path).content.decode()
    assert "posts/" not in client.get(path).content.decode()


def test_a_feed_asks_the_database_little(client, issue, django_assert_max_num_queries):
    for week in range(1, 25):
        make_item(make_sent_issue(due_at=NOW + timedelta(weeks=week)), make_post())
    with django_assert_max_num_queries(7):
        assert len(feedparser.parse(client.get("/feeds/rss.xml").content).entries) == 20


def addresses(answer):
    tree = ElementTree.fromstring(answer.content)
    return [element.text for element in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]


def test_the_sitemap_lists_pages_that_are_there(client, issue):
    found = addresses(client.get("/sitemap.xml"))
    assert f"http://127.0.0.1:8000/issues/weekly/{issue.slug}/" in found
    assert any("/posts/" in one for one in found)
    assert {"http://127.0.0.1:8000/tags/sea/", "http://127.0.0.1:8000/authors/zo%C3%A9/"} <= set(found)
    for one in found:
        assert client.get(one.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_a_sitemap_too_long_for_one_file_is_several(client, issue, rf):
    every = addresses(client.get("/sitemap.xml"))
    index = addresses(sitemap(rf.get("/sitemap.xml"), most=4))
    parts = [sitemap(rf.get("/sitemap.xml"), number, most=4) for number in range(1, len(index) + 1)]
    assert [one for part in parts for one in addresses(part)] == every
    assert index[0] == "http://127.0.0.1:8000/sitemap-1.xml"
    assert client.get("/sitemap-1.xml").status_code == 404
    assert client.get("/sitemap-9.xml").status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_an_issue_that_cannot_be_shown_any_more_does_not_take_the_feed_with_it(client, issue, path):
    asks = "<p>{% if reader.in_segment(&quot;gone&quot;) %}x{% endif %}</p>"
    make_item(make_sent_issue(subject="Cannot be shown"), make_post(html=asks, personal=True))
    answer = client.get(path)
    assert answer.status_code == 200
    assert "Cannot be shown" not in answer.content.decode()
    assert "A whale falls" in answer.content.decode()
