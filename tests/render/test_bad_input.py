"""Posts as nobody should write them, collected and drawn all the same, in both layouts and in words."""

import re

import pytest

from newsletter.markup.clean import Addresses, clean
from newsletter.render import context, preview
from tests.render.conftest import KEY
from tests.render.dom import Dom

pytestmark = pytest.mark.django_db
HERE = Addresses.against("https://blog.example.org/post/")
BODIES = {
    "nested tables": "<table><tr><td>a<table><tr><td>core<td>c</table><td>d</table>",
    "scripts": "<script>alert(1)</script><p onclick=x>core<style>p{}</style><svg><script>x</script></svg>",
    "forms": "<form action=/x><input name=p><button>Send</button><select><option>o</select>core</form>",
    "unclosed": "<p>core<p>b<b>c<i>d<ul><li>e<li>f",
    "crossed": "<b><p>core<table></b><tr></p><td>b</i></table></td>",
    "deep": "<blockquote>" * 3000 + "core" + "</blockquote>" * 3000,
    "deep tables": "<table><tr><td>" * 3000 + "core",
    "deep figures": "<figure>" * 3000 + '<img src="/a.png">core',
    "braces": "<p>core {{ 7*7 }} {% raw %} <mj-raw>x</mj-raw> \\u{200d} ]]></p>",
    "blocks": '<figure><iframe src="https://player.vimeo.com/video/1"></iframe><a class="kg-btn" href="/">core</a>'
    '<img src="/a.png"><img src="/b.png"></figure><figcaption>x<figcaption>y',
}  # fmt: skip


@pytest.fixture(params=["digest", "post"])
def config(request, make_config):
    return make_config(newsletters={"weekly": {"layout": request.param}})


@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_any_kind_is_drawn(make_issue, config, name):
    body = clean(BODIES[name], HERE).html
    assert "core" in body
    mail = preview(make_issue({"html": body, "summary": ""}), config, KEY)
    for word in ("<script", "<form", "<input", "onclick", "<iframe", "<style>p"):
        assert word not in mail.html
    if config.newsletters["weekly"].layout == "post":
        assert "core" in Dom(mail.html).text()
        assert "core" in mail.text


TITLES = ["x" * 300, "خبر من العالم عن الحوت", "स्त्री शक्ति की कहानी", "👨‍👩‍👧‍👦🇩🇪🏴󠁧󠁢󠁳󠁣󠁴󠁿 Both", "👩🏽‍🚀"]


@pytest.mark.parametrize("title", TITLES)
def test_a_title_and_an_alt_text_of_any_kind_are_drawn(make_issue, config, title):
    html = f'<figure><img src="https://example.org/p.png" alt="{title}" width="1200" height="600"></figure>'
    mail = preview(make_issue({"title": title, "image_alt": title, "html": html}), config, KEY)
    dom = Dom(mail.html)
    assert title.replace(" ", "") in re.sub(r"\s", "", dom.text())
    assert title in {image["alt"] for image in dom.all("img")}
    assert "\\u{" not in mail.html
    assert title.split()[-1] in mail.text


def test_a_post_without_a_picture_is_drawn_without_one(make_issue, config):
    mail = preview(make_issue({"image_url": "", "image_alt": "", "html": "<p>x</p>"}, {"image_url": ""}), config, KEY)
    assert Dom(mail.html).all("img") == []


def test_a_picture_has_whole_numbers_for_its_size(make_issue, post_config):
    html = '<figure><img src="https://example.org/p.png" alt="P" width="1200" height="600"></figure>'
    mail = preview(make_issue({"html": html}), post_config, KEY)
    (image,) = [image for image in Dom(mail.html).all("img") if image["alt"] == "P"]
    assert (image["width"], image["height"]) == ("536", "268")
    assert "268" not in image["style"]


def test_polls_are_numbered_through_an_issue(make_issue, make_config):
    poll = '<figure data-block="poll"><p>Q?</p><ul><li>a</li><li>b</li></ul></figure>'
    issue, config = make_issue({"html": poll * 2}, {"html": "<p>x</p>"}, {"html": poll}), make_config()
    letter = context.letter(config, "weekly", config.newsletters["weekly"])
    stories = context.numbered(context.story_of_item(item, config, letter) for item in issue.items.all())
    numbers = [block.number for story in stories for block in story.blocks if block.kind == "poll"]
    assert numbers == [0, 1, 2]


def test_a_story_knows_the_size_of_its_picture_and_its_dark_twin(make_issue, make_config):
    fields = {"image_width": 1200, "image_height": 630, "image_dark": "https://example.org/d.png"}
    issue, config = make_issue(fields, {"image_dark": "javascript:x"}), make_config()
    letter = context.letter(config, "weekly", config.newsletters["weekly"])
    one, two = (context.story_of_item(item, config, letter) for item in issue.items.all())
    assert {name: getattr(one, name) for name in fields} == fields
    assert (two.image_width, two.image_dark) == (0, "")


@pytest.mark.parametrize("section", ["", " ", "Science"])
def test_a_section_without_stories_or_without_a_name_leaves_no_heading(make_issue, make_config, section):
    named = [{"title": "Science", "tags": ["science"]}, {"title": "Culture", "tags": ["culture"]}]
    config = make_config(newsletters={"weekly": {"sections": named, "contents": True}})
    mail = preview(make_issue(*({"title": f"Story {n}", "section": section} for n in range(5))), config, KEY)
    said = Dom(mail.html).text()
    assert "Culture" not in said + mail.text
    assert ("Science" in said) is (section == "Science")
    assert not re.findall(r"<h([2-6])[^>]*>(?:&nbsp;|&#160;|\s)*</h\1>", mail.html)
