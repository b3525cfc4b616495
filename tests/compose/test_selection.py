"""Which posts make an issue: sections by tag, minima, maxima."""

from datetime import timedelta

import pytest

from newsletter.compose.selection import select
from newsletter.models import Post
from tests.factories import NOW


@pytest.fixture
def rules(make_config):
    def make(**changes):
        return make_config(newsletters={"weekly": changes}).newsletters["weekly"]

    return make


def posts(*tags: str) -> list[Post]:
    """Unsaved posts, newest first, one for each tag."""
    return [Post(title=f"{tag} {i}", tags=[tag], published_at=NOW - timedelta(hours=i)) for i, tag in enumerate(tags)]


def titles(selection) -> list[tuple[str, str]]:
    return [(place.section.title, place.post.title) for place in selection.places]


SECTIONS = [{"title": "World", "tags": ["world"], "max": 2}, {"title": "Science", "tags": ["science", "space"]}]


def test_posts_stand_in_the_order_of_the_sections_newest_first(rules):
    found = select(posts("space", "world", "science", "world"), rules(sections=SECTIONS))
    assert titles(found) == [
        ("World", "world 1"),
        ("World", "world 3"),
        ("Science", "space 0"),
        ("Science", "science 2"),
    ]


def test_a_post_goes_into_the_first_section_that_has_one_of_its_tags(rules):
    both = Post(title="both", tags=["Space", "WORLD"], published_at=NOW)
    assert titles(select([both], rules(sections=SECTIONS))) == [("World", "both")]


def test_a_full_section_takes_its_newest_posts(rules):
    assert titles(select(posts("world", "world", "world"), rules(sections=SECTIONS))) == [
        ("World", "world 0"),
        ("World", "world 1"),
    ]


def test_posts_of_no_section_come_last_under_the_heading_for_others(rules):
    found = select(posts("sport", "world"), rules(sections=SECTIONS))
    assert titles(found) == [("World", "world 1"), ("More stories", "sport 0")]


def test_without_a_heading_for_others_they_stay_unused(rules):
    assert titles(select(posts("sport", "world"), rules(sections=SECTIONS, other=None))) == [("World", "world 1")]


def test_an_issue_that_is_too_long_drops_its_oldest_posts(rules):
    found = select(posts("world", "science", "world", "science"), rules(sections=SECTIONS, max=2))
    assert titles(found) == [("World", "world 0"), ("Science", "science 1")]


def test_dropping_takes_no_section_below_its_minimum(rules):
    sections = [{"title": "World", "tags": ["world"]}, {"title": "Science", "tags": ["science"], "min": 1}]
    found = select(posts("world", "world", "world", "science"), rules(sections=sections, max=2))
    assert titles(found) == [("World", "world 0"), ("Science", "science 3")]


def test_minima_that_exceed_the_maximum_still_end(rules):
    sections = [{"title": "World", "tags": ["world"], "min": 3}]
    found = select(posts("world", "world", "world"), rules(sections=sections, max=2))
    assert len(found.places) == 2
    assert "2 in section “World”, at least 3 wanted" in found.shortfall


def test_too_few_posts_are_named_with_the_number_wanted(rules):
    assert select(posts("world"), rules(sections=SECTIONS, min=3)).shortfall == "1 new posts, at least 3 wanted"


def test_a_section_below_its_minimum_is_named(rules):
    sections = [{"title": "World", "tags": ["world"], "min": 1}]
    assert select(posts("sport"), rules(sections=sections)).shortfall == "0 in section “World”, at least 1 wanted"


def test_enough_posts_leave_no_shortfall(rules):
    assert select(posts("world", "science"), rules(sections=SECTIONS, min=2)).shortfall == ""
