"""Every theme in every layout, and every service mail: what holds for all of them, whatever they look like."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from newsletter.config import load
from newsletter.render import gallery
from newsletter.render.service import KINDS
from newsletter.render.weight import BUDGET
from tests.render.contrast import faint
from tests.render.dom import Dom

THEMES = ("atlas", "gazette", "letter")
CONFIG = Path(__file__).parents[1] / "config.yaml"
TITLES = {"en": "The Weekly", "ar": "النشرة الأسبوعية"}

every_look = pytest.mark.parametrize("look", [
    (theme, layout, language)
    for theme in THEMES for layout in (*gallery.LAYOUTS, *KINDS) for language in TITLES
], ids="-".join)  # fmt: skip
every_issue = pytest.mark.parametrize("look", [
    (theme, layout, language) for theme in THEMES for layout in gallery.LAYOUTS for language in TITLES
], ids="-".join)  # fmt: skip


@cache
def drawn(theme, layout, language):
    """Drawn once for all the questions below: nothing changes between them."""
    config = load(CONFIG, environ={})
    letter = config.newsletters["weekly"].model_copy(
        update={"language": language, "title": TITLES[language], "emoji": "📮", "logo": "https://example.org/logo.png",
                "logo_dark": "https://example.org/logo-dark.png", "tagline": "Once a week"}
    )  # fmt: skip
    return gallery.drawn(config.model_copy(update={"newsletters": {"weekly": letter}}), "key", "weekly", theme, layout)


@every_look
def test_it_can_be_sent_as_it_is(look):
    mail = drawn(*look)
    assert mail.html.isascii()
    assert max(map(len, mail.html.splitlines())) <= 998
    assert max(len(line.encode()) for line in mail.text.splitlines()) <= 998
    for garbled in ("\\u{", "{{", "}}", "{%", "None", "Undefined", "object at 0x", "-token-o"):
        assert garbled not in mail.html.replace("&amp;", ""), garbled
        assert garbled not in mail.text, garbled


@every_look
def test_it_is_lighter_than_what_gmail_clips(look):
    assert len(drawn(*look).html) <= BUDGET


@every_look
def test_it_says_its_language_and_direction(look):
    (root,) = Dom(drawn(*look).html).all("html")
    assert (root["lang"], root["dir"]) == (look[2], "rtl" if look[2] == "ar" else "ltr")


@every_look
def test_its_headings_begin_with_one_and_leave_no_level_out(look):
    levels = Dom(drawn(*look).html).headings()
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@every_look
def test_every_image_has_words_and_a_width(look):
    images = Dom(drawn(*look).html).all("img")
    assert all("alt" in image and image["width"].isdigit() for image in images)
    # What has no words is ornament beside the name that it stands for.
    assert {image["src"] for image in images if not image["alt"]} <= {
        "https://example.org/logo.png", "https://example.org/logo-dark.png"
    }  # fmt: skip


@every_look
def test_every_link_leads_somewhere_and_says_where(look):
    dom = Dom(drawn(*look).html)
    hrefs = dom.hrefs()
    assert all(href.startswith(("http://", "https://", "mailto:", "#story-")) for href in hrefs)
    named = {attrs.get("id") for attrs in dom.all("a")}
    assert {href[1:] for href in hrefs if href.startswith("#")} <= named
    said = spoken(dom)
    assert all(said.values()), said
    # Links that say the same lead to the same place: none is a bare `Read on`.
    places: dict[str, set[str]] = {}
    for (href, _), words in said.items():
        if not href.startswith("#"):
            places.setdefault(words, set()).add(href)
    assert {words: to for words, to in places.items() if len(to) > 1} == {}


def spoken(dom):
    """What a screen reader says of each link."""
    found, opened = {}, None
    for event in dom.events:
        if event[:2] == ("start", "a") and "href" in event[2]:
            opened = (event[2]["href"], len(found))
            found[opened] = event[2].get("aria-label", "")
            labelled = bool(found[opened])
        elif event[:2] == ("end", "a"):
            opened = None
        elif opened and not labelled:
            if event[0] == "text":
                found[opened] += event[1].strip()
            elif event[:2] == ("start", "img"):
                found[opened] += event[2]["alt"]
    # The same picture in its dark variant is one picture to those who hear it.
    return found


@every_look
def test_layout_tables_are_marked(look):
    tables = Dom(drawn(*look).html).all("table")
    assert [
        attrs
        for attrs in tables
        if attrs.get("role") != "presentation" and "width:100%;border-collapse:collapse" not in attrs.get("style", "")
    ] == []


@every_look
def test_no_words_are_smaller_than_fourteen_pixels(look):
    sizes = {float(size) for size in re.findall(r"font-size:\s*([\d.]+)px", drawn(*look).html)}
    # 0 and 1 are what MJML and spacers hide with.
    assert min(sizes - {0, 1}) >= 14


@every_look
def test_words_stand_out_from_their_ground(look):
    assert faint(drawn(*look).html) == []


@every_look
def test_the_text_part_is_text(look):
    text = drawn(*look).text
    assert not re.search(r"</?(p|div|a|td|tr|table|span|strong|em|li|ul|br|img|h\d)\b[^>]*>", text)
    assert not re.search(r"&(amp|lt|gt|quot|#\d+);", text.replace("&amp;amp;", ""))
    assert "\n\n\n" not in text


@every_issue
def test_list_mail_holds_one_way_out_and_one_to_the_preferences(look):
    mail = drawn(*look)
    hrefs = Dom(mail.html).hrefs()
    for path in ("/u/preview", "/p/preview", "/l/preview"):
        assert len([href for href in hrefs if href.endswith(path)]) == 1, path
        assert mail.text.count(path) == 1, path


@every_issue
def test_every_answer_of_a_poll_can_be_given(look):
    hrefs = [href for href in Dom(drawn(*look).html).hrefs() if "/v/preview/" in href]
    polls = {"digest": ["1"]}.get(look[1], ["0", "1"])
    assert [href.split("/v/preview/")[1] for href in hrefs] == [
        f"{poll}/{answer}" for poll in polls for answer in "012"
    ]
    assert all(f"/v/preview/{poll}/2" in drawn(*look).text for poll in polls)


@every_issue
def test_nothing_stands_on_the_wrong_side(look):
    if look[2] == "ar":
        html = drawn(*look).html
        # MJML lines its own columns up on the left, and gives them a direction and no words; code reads from the left.
        styles = [style for style in re.findall(r'style="([^"]*)"', html) if not style.startswith("font-size:0")]
        # The way online stands at the line's end, which is on the left here.
        assert len([style for style in styles if "text-align:left" in style and "direction:ltr" not in style]) <= 1
        assert html.count('align="left"') <= 1
        assert "&#8594;" not in html


@pytest.mark.parametrize("theme", THEMES)
def test_the_themes_differ_in_more_than_colour(theme):
    shapes = {one: re.sub(r'#[0-9a-f]{6}|style="[^"]*"', "", drawn(one, "digest", "en").html) for one in THEMES}
    assert all(shapes[theme] != shape for one, shape in shapes.items() if one != theme)


@every_issue
def test_no_words_are_hidden_as_spam_hides_them(look):
    html = drawn(*look).html
    assert "color:#ffffff;line-height:1px" not in html  # what MJML makes of a preheader
    # MJML's own cells have no font and no words; what we write in them has a size.
    assert not re.search(r'<(?:div|span|p)\b[^>]*style="[^"]*font-size:0(?:px)?;[^"]*"[^>]*>[^<\s]', html)


@pytest.mark.parametrize("theme", THEMES)
def test_the_pictures_of_a_gallery_are_of_one_width_on_every_screen(theme):
    row = re.search(r"<table[^>]*table-layout:fixed[^>]*>\s*(<tr>.*?</tr>)", drawn(theme, "post", "en").html, re.DOTALL)
    gaps = [
        [int(one) for one in found] for found in re.findall(r"<td style=\"padding:0px (\d+)px 12px (\d+)px", row[1])
    ]
    assert len(gaps) == 3
    assert len({sum(gap) for gap in gaps}) == 1


@pytest.mark.parametrize("theme", THEMES)
def test_a_number_in_a_table_is_never_broken(theme):
    assert '<table style="word-break:normal' in drawn(theme, "post", "en").html


@every_issue
def test_a_box_to_subscribe_is_no_part_of_a_mail(look):
    assert "Like this? Have it sent." not in drawn(*look).html + drawn(*look).text
