"""The editor's own blocks stand between the stories: in the mail, in its text, on the page and in the feed."""

import pytest

from newsletter.models import OwnBlock, Poll
from newsletter.render import RenderError, own_for_nobody, preview, reading, render
from tests.render.conftest import KEY
from tests.render.dom import Dom

pytestmark = pytest.mark.django_db
SEA = {"section": "Sea", "section_emoji": "🌊"}
LAND = {"section": "Land", "section_emoji": "🌿"}


@pytest.fixture
def issue(make_issue):
    return make_issue({"title": "Aa", **SEA}, {"title": "Bb", **SEA}, {"title": "Cc", **SEA}, {"title": "Dd", **LAND})


def put(issue, position, text, **fields):
    return OwnBlock.objects.create(issue=issue, position=position, text=text, **fields)


def places(text, *words):
    assert all(word in text for word in words), [word for word in words if word not in text]
    return sorted(words, key=text.index)


@pytest.mark.parametrize("theme", ["atlas", "gazette", "letter"])
@pytest.mark.parametrize("layout", ["digest", "post", "announcement"])
def test_they_stand_where_the_editor_put_them_in_every_look(issue, make_config, theme, layout):
    config = make_config(newsletters={"weekly": {"theme": theme, "layout": layout}})
    put(issue, 0, "Uno on top")
    put(issue, 1, "Dos below the lead", **SEA)
    put(issue, 2, "Tres in the section", **SEA)
    put(issue, 9, "Cuatro at the end", **LAND)
    mail = preview(issue, config, KEY)
    wanted = ["Uno on top", "Aa", "Dos below the lead", "Bb", "Tres in the section", "Cc", "Dd", "Cuatro at the end"]
    for part in (Dom(mail.html).text(), mail.text):
        start = part.index("Uno on top")
        assert places(part[start:], *wanted) == wanted


def test_they_are_no_stories(issue, make_config):
    put(issue, 1, "## A heading\n\nWords.", **SEA)
    found = reading(issue, make_config())
    assert [story.title for story in found.items] == ["Aa", "Bb", "Cc", "Dd"]
    assert [part.title for part in found.sections] == ["Sea", "Land"]
    assert [len(part.items) for part in found.sections] == [2, 1]


def test_a_heading_below_that_of_a_section_is_one_level_lower(issue, make_config):
    put(issue, 1, "## Lower", **SEA)
    put(issue, 0, "## Upper")
    found = reading(issue, make_config())
    (block,) = found.sections[0].runs[0].blocks
    assert (block.kind, block.level) == ("heading", 3)
    assert found.opening[0].level == 2


def test_a_section_of_own_blocks_alone_has_its_heading(issue, make_config):
    put(issue, 9, "Join us.", section="Events", section_emoji="📅")
    (*_, part) = reading(issue, make_config()).sections
    assert (part.title, part.emoji, part.items, part.quiet) == ("Events", "📅", (), False)
    mail = preview(issue, make_config(), KEY)
    assert "Events" in mail.html
    assert "EVENTS" in mail.text


def test_the_heading_of_the_first_storys_section_is_not_said_again_for_blocks_alone(make_issue, make_config):
    issue = make_issue({"title": "Aa", **SEA}, {"title": "Dd", **LAND})
    put(issue, 1, "Below the lead.", **SEA)
    assert [(part.title, part.quiet) for part in reading(issue, make_config()).sections] == [
        ("Sea", True),
        ("Land", False),
    ]


def test_they_speak_to_each_reader_as_a_letter_does(issue, make_config):
    put(issue, 1, "Good morning, {{ reader.first_name | default('friend') }}!", **SEA)
    mail = preview(issue, make_config(), KEY)
    assert mail.marker in mail.html[mail.html.index("Good morning, ") :][:80]
    (block,) = reading(issue, make_config()).sections[0].runs[0].blocks
    assert "Good morning, friend!" in block.html


def test_what_cannot_be_rendered_is_named(issue, make_config):
    put(issue, 0, "Fine.")
    put(issue, 1, "{% if reader.name %}never closed", **SEA)
    with pytest.raises(RenderError, match="block 2 of weekly/"):
        preview(issue, make_config(), KEY)


def test_their_polls_are_counted_after_those_of_stories_and_alike_on_the_page(make_issue, make_config):
    poll = "::: poll {}?\n- Yes\n- No\n:::"
    issue = make_issue({"title": "Aa"}, {"title": "Bb"}, opening=poll.format("First"), closing=poll.format("Last"))
    put(issue, 1, poll.format("Own"))
    config = make_config()
    render(issue, config, KEY)
    assert list(Poll.objects.order_by("number").values_list("number", "question")) == [
        (0, "First?"), (1, "Own?"), (2, "Last?"),
    ]  # fmt: skip
    found = reading(issue, config)
    own = [block for part in found.sections for run in part.runs for block in run.blocks]
    assert [block.number for block in (*found.opening, *own, *found.closing)] == [0, 1, 2]


def test_the_same_issue_is_the_same_edition_however_often_it_is_rendered(issue, make_config):
    put(issue, 1, "Words. ::: not a block", **SEA)
    assert render(issue, make_config(), KEY) == render(issue, make_config(), KEY)


def test_an_uploaded_picture_is_drawn_in_its_size(issue, make_config):
    config = make_config()
    address = f"{config.site.url}/pictures/{'ab' * 16}-1200x800.png"
    put(issue, 1, f"![A map]({address})", **SEA)
    (block,) = reading(issue, config).sections[0].runs[0].blocks
    assert (block.kind, block.alt, block.width, block.height) == ("image", "A map", 1200, 800)


def test_a_script_in_a_block_stays_behind(issue, make_config):
    html = "".join(
        str(block.html) for block in own_for_nobody("Hello <script>alert(1)</script><b>you</b>", issue, make_config())
    )
    assert "script" not in html
    assert "you" in html
