"""Mails stay light, say when they are not, and hold together whatever stories they are given."""

import pytest

from newsletter.render import check, preview, render, weight_note
from newsletter.render.weight import BUDGET, CLIPPED
from tests.render.conftest import KEY
from tests.render.dom import Dom

pytestmark = pytest.mark.django_db
THEMES = ["atlas", "gazette", "letter"]


def in_theme(make_config, theme, **letter):
    return make_config(render={"theme": theme}, newsletters={"weekly": letter})


@pytest.mark.parametrize("theme", THEMES)
def test_twelve_stories_with_pictures_stay_below_85_kb_as_they_are_sent(make_issue, make_config, theme):
    items = [
        {"title": f"{'A rather long title ' * 4}{n}", "summary": "What it says, at length. " * 12,
         "section": f"S{n // 3}", "section_emoji": "🧭", "note": "Read this." if n % 4 == 0 else ""}
        for n in range(12)
    ]  # fmt: skip
    html = render(make_issue(*items), in_theme(make_config, theme, contents=True), KEY).html
    assert weight_note(html).level == "fine"
    # A letter shows the first picture alone; one more counts opens.
    assert len(Dom(html).all("img")) == (1 if theme == "letter" else 12) + 1


@pytest.mark.parametrize("theme", THEMES)
def test_two_hundred_stories_are_drawn_and_their_weight_is_told(make_issue, make_config, theme):
    issue = make_issue(*({"title": f"Story {n}", "section": f"S{n % 7}"} for n in range(200)))
    html = preview(issue, in_theme(make_config, theme, max=200), KEY).html
    assert "Story 199" in Dom(html).text()
    weight = weight_note(html)
    assert weight.level == "clipped"
    assert "Gmail will clip this mail at 102 kB" in str(weight)


@pytest.mark.parametrize(("size", "level"), [(BUDGET, "fine"), (BUDGET + 1, "warning"), (CLIPPED + 1, "clipped")])
def test_a_weight_is_fine_a_warning_or_clipped(size, level):
    assert weight_note("x" * size).level == level


def test_check_warns_of_a_theme_that_makes_heavy_mails(own, make_config):
    own("atlas/like.mjml.j2", f"<!--[if mso]>{'x' * 60_000}<![endif]-->")
    (problem,) = check(make_config())
    assert (problem.key, problem.where) == ("render.theme", "templates/email/base/digest.mjml.j2")
    assert "Gmail will clip" in problem.reason


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
def test_hard_stories_are_drawn_in_every_theme_and_layout(make_issue, make_config, theme, layout):
    issue = make_issue(
        {"title": "ü" * 300, "image_url": "", "authors": [], "summary": "", "section": ""},
        {"title": "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿 हिन्दी عربي", "image_alt": '👩‍🚀 "x" <y> \\', "section": "World"},
        {"title": "No section", "html": "", "image_alt": ""},
    )
    mail = preview(issue, in_theme(make_config, theme, layout=layout), KEY)
    dom = Dom(mail.html)
    assert "ü" * 300 in dom.text()
    assert "\\u{" not in mail.html
    assert all(image["alt"] for image in dom.all("img"))


def test_a_picture_says_its_size_where_it_is_known(make_issue, make_config):
    from newsletter.render import gallery

    config = make_config()
    html = gallery.drawn(config, KEY, "weekly", "atlas", "digest").html
    sizes = {(image["width"], image.get("height")) for image in Dom(html).all("img")}
    assert sizes == {("600", "320"), ("172", "92")}
    unknown = Dom(preview(make_issue({}), config, KEY).html).all("img")
    assert [(image["width"], image.get("height")) for image in unknown] == [("600", None)]


@pytest.mark.parametrize("theme", THEMES)
def test_an_author_is_shown_with_a_face_or_with_initials(make_issue, make_config, theme):
    faces = {"authors": {"Ada": {"avatar": "https://example.org/ada.png"}}}
    known = make_config(site=faces, render={"theme": theme}, newsletters={"weekly": {"layout": "post"}})
    html = preview(make_issue({"authors": ["Ada"]}), known, KEY).html
    assert ("https://example.org/ada.png" in html) == (theme != "letter")
    plain = preview(make_issue({"authors": ["Ada Lovelace"]}), in_theme(make_config, theme, layout="post"), KEY).html
    assert (">AL<" in plain) == (theme == "atlas")


@pytest.mark.parametrize("theme", THEMES)
def test_a_section_can_be_a_compact_list(make_issue, make_config, theme):
    sections = [{"title": "World", "tags": ["w"], "style": "list"}, {"title": "More", "tags": ["m"]}]
    issue = make_issue({}, {"section": "World", "image_url": "https://example.org/w.png"},
                       {"section": "More", "image_url": "https://example.org/m.png"})  # fmt: skip
    html = preview(issue, in_theme(make_config, theme, sections=sections), KEY).html
    assert "w.png" not in html
    assert ("m.png" in html) == (theme != "letter")


@pytest.mark.parametrize(("stories", "contents"), [(3, False), (4, True)])
def test_a_table_of_contents_comes_with_four_stories(make_issue, make_config, stories, contents):
    config = in_theme(make_config, "atlas", contents=True)
    mail = preview(make_issue(*({} for _ in range(stories))), config, KEY)
    assert ("#story-4" in Dom(mail.html).hrefs()) == contents
    assert ("IN THIS ISSUE" in mail.text) == contents


def test_the_logo_has_a_dark_twin_where_one_is_given(make_issue, make_config):
    logos = {"logo": "https://example.org/l.png", "logo_dark": "https://example.org/d.png"}
    html = preview(make_issue(), in_theme(make_config, "atlas", **logos), KEY).html
    day, night = (next(image for image in Dom(html).all("img") if image["src"] == logos[name]) for name in logos)
    assert (day["class"], night["class"]) == ("day", "night")
    assert "display:none;mso-hide:all" in night["style"]
