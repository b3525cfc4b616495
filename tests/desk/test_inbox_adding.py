"""Bringing posts in at the desk: by the address of a page, by hand, and from a bookmark."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.html import escape

from newsletter import pipeline
from newsletter.models import Chore, Post, Triage
from tests.collect.conftest import web  # noqa: F401 - a fixture
from tests.collect.test_page import LOGIN, html, meta
from tests.factories import NOW, make_issue, make_item, make_post, make_source

pytestmark = pytest.mark.django_db
INBOX, ADD, WRITE = (f"/desk/inbox/weekly/{name}" for name in ("", "add/", "write/"))


@pytest.fixture
def config(settings, make_config, web):  # noqa: F811
    """The publication's own feed lies on the test's server, which opens that server's pages too."""
    wire = {"location": f"{web.url}/feed", "allow_private": True}
    settings.NEWSLETTER = make_config(collect={"sources": {"wire": wire}, "measure_images": False})
    return settings.NEWSLETTER


def serve(web, body=None, **headers):  # noqa: F811
    body = (
        html(meta(og__title="A whale falls", og__image="/whale.jpg", og__image__alt="A whale"))
        if body is None
        else body
    )
    return web.serve("/whale", body, **{"content_type": "text/html; charset=utf-8", **headers})


def fetch(client, url):
    """Ask for a page, let the job fetch it, and look at what came of it."""
    answer = client.post(ADD, {"do": "fetch", "url": url})
    if answer.status_code == 422:
        return answer
    pipeline.do_chores(pipeline.Context(config=settings.NEWSLETTER, key=settings.SECRET_KEY))
    return client.get(answer["Location"])


def fields(form):
    return {field.name: field.value() or "" for field in form} | {"published_at": "2026-11-18T09:30"}


def test_a_page_is_fetched_shown_mended_and_added(staff, web):  # noqa: F811
    answer = fetch(staff, serve(web))
    assert answer.status_code == 200
    form = answer.context["form"]
    assert form["title"].value() == "A whale falls"
    assert "Paragraph 0" in answer.context["preview"]
    assert not Post.objects.exists()
    answer = staff.post(ADD, {**fields(form), "do": "add", "title": "A whale, mended", "tags": "Sea, deep"})
    assert (answer.status_code, answer["Location"]) == (303, f"{INBOX}?tab=starred")
    post, row = Post.objects.get(), Triage.objects.get()
    assert (post.title, post.tags, post.url) == ("A whale, mended", ["sea", "deep"], f"{web.url}/whale")
    assert (post.image_url, post.image_alt) == (f"{web.url}/whale.jpg", "A whale")
    assert f"{post.published_at:%Y-%m-%d %H:%M}" == "2026-11-18 09:30"
    assert "Paragraph 5" in post.html
    assert (row.newsletter, row.standing, row.by.username) == ("weekly", "starred", "ada")
    page = staff.get(answer["Location"])
    assert [one.text for one in page.context["said"]] == ["“A whale, mended” is added, and starred."]
    assert "added by hand" in page.content.decode()


def test_adding_twice_is_one_post(staff, web):  # noqa: F811
    form = fields(fetch(staff, serve(web)).context["form"])
    for _ in range(2):
        assert staff.post(ADD, {**form, "do": "add"}).status_code == 303
    assert Post.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (b"%PDF-1.7", {"content_type": "application/pdf"}, "This is a PDF, not a web page. Add it by hand"),
        (html(story="<p>Members only.</p>" + LOGIN), {}, "This page asks for a login"),
        ("x" * 3_000_000, {}, "The page is larger than 2,000,000 bytes"),
        (html(), {"status": 404}, "The server answered 404"),
    ],
)
def test_what_cannot_be_added_is_told_beside_the_address_which_stays(staff, web, body, headers, told):  # noqa: F811
    url = serve(web, body, **headers)
    answer = fetch(staff, url)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert escape(told) in page
    assert f'value="{url}"' in page


def test_the_request_itself_fetches_nothing_and_the_page_looks_again(staff, web):  # noqa: F811
    address = staff.post(ADD, {"do": "fetch", "url": serve(web)})["Location"]
    assert f'hx-get="{address}"' in staff.get(address).content.decode()
    assert "is being fetched" in staff.get(address, headers={"HX-Request": "true"}).content.decode()
    Chore.objects.update(by=None)  # somebody else's
    assert staff.get(address)["Location"] == ADD


def test_a_private_address_is_refused(staff):
    answer = fetch(staff, "http://127.0.0.1:1/router")
    assert (answer.status_code, "not a public address" in answer.content.decode()) == (200, True)


@pytest.mark.parametrize("url", ["", "   ", "javascript:alert(1)", "no address"])
def test_what_is_no_address_is_told(staff, url):
    assert fetch(staff, url).status_code == 422


def test_a_title_of_spaces_is_refused_and_nothing_else_is_lost(staff, web):  # noqa: F811
    form = fields(fetch(staff, serve(web)).context["form"])
    answer = staff.post(ADD, {**form, "do": "add", "title": "   ", "summary": "My own words"})
    assert answer.status_code == 422
    assert answer.context["form"]["summary"].value() == "My own words"
    assert "Paragraph 0" in answer.context["preview"]
    assert "This field is required" in answer.content.decode()


def test_a_story_that_is_there_already_is_named_and_can_be_starred(staff, web):  # noqa: F811
    url = serve(web)
    post = make_post(title="As the wire has it", url=url, key=key_of(url), source=make_source("elsewhere"))
    make_item(make_issue(), post)
    page = fetch(staff, url).content.decode()
    for part in ("As the wire has it", "is there already", "elsewhere brought it", "weekly/2026-11-20"):
        assert part in page
    assert staff.post(ADD, {"do": f"take:{post.pk}"}).status_code == 303
    assert Triage.objects.get().standing == "starred"


def test_a_story_that_was_rejected_says_so_before_that_is_taken_back(staff, web):  # noqa: F811
    url = serve(web)
    post = make_post(url=url, key=key_of(url))
    Triage.decide("weekly", {post.pk: ""}, "rejected", NOW, reason="An advertisement")
    page = fetch(staff, url).content.decode()
    assert "has rejected it for The Weekly" in page
    assert "An advertisement" in page
    assert "Take the rejection back" in page


def key_of(url):
    from newsletter.markup import urls

    return urls.key(urls.canonical(url))


def test_the_bookmark_fills_the_address_in_and_fetches_nothing(staff, web):  # noqa: F811
    page = staff.get(ADD, {"url": f"{web.url}/whale?a=1&b=2"}).content.decode()
    assert f'value="{web.url}/whale?a=1&amp;b=2"' in page
    assert "javascript:void(location.href=" in page
    assert f"http://testserver{ADD}?url=" in page
    assert web.requests == []


def test_who_is_signed_out_comes_back_to_the_address_after_signing_in(client):
    answer = client.get(ADD, {"url": "https://example.org/a?b=c"})
    assert answer.status_code == 302
    assert "url%3Dhttps%253A" in answer["Location"] or "url=https%253A" in answer["Location"]


def test_a_story_is_written_looked_at_and_added(staff):
    form = {"guid": "one", "title": "A word from us", "text": "Some **words**.", "tags": "house"}
    answer = staff.post(WRITE, {**form, "do": "preview"})
    assert "<strong>words</strong>" in answer.context["preview"]
    assert not Post.objects.exists()
    for _ in range(2):
        assert staff.post(WRITE, {**form, "do": "add"}).status_code == 303
    post = Post.objects.get()
    assert (post.title, post.html, post.url, post.tags) == (
        "A word from us",
        "<p>Some <strong>words</strong>.</p>",
        "",
        ["house"],
    )
    assert Triage.objects.get().standing == "starred"


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"title": "  "}, "title", "This field is required."),
        ({"text": ""}, "text", "Write a text, or give a summary or a link."),
        ({"text": "::: nonsense\n:::"}, "text", "Line 1"),
        ({"image_url": "https://img.example.org/a.png"}, "image_alt", "Say what the picture shows"),
        ({"image_url": "data:image/png;base64,AAAA", "image_alt": "x"}, "image_url", "not a web address"),
        ({"url": "javascript:alert(1)"}, "url", "not a web address"),
    ],
)
def test_what_is_wrong_with_a_story_is_told_beside_it_and_nothing_is_lost(staff, changes, field, told):
    form = {"guid": "one", "title": "A title", "text": "Some words.", **changes}
    answer = staff.post(WRITE, {**form, "do": "add"})
    assert answer.status_code == 422
    assert told in str(answer.context["form"].errors[field])
    for name, value in form.items():
        assert answer.context["form"][name].value() == value
    assert not Post.objects.exists()


def test_the_pages_are_posts_own(staff):
    assert reverse("desk-inbox-add", args=("weekly",)) == ADD
