"""What a page shows of an issue: what was sent, whole where the inbox cut it, and nothing of any reader."""

import pytest

from newsletter import holes
from newsletter.models import Edition, Post
from newsletter.render import RenderError, reading, reading_of_post, uncut

pytestmark = pytest.mark.django_db


def test_an_issue_is_read_as_it_was_sent_whatever_the_patterns_say_now(make_issue, make_config):
    issue = make_issue({"title": "A whale"})
    hole = holes.hole("hmarker", "name")
    parts = {"html": "", "text": "", "subject": f"Hello {hole}, a whale", "preheader": f"{hole}: and more"}
    issue.edition = Edition.keep(issue, "hmarker", **parts)
    found = reading(issue, make_config(newsletters={"weekly": {"subject": "Another"}}))
    assert (found.title, found.subtitle) == ("Hello, a whale", "and more")


def test_before_it_is_approved_the_patterns_speak_and_name_nobody(make_issue, make_config):
    config = make_config(newsletters={"weekly": {"subject": "{{ reader.name }}, {{ lead.title }}", "preheader": "x"}})
    assert reading(make_issue({"title": "A whale"}), config).title == "A whale"


def test_its_stories_stand_in_their_order_and_sections(make_issue, make_config):
    placed = {"section": "Science", "section_emoji": ":microscope:"}
    found = reading(make_issue({"title": "A"}, {"title": "B", **placed}, {"title": "C"}), make_config())
    assert (found.lead.title, [story.title for story in found.others]) == ("A", ["B", "C"])
    assert [(part.title, part.emoji) for part in found.sections] == [("Science", "🔬"), ("", "")]
    assert [found.anchor(story) for story in found.items] == ["story-1", "story-2", "story-3"]


@pytest.mark.parametrize(("layout", "url", "whole"), [("digest", "https://x.test/1", False), ("digest", "", True),
                                                       ("post", "https://x.test/1", True)])  # fmt: skip
def test_the_first_story_is_whole_where_it_is_ours_or_stands_alone(make_issue, make_config, layout, url, whole):
    found = reading(make_issue({"url": url}), make_config(newsletters={"weekly": {"layout": layout}}))
    assert found.whole is whole


def test_authors_are_those_who_wrote_for_us(make_issue, make_config):
    found = reading(
        make_issue({"authors": ["Elsewhere"]}, {"authors": ["Ada", "Bo"], "url": ""}, {"authors": ["Ada"], "url": ""}),
        make_config(),
    )
    assert found.authors == ("Ada", "Bo")


def test_reading_time_counts_what_stands_on_the_page(make_issue, make_config):
    items = [{"url": "", "words": 2300, "summary": ""}, {"url": "", "words": 2300, "summary": "word " * 460}]
    assert reading(make_issue(*items), make_config()).minutes == 12
    assert reading(make_issue({"words": 2300}), make_config()).minutes == 1


def test_the_look_is_the_themes(make_issue, make_config):
    assert reading(make_issue({}), make_config()).tokens["light"]["ink"].startswith("#")


def test_an_issue_without_stories_or_without_its_newsletter_cannot_be_read(make_issue, make_config):
    issue = make_issue({})
    with pytest.raises(RenderError, match="no newsletter 'weekly'"):
        reading(issue, make_config().model_copy(update={"newsletters": {}}))
    issue.items.all().delete()
    with pytest.raises(RenderError, match="holds no stories"):
        reading(issue, make_config())


def test_a_post_is_read_in_the_look_of_its_newsletter(make_post, make_config):
    post, config = make_post(url="", title="Ein Wal", html="<p>Blas!</p>", summary="Er bläst."), make_config()
    found = reading_of_post(Post.objects.get(pk=post.pk), config)
    assert (found.title, found.subtitle, found.letter.title) == ("Ein Wal", "Er bläst.", "The Weekly")
    assert (found.url, found.number) == (f"{config.site.url}/posts/{post.pk}/ein-wal/", None)
    assert found.whole
    assert found.untitled


@pytest.mark.parametrize(
    ("preheader", "summary", "shown"),
    [
        ("All of it.", "x", "All of it."), ("The beginning of…", "The beginning of it all.",
         "The beginning of it all."),
        ("One · Two · Thr…", "x", "One · Two · …"), ("One long tit…", "x", "One long tit…"), ("", "x", ""),
    ],
)  # fmt: skip
def test_what_was_cut_for_the_inbox_is_whole_on_the_page(preheader, summary, shown):
    assert uncut(preheader, summary) == shown
