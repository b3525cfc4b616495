"""A story by the address of its page: what is read of it, and in words what is there instead."""

import gzip
import json
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from newsletter.collect import page
from newsletter.collect.errors import BadAnswer, CollectError, NotAPage, Refused, TooBig, TooSlow
from tests.factories import NOW

PARAGRAPHS = "".join(
    f"<p>Paragraph {number}. A dead whale sinks slowly, and for decades it feeds whatever lives below, from sharks to "
    "worms that eat its very bones, in a place where otherwise next to nothing ever arrives.</p>"
    for number in range(6)
)
MENU = "<nav><ul>" + "".join(f'<li><a href="/{number}">Menu {number}</a></li>' for number in range(20)) + "</ul></nav>"


def html(head="", story=PARAGRAPHS, more=""):
    return (
        f'<!doctype html><html lang="en-GB"><head><title>A whale falls | The Deep</title>{head}</head><body>{MENU}'
        f"<main><article><h1>A whale falls</h1>{story}</article></main>{more}<footer>© The Deep. Cookies.</footer>"
        "</body></html>"
    )


def meta(**names):
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in names.items())


@pytest.fixture
def config(web, make_config):
    """A publication with a private feed on the same host, so that the test's own server may be asked."""
    sources = {"wire": {"kind": "feed", "location": f"{web.url}/feed", "allow_private": True}}
    return make_config(collect={"sources": sources, "measure_images": False, "timeout": "5s"})


@pytest.fixture
def fetch(web, config):
    def run(body, path="/whale", **headers):
        headers = {"content_type": "text/html; charset=utf-8", **headers}
        return page.fetch(config, web.serve(path, body, **headers), NOW)

    return run


def test_the_story_comes_without_what_stands_around_it(web, fetch):
    found = fetch(html(meta(og__title="A whale falls", og__description="What becomes of it.")))
    assert (found.title, found.summary, found.language) == ("A whale falls", "What becomes of it.", "en-GB")
    assert "Paragraph 0" in found.html
    assert "Paragraph 5" in found.html
    assert "Menu" not in found.html
    assert "Cookies" not in found.html
    assert "<h1>" not in found.html
    assert found.url == f"{web.url}/whale"


def test_open_graph_is_believed_first_then_json_ld_then_the_page(fetch):
    told = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "Organization", "name": "The Deep"},
            {
                "@type": ["NewsArticle"], "headline": "Its headline", "datePublished": "2026-11-18T09:00:00+01:00",
                "author": [{"@type": "Person", "name": "Mira Okafor"}, {"name": "Jun Arai"}],
                "image": {"url": "https://img.example.org/whale.jpg"}, "keywords": "Sea, whales",
                "description": "Told.",
            },
        ],
    }  # fmt: skip
    found = fetch(html(f'<script type="application/ld+json">{json.dumps(told)}</script>'))
    assert (found.title, found.summary) == ("Its headline", "Told.")
    assert found.authors == ("Mira Okafor", "Jun Arai")
    assert found.tags == ("sea", "whales")
    assert found.image_url == "https://img.example.org/whale.jpg"
    assert found.published_at == datetime(2026, 11, 18, 8, tzinfo=UTC)
    og = meta(og__title="By OpenGraph", article__published_time="2026-11-17T09:00:00Z", article__tag="Deep")
    found = fetch(html(f'{og}<script type="application/ld+json">{json.dumps(told)}</script>'))
    assert (found.title, found.tags, found.published_at.day) == ("By OpenGraph", ("deep",), 17)


@pytest.mark.parametrize("told", ["{", "[" * 5000, '"text"', "null", '[{"@type": null}]', '{"@graph": 5}'])
def test_json_ld_that_is_broken_is_passed_over(fetch, told):
    assert fetch(html(f'<script type="application/ld+json">{told}</script>')).title == "A whale falls | The Deep"


def test_pictures_and_links_are_made_whole_and_scripts_are_gone(web, fetch):
    story = PARAGRAPHS + '<p><a href="/more">More</a></p><img src="whale.jpg" alt="A whale"><script>alert(1)</script>'
    found = fetch(html(meta(og__image="/lead.jpg", og__image__alt="The lead"), story))
    assert (found.image_url, found.image_alt) == (f"{web.url}/lead.jpg", "The lead")
    assert f'href="{web.url}/more"' in found.html
    assert "alert" not in found.html


@pytest.mark.parametrize(
    ("canonical", "path"),
    [("/real?utm_source=x", "/real"), ("/", "/whale"), ("not an address", "/not%20an%20address"), ("", "/whale")],
)
def test_the_canonical_address_is_taken_unless_it_is_the_front_page(web, fetch, canonical, path):
    assert fetch(html(f'<link rel="canonical" href="{canonical}">')).url == web.url + path


def test_a_date_ahead_is_now(fetch):
    assert fetch(html(meta(article__published_time="2031-01-01T00:00:00Z"))).published_at == NOW


def test_the_charset_of_the_page_itself_is_heeded(fetch):
    body = html('<meta charset="windows-1250">', "<p>Łódź, żółw</p>" + PARAGRAPHS).encode("cp1250", "replace")
    assert "Łódź, żółw" in fetch(body, content_type="text/html").html


def test_a_page_without_a_story_is_taken_by_what_it_says_of_itself(fetch):
    found = fetch(html(meta(og__title="A film", og__description="Two hours of sea."), story="<div id=app></div>"))
    assert (found.title, found.summary) == ("A film", "Two hours of sea.")


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"%PDF-1.7 ...", {"content_type": "application/pdf"}, "This is a PDF, not a web page"),
        (b"%PDF-1.7 ...", {"content_type": "text/html"}, "This is a PDF, not a web page"),
        (b"\x89PNG\r\n", {"content_type": "image/png"}, "This is a picture"),
        (b"PK\x03\x04\0\0\0", {"content_type": "text/html"}, "This is a file"),
        (b"<rss/>", {"content_type": "application/rss+xml"}, "This is a feed"),
        (b"Just words.", {"content_type": "text/plain"}, "This is plain text"),
        (b"Just words.", {}, "The page is plain text"),
        (b"", {}, "The page is empty"),
        (b"<html><body></body></html>", {}, "There is no story"),
        (b"<!-- -->", {}, "cannot be read"),
    ],
)
def test_what_is_no_page_is_named(fetch, body, headers, said):
    with pytest.raises(NotAPage, match=said) as caught:
        fetch(body, **headers)
    assert caught.value.hint


LOGIN = "<form><input name=user><input type='Password' name=p><button>Sign in</button></form>"


def test_a_login_page_is_known_by_its_password_field(fetch):
    with pytest.raises(NotAPage, match="asks for a login"):
        fetch(html(story="<p>Please sign in to read on.</p>" + LOGIN))


def test_a_page_with_a_story_and_a_login_in_its_corner_is_a_story(fetch):
    assert "Paragraph 3" in fetch(html(more=LOGIN)).html


def test_being_sent_away_to_a_login_is_told(web, fetch, config):
    def away(handler):
        handler.send_response(302)
        handler.send_header("location", "/accounts/login/?next=/whale")
        handler.send_header("content-length", "0")
        handler.end_headers()

    web.serve("/accounts/login/?next=/whale", html(), content_type="text/html")
    with pytest.raises(NotAPage, match="asks for a login"):
        page.fetch(config, web.answer("/members", away), NOW)


@pytest.mark.parametrize(("status", "said"), [(401, "wants a login"), (403, "may want a login"), (404, "address right"),
                                              (429, "had enough"), (503, "has a fault")])  # fmt: skip
def test_a_refusal_is_told_with_what_may_help(fetch, status, said):
    with pytest.raises(BadAnswer, match=f"answered {status}.*{said}"):
        fetch(html(), status=status)


def test_a_page_of_50_mb_is_dropped_at_the_limit(web, config):
    sent = 0

    def answer(handler):
        nonlocal sent
        handler.send_response(200)
        handler.send_header("content-type", "text/html")
        handler.end_headers()
        for _ in range(500):
            handler.wfile.write(b"x" * 100_000)
            sent += 100_000

    with pytest.raises(TooBig, match="The page is larger than 2,000,000 bytes"):
        page.fetch(config, web.answer("/large", answer), NOW)
    assert sent < 20_000_000


def test_a_page_that_swells_is_dropped_at_the_limit(fetch):
    with pytest.raises(TooBig):
        fetch(gzip.compress(b"<p>" + b"x" * 50_000_000), content_encoding="gzip")


def test_a_page_that_never_ends_is_given_up(web, make_config):
    sources = {"wire": {"location": f"{web.url}/feed", "allow_private": True}}
    config = make_config(collect={"sources": sources, "timeout": "1s"})
    with pytest.raises(TooSlow, match="The page did not come within 1 seconds"):
        page.fetch(config, web.answer("/slow", lambda handler: web.closing.wait(20)), NOW)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "http://[::1]:1/x", "http://localhost:1/x", "127.1:1"])
def test_a_private_address_is_refused(make_config, url):
    url = url if "://" in url else f"http://{url}/x"
    with pytest.raises(Refused, match=r"not a public address.*Add it by hand"):
        page.fetch(make_config(), url, NOW)


def test_a_private_source_opens_its_own_host_and_no_other(web, config):
    other = web.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(Refused):
        page.fetch(config, f"{other}/whale", NOW)


@pytest.mark.parametrize(
    "url", ["", "   ", "ftp://example.org/x", "javascript:alert(1)", "file:///etc/passwd", "http://"]
)
def test_what_is_no_web_address_is_refused(config, url):
    with pytest.raises(BadAnswer, match="not a web address"):
        page.fetch(config, url, NOW)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 50_000,
        "<p>" + "<b>" * 20_000 + "x",
        "<table><tr><td>" * 5_000,
        "<br>" * 200_000,
        "<a href='" + "x" * 500_000,
        "<p class='" + " comment" * 50_000 + "'>x</p>",
        "<!--" * 100_000,
        "&#0;<\x00p>" * 20_000,
        "<p>" + " " * 1_500_000 + "x</p>",
    ],
    ids=["deep", "bold", "tables", "breaks", "endless", "classes", "comments", "nul", "spaces"],
)
def test_a_hostile_page_ends_soon_in_a_story_or_a_reason(fetch, body):
    start = time.monotonic()
    with suppress(CollectError):
        fetch(f"<html><head><title>x</title></head><body>{body}")
    assert time.monotonic() - start < 20
