"""Sections that a reader has left out are not in their mail; everything else is, and stands as if they never were."""

import itertools
import re

import pytest

from newsletter import splice
from newsletter.questions import NOBODY, Person, asks_for
from newsletter.render import RenderError, check, for_nobody, preview, reading, render
from tests.render.conftest import KEY
from tests.render.dom import Dom
from tests.render.people import got

pytestmark = pytest.mark.django_db
SECTIONS = [{"title": "Science desk", "tags": ["science"]}, {"title": "World", "tags": ["world"]}]
STORIES = (
    {"title": "Whale", "section": "Science desk"}, {"title": "Comet", "section": "Science desk"},
    {"title": "Border", "section": "World"}, {"title": "Bees", "section": "More stories"},
)  # fmt: skip
TOPIC_OF = {"science_desk": ("Whale", "Comet"), "world": ("Border",), "more_stories": ("Bees",)}
THEMES = ("atlas", "gazette", "letter")


@pytest.fixture
def topical(make_config):
    def make(**weekly):
        return make_config(newsletters={"weekly": {"topics": True, "contents": True, "sections": SECTIONS, **weekly}})

    return make


def without(*topics):
    return Person("ada@example.org", "Ada", without=frozenset(topics))


def shown(mail, part, person):
    """The titles in a part of the mail, below its preheader and above its footer."""
    filled = got(mail, part, person)
    text = Dom(filled).text() if part == "html" else filled
    return {title for titles in TOPIC_OF.values() for title in titles if title in text.replace(mail.preheader, "")}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("part", ["html", "text"])
def test_what_is_left_out_is_nowhere_and_all_else_is_there(make_issue, topical, theme, part):
    mail = preview(make_issue(*STORIES, subject="News", preheader="All of it"), topical(theme=theme), KEY)
    for number in range(len(TOPIC_OF) + 1):
        for left in itertools.combinations(TOPIC_OF, number):
            wanted = {title for topic, titles in TOPIC_OF.items() if topic not in left for title in titles}
            assert shown(mail, part, without(*left)) == wanted


@pytest.mark.parametrize("theme", THEMES)
def test_whatever_is_left_out_the_page_is_whole_and_leads_nowhere_that_is_gone(make_issue, topical, theme):
    mail = preview(make_issue(*STORIES), topical(theme=theme), KEY)
    for number in range(len(TOPIC_OF) + 1):
        for left in itertools.combinations(TOPIC_OF, number):
            html = got(mail, "html", without(*left))
            page = Dom(html)
            # What only Outlook reads is counted too.
            for name in ("table", "tr", "td", "div", "a", "h2", "h3"):
                assert len(re.findall(rf"<{name}[\s>]", html)) == len(re.findall(rf"</{name}\s*>", html))
            assert html.count("<!--[if") == html.count("<![endif]")
            jumps = {a["href"] for a in page.all("a") if a.get("href", "").startswith("#")}
            assert jumps == {f"#{a['id']}" for a in page.all("a") if a.get("id", "").startswith("story-")}


def test_subject_and_preheader_are_the_issues_own_and_stay(make_issue, topical):
    mail = preview(make_issue(*STORIES), topical(), KEY)
    assert (got(mail, "subject", without("science_desk")), mail.preheader) == ("Whale", "Comet · Border · Bees")


def test_a_table_of_contents_has_no_mark_between_what_is_gone(make_issue, topical):
    mail = preview(make_issue(*STORIES), topical(theme="gazette"), KEY)
    for left, said in (
        ((), "Whale • Comet • Border • Bees"), (("more_stories",), "Whale • Comet • Border"),
        (("science_desk", "more_stories"), "Border"), (("world",), "Whale • Comet • Bees"),
    ):  # fmt: skip
        text = " ".join(Dom(got(mail, "html", without(*left))).text().split())
        start = text.index("In this issue") + len("In this issue")
        assert text[start:].strip().startswith(said)
        assert not text[start:].strip()[len(said) :].strip().startswith("•")


def test_the_plain_contents_count_nothing_that_may_be_gone(make_issue, topical, make_config):
    mail = preview(make_issue(*STORIES), topical(), KEY)
    assert "- Whale\n- Comet\n- Bees\n" in got(mail, "text", without("world"))
    plain = preview(make_issue(*STORIES), make_config(newsletters={"weekly": {"contents": True}}), KEY)
    assert "1. Whale\n2. Comet\n3. Border\n4. Bees\n" in plain.text


@pytest.mark.parametrize("theme", THEMES)
def test_who_has_left_out_all_of_it_is_told_so_and_shown_the_way_to_the_page(make_issue, topical, theme):
    issue = make_issue(*STORIES, opening="An editor's letter.")
    mail = preview(issue, topical(theme=theme), KEY)
    nothing = "nothing from the sections that you chose"
    for part in ("html", "text"):
        told = got(mail, part, without(*TOPIC_OF))
        assert nothing in " ".join(told.split())
        assert f"http://127.0.0.1:8000/issues/weekly/{issue.slug}/" in told
        assert "letter." in told
        assert "this issue" not in told.replace("This issue holds", "").lower()
        assert nothing not in " ".join(got(mail, part, without("world")).split())


def test_a_section_that_config_yaml_does_not_have_is_no_topic_and_always_there(make_issue, topical):
    mail = preview(make_issue(*STORIES, {"title": "Dog", "section": "An editor's own"}), topical(), KEY)
    html = got(mail, "html", without(*TOPIC_OF, "an_editor_s_own"))
    assert "Dog" in html
    assert "nothing from the sections" not in html


def test_titles_in_any_script_are_topics_of_their_own(make_issue, make_config):
    titles = ("حول العالم", "ركن العلوم")
    sections = [{"title": title, "tags": [title]} for title in titles]
    config = make_config(newsletters={"weekly": {"topics": True, "sections": sections, "language": "ar"}})
    first, second, other = config.newsletters["weekly"].topic_titles
    assert other == "more_stories"
    assert first != second
    mail = preview(make_issue(*({"title": f"T{n}", "section": one} for n, one in enumerate(titles))), config, KEY)
    assert [f"T{n}" in got(mail, "html", without(second)).split("</head>")[1].replace(mail.preheader, "")
            for n in (0, 1)] == [True, False]  # fmt: skip


def test_without_topics_nothing_is_asked_of_readers(make_issue, make_config):
    edition = render(make_issue(*STORIES), make_config(newsletters={"weekly": {"sections": SECTIONS}}), KEY)
    assert edition.late == []
    assert shown(edition, "html", without(*TOPIC_OF)) == {"Whale", "Comet", "Border", "Bees"}


def test_the_page_and_everybody_else_get_all_of_it(make_issue, topical):
    issue = make_issue(*STORIES, preheader="-")
    edition = render(issue, topical(), KEY)
    assert asks_for(edition.late, "topic")
    assert {story.title for story in reading(issue, topical()).items} == {"Whale", "Comet", "Border", "Bees"}
    assert all(title in for_nobody(edition, "text") for title in ("Whale", "Comet", "Border", "Bees"))
    assert shown(edition, "html", NOBODY) == {"Whale", "Comet", "Border", "Bees"}


def test_the_approval_is_bound_to_what_may_be_left_out(make_issue, topical, make_config):
    issue = make_issue(*STORIES)
    plain = make_config(newsletters={"weekly": {"sections": SECTIONS}})
    assert render(issue, topical(contents=False), KEY).digest != render(issue, plain, KEY).digest


# ── asked by editors ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_editor_may_ask_about_a_topic_and_about_tags(make_issue, topical):
    opening = (
        'A{% if reader.wants("World") %}B{% endif %}{% if "donor" in reader.tags %}C{% endif %}'
        '{% if reader.wants(["World", "Science desk"]) %}D{% endif %}{% if reader.wants("Nowhere") %}E{% endif %}.'
    )
    mail = preview(make_issue(*STORIES, opening=opening), topical(), KEY)
    donor = Person(tags=frozenset({"donor"}))
    for person, said in (
        (donor, "ABCDE."), (without("world"), "ADE."), (without("world", "science_desk"), "AE."),
    ):  # fmt: skip
        assert f"\n{said}\n" in got(mail, "text", person)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("reader.wants", "asked about by its section's title: reader.wants"),
        ("reader.wants()", "wants takes one thing"),
        ("reader.wants(3)", "wants takes the title of a section"),
        ("reader.want('World')", "handed to a function or macro"),
    ],
)
def test_what_cannot_be_asked_is_refused(make_issue, topical, asked, reason):
    with pytest.raises(RenderError, match=reason):
        preview(make_issue(*STORIES, opening=f"{{% if {asked} %}}x{{% endif %}}"), topical(), KEY)


def test_a_segment_cannot_ask_about_topics(make_config):
    (problem,) = check(make_config(newsletters={"weekly": {"segments": {"a": "reader.wants('World')"}}}))
    assert "a segment cannot ask about topics" in problem.reason


def test_three_parts_with_many_switches_ask_each_question_once(make_issue, topical):
    mail = preview(make_issue(*STORIES), topical(), KEY)
    asked = []
    late = [lambda person, name=str(one): asked.append(name) or True for one in mail.late]
    reader = splice.Answers({"token": "t", "reply": "r", "email": "", "email-html": ""}, NOBODY, late)
    for part in ("subject", "html", "text"):
        splice.Skeleton(getattr(mail, part), mail.marker, part).cut(reader)
    assert sorted(asked) == sorted(set(asked))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("part", ["html", "text"])
def test_the_mail_says_below_what_was_left_out_as_its_reader_wished(make_issue, topical, theme, part):
    mail = preview(make_issue(*STORIES), topical(theme=theme), KEY)

    def said(*topics):
        filled = got(mail, part, without(*topics))
        return re.findall(
            r"Left out, as you chose: ([\w ]+?) *(?=\n|Left|Pref)", Dom(filled).text() if part == "html" else filled
        )

    assert said() == []
    assert said("world") == ["World"]
    assert said("science_desk", "more_stories") == ["Science desk", "More stories"]


def test_where_nothing_can_be_left_out_nothing_is_said_to_be(make_issue, make_config):
    for layout in ("digest", "post"):
        mail = preview(make_issue(*STORIES), make_config(newsletters={"weekly": {"layout": layout}}), KEY)
        assert "Left out" not in got(mail, "html", without("world"))
