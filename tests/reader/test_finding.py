"""Search, tags and authors as pages: what is found, marked and paged, and what is said when nothing is."""

import pytest

from newsletter.models import Issue, Term
from newsletter.models.finding import wanted
from newsletter.reader.stories import excerpt, marked
from tests.factories import file_away, make_item, make_post, make_sent_issue
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db


def get(client, path, **asked):
    answer = client.get(path, asked)
    assert answer.status_code == 200
    page = Page(answer)
    assert faults(page.source) == []
    return page


@pytest.fixture
def told():
    """Stories in a public issue, filed."""

    def tell(*titles, newsletter="weekly", **fields):
        issue = make_sent_issue(newsletter=newsletter)
        for title in titles:
            make_item(issue, make_post(title=title, **fields))
        file_away()
        return issue

    return tell


@pytest.fixture
def two(settings, make_config):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    settings.NEWSLETTER = make_config(newsletters={"daily": {**weekly, "title": "The Daily"}})


def test_what_is_found_is_marked_and_leads_to_the_story(client, told):
    issue = told("A whale falls", html="<p>Deep down, a <b>Whále</b>.</p>")
    told("Tea", url="", html="<p>whale &lt;tea&gt;</p>")
    page = get(client, "/search/", q="whale")
    assert "2 stories with" in page.text()
    assert "A <mark>whale</mark> falls" in page.source
    assert "<mark>Whále</mark>" in page.source
    assert "<mark>whale</mark> &lt;tea&gt;" in page.source
    assert f"/issues/weekly/{issue.slug}/#story-1" in page.hrefs()
    assert page.meta()["robots"] == "noindex"


def test_nothing_found_suggests_what_there_is(client, told):
    told("A whale", tags=["sea"])
    page = get(client, "/search/", q="<zebra>")
    assert "Nothing was found for “<zebra>”" in page.text()
    assert "/tags/sea/" in page.hrefs()
    assert "The latest issues" in page.text()
    assert "The latest issues" in get(client, "/search/").text()


def test_results_are_paged_and_narrowed_to_a_newsletter(client, told, two):
    told(*(f"Whale {number}" for number in range(12)))
    told("Whale of the day", newsletter="daily")
    first = get(client, "/search/", q="whale")
    assert "13 stories" in first.text()
    assert "?q=whale&page=2" in first.hrefs()
    assert "Page 2 of 2" in get(client, "/search/", q="whale", page="2").text()
    daily = get(client, "/search/", q="whale", newsletter="daily")
    assert "1 story with" in daily.text()
    assert "13 stories" in get(client, "/search/", q="whale", newsletter="nobody").text()


@pytest.mark.parametrize("query", ["'\"&<>", "\x00", "a" * 9000, "AND OR NOT", '"', "*", "\ud800", "🐳", "%' OR 1=1"])
def test_no_query_breaks_the_page(client, told, query):
    told("A whale")
    assert client.get("/search/", {"q": query.encode("utf-8", "surrogatepass")}).status_code == 200


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("A whale falls", "fall", "A whale <mark>falls</mark>"), ("東京都の猫", "京都", "<mark>東京都の猫</mark>"),
        ("Über <b>", "uber", "<mark>Über</mark> &lt;b&gt;"), ("हिन्दी में", "हिन्दी", "<mark>हिन्दी</mark> में"),
        ("nothing", "whale", "nothing"),
    ],
)  # fmt: skip
def test_words_are_marked_as_they_are_written(text, query, shown):
    assert str(marked(text, wanted(query))) == shown


def test_an_excerpt_is_cut_about_the_first_word():
    found = str(excerpt("word " * 300 + "whale " + "more " * 300, wanted("whale")))
    assert found.startswith("…word")
    assert "<mark>whale</mark>" in found
    assert found.endswith("…")
    assert len(found) < 300


@pytest.mark.parametrize(("kind", "fields"), [("tags", {"tags": ["हिन्दी"]}), ("authors", {"authors": ["हिन्दी"]})])
def test_a_tag_and_an_author_have_a_page_in_any_script(client, told, kind, fields):
    told("A whale", **fields)
    page = get(client, f"/{kind}/हिन्दी/")
    assert "A whale" in page.text()
    assert page.links("canonical") == [
        f"http://127.0.0.1:8000/{kind}/%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80/"
    ]


def test_a_tag_is_narrowed_to_a_newsletter(client, told, two):
    told("Weekly whale", tags=["sea"])
    told("Daily whale", tags=["sea"], newsletter="daily")
    assert "Daily whale" not in get(client, "/tags/sea/", newsletter="weekly").text()
    assert "Daily whale" in get(client, "/tags/sea/").text()


@pytest.mark.parametrize("path", ["/tags/none/", "/authors/none/", "/tags/../", "/tags/%00/"])
def test_there_is_no_page_of_what_no_story_has(client, told, path):
    told("A whale", tags=["sea"])
    assert client.get(path).status_code == 404


def test_what_is_not_public_has_no_page(client, told):
    told("A whale", tags=["sea"], authors=["Ada"])
    Issue.objects.update(started_at=None)
    assert Term.objects.count() == 2
    assert [client.get(path).status_code for path in ("/tags/sea/", "/authors/ada/")] == [404, 404]
    assert "A whale" not in get(client, "/search/", q="whale").text()
