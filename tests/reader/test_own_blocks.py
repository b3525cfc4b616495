"""The editor's own blocks are read on the page of an issue and in its feeds, and are found as no stories."""

import feedparser
import pytest

from newsletter.models import Entry, OwnBlock
from tests.factories import file_away as file_stories
from tests.factories import make_item, make_post, make_sent_issue
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db
PIECES = [
    "Above all",
    "A whale falls",
    "Below the lead",
    "World",
    "Elsewhere",
    "A heading of ours",
    "Join us",
    "Further",
]


@pytest.fixture
def issue():
    issue = make_sent_issue(subject="The week")
    for position, (title, section) in enumerate([("A whale falls", ""), ("Elsewhere", "World"), ("Further", "World")]):
        make_item(issue, make_post(title=title), position=position, section=section)
    own = [
        (0, "", "Above all"),
        (1, "", "Below the lead"),
        (2, "World", "## A heading of ours\n\n::: button /join\nJoin us\n:::"),
    ]
    for position, section, text in own:
        OwnBlock.objects.create(issue=issue, position=position, section=section, text=text)
    file_stories()
    return issue


def in_order(text, words):
    places = [text.index(word) for word in words]
    return places == sorted(places)


def test_they_stand_between_the_stories_on_the_page(client, issue):
    page = Page(client.get(f"/issues/weekly/{issue.slug}/"))
    assert faults(page.source) == []
    assert in_order(page.text().partition("The week")[2], PIECES)
    assert "<h3" in page.source[page.source.index('class="part"') : page.source.index("A heading of ours")]


@pytest.mark.parametrize("kind", ["rss.xml", "atom.xml"])
def test_they_stand_between_the_stories_in_a_feed(client, issue, kind):
    found = feedparser.parse(client.get(f"/feeds/weekly/{kind}").content)
    assert not found.bozo
    assert in_order(found.entries[0].content[0].value, PIECES)


def test_the_search_finds_stories_only(client, issue):
    assert Entry.objects.count() == 3
    assert "Join us" not in client.get("/search/", {"q": "join"}).content.decode()
