"""Pages for the web: the same look, nothing in them that belongs to one reader."""

import pytest

from newsletter.models import Post
from newsletter.render import web_issue, web_post
from tests.render.dom import Dom

pytestmark = pytest.mark.django_db


def test_the_page_of_an_issue_belongs_to_nobody(make_issue, make_config):
    issue, config = make_issue({}, {}), make_config()
    html = web_issue(issue, config)
    assert "-o" not in [href[-2:] for href in Dom(html).hrefs()]
    for private in ("nsubscribe", "Read&#160;online", "/o/", "/u/", "/c/", "mailto:"):
        assert private not in html


def test_the_page_names_itself(make_issue, make_config):
    issue, config = make_issue({"title": 'A "b" & 🐳'}), make_config()
    dom = Dom(web_issue(issue, config))
    assert dom.all("link") == [{"rel": "canonical", "href": f"{config.site.url}/issues/weekly/{issue.slug}/"}]
    meta = {attrs.get("name") or attrs.get("property"): attrs.get("content") for attrs in dom.all("meta")}
    assert meta["og:title"] == 'A "b" & 🐳'
    assert "width=device-width" in meta["viewport"]
    assert dom.all("html")[0]["lang"] == "en"
    title = dom.events.index(("start", "title", {}))
    assert dom.events[title + 1] == ("text", 'A "b" & 🐳')


@pytest.mark.parametrize(("url", "canonical"), [("https://example.org/x", "https://example.org/x"), ("", "")])
def test_a_post_has_a_page_in_the_look_of_its_newsletter(make_post, make_config, url, canonical):
    post, config = make_post(url=url, title="Ein Wal", html="<p>Blas!</p>"), make_config()
    html = web_post(Post.objects.get(pk=post.pk), config)
    (link,) = Dom(html).all("link")
    assert link["href"] == (canonical or f"{config.site.url}/posts/{post.pk}/ein-wal/")
    assert "Blas!" in html
    assert "The Weekly" in html


def test_a_page_is_drawn_without_a_reader_where_patterns_and_theme_name_one(make_issue, make_config, own):
    own("atlas/padding.mjml.j2", "")
    own(
        "atlas/masthead.mjml.j2",
        "<mj-section><mj-column><mj-text>Hi{{ reader.name }}!</mj-text></mj-column></mj-section>",
    )
    config = make_config(newsletters={"weekly": {"subject": "{{ reader.name }}, {{ lead.title }}"}})
    dom = Dom(web_issue(make_issue({"title": "A whale"}), config))
    assert dom.events[dom.events.index(("start", "title", {})) + 1] == ("text", "A whale")
    assert "Hi!" in dom.text()


@pytest.mark.parametrize(("language", "arrow"), [("en", "← All issues of"), ("ar", "→ كلّ أعداد")])
def test_every_page_leads_to_the_other_issues(make_issue, make_config, language, arrow):
    issue, config = make_issue({"url": ""}), make_config(newsletters={"weekly": {"language": language}})
    for html in (web_issue(issue, config), web_post(issue.items.get().post, config)):
        dom = Dom(html)
        assert dom.hrefs().count(f"{config.site.url}/issues/weekly/") == 2
        assert f"{arrow} The Weekly" in dom.text()
