"""Every public answer can be kept, asked for again by its tag, and is another as soon as anything in it is."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.http import parse_http_date

from newsletter.models import Correction, Issue, Poll
from newsletter.paths import TEMPLATES
from newsletter.reader import caching, replies
from tests.factories import NOW, file_away, make_item, make_post, make_sent_issue

pytestmark = pytest.mark.django_db
PAGES = ["/", "/issues/weekly/", "/issues/weekly/2026-11-20/", "/search/?q=whale", "/search/", "/tags/sea/",
         "/authors/ada/",
         "/lists/readers/embed/", "/privacy/"]  # fmt: skip
OTHERS = ["/feeds/rss.xml", "/feeds/weekly/atom.xml", "/feeds/feed.json", "/sitemap.xml",
          "/share/issues/weekly/2026-11-20.png"]  # fmt: skip


@pytest.fixture(autouse=True)
def issue():
    issue = make_sent_issue()
    make_item(issue, make_post(title="A whale", tags=["sea"], authors=["Ada"]))
    file_away()
    return issue


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_it_may_be_kept_and_need_not_be_fetched_again(client, path):
    first = client.get(path)
    assert first["Cache-Control"] == "public, max-age=300"
    assert parse_http_date(first["Last-Modified"])
    assert not first.cookies
    by_tag = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (by_tag.status_code, by_tag.content, by_tag["Cache-Control"]) == (304, b"", first["Cache-Control"])
    assert client.get(path, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
    head = client.head(path)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", first["ETag"])
    assert client.post(path).status_code in (405, 422)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_differ_by_cookie_and_says_so(client, path):
    assert "Cookie" in client.get(path)["Vary"]


def test_a_reader_who_has_signed_in_gets_a_page_that_nobody_else_keeps(client):
    tag = client.get("/issues/weekly/2026-11-20/")["ETag"]
    client.cookies["reader"] = "somebody"
    answer = client.get("/issues/weekly/2026-11-20/", headers={"If-None-Match": tag})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert "ETag" not in answer.headers
    assert client.get("/feeds/rss.xml")["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
def test_the_tag_changes_with_what_is_public(client, issue, path):
    tag = client.get(path)["ETag"]
    make_item(make_sent_issue(due_at=NOW + timedelta(weeks=1)), make_post())
    later = client.get(path)["ETag"]
    Correction.objects.create(issue=issue, text="It was a dolphin.")
    assert len({tag, later, client.get(path)["ETag"]}) == 3


def test_the_tag_changes_with_the_configuration_and_the_theme(client, settings, make_config, config):
    tag = client.get("/")["ETag"]
    settings.NEWSLETTER = make_config(site={"name": "Another"})
    assert client.get("/")["ETag"] != tag
    settings.NEWSLETTER = config
    assert client.get("/")["ETag"] == tag
    own = config.path(config.render.templates) / "atlas"
    own.mkdir(parents=True)
    (own / "tokens.yaml").write_text("light: {ink: '#ff0000'}")
    changed = client.get("/")
    assert changed["ETag"] != tag
    assert "--ink:#ff0000" in changed.content.decode()


def test_the_look_is_every_template_of_our_pages(config):
    looked = caching.look(config)
    assert all(file.name in looked for file in (TEMPLATES / "reader").iterdir())
    assert "tokens.yaml" in looked


def test_a_mended_correction_is_fetched(client, issue):
    note = Correction.objects.create(issue=issue, text="It was a dolfin.")
    tag = client.get("/issues/weekly/2026-11-20/")["ETag"]
    note.text = "It was a dolphin."
    note.save()
    assert client.get("/issues/weekly/2026-11-20/", headers={"If-None-Match": tag}).status_code == 200


def test_what_is_not_there_is_not_kept(client):
    Issue.objects.update(started_at=None)
    assert "Cache-Control" not in client.get("/issues/weekly/2026-11-20/").headers


def test_the_tag_changes_when_replies_and_polls_close(client, issue, settings, make_config):
    letter = {"replies": {"closes_after": "1d"}, "polls": {"closes_after": "2d"}}
    settings.NEWSLETTER = make_config(newsletters={"weekly": letter})
    Poll.objects.create(issue=issue, number=0, question="Tea?", answers=["Yes", "No"])
    tags = set()
    for age in (timedelta(hours=1), timedelta(days=1.5), timedelta(days=3)):
        Issue.objects.update(started_at=timezone.now() - age)
        tags.add(replies.state(Issue.objects.get()))
    assert len(tags) == 3
    assert client.get("/issues/weekly/2026-11-20/").status_code == 200
