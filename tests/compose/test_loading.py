"""Load new posts: what would change is told first, and then just that is done which was chosen and still holds."""

from datetime import timedelta

import pytest

from newsletter import compose
from newsletter.models import Issue, Item, OwnBlock, Post, TransitionRefused, Triage
from newsletter.models.own_block import pieces
from tests.factories import NOW, make_edition, make_issue, make_item, make_post

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SECTIONS = [{"title": "World", "tags": ["world"], "max": 2}, {"title": "Science", "tags": ["science"], "max": 2}]


@pytest.fixture
def config(make_config):
    return make_config(newsletters={"weekly": {"sections": SECTIONS, "max": 5, "other": None}})


@pytest.fixture
def issue():
    """An issue with one story of the world, drawn up a day ago."""
    issue = make_issue(status=Issue.Status.IN_REVIEW)
    make_item(issue, post("first", "world", 30), section="World", section_emoji="🌍")
    return issue


def post(title, tag="world", hours=1, **fields):
    return make_post(title=title, tags=[tag], published_at=NOW - hours * HOUR, **fields)


def told(config, issue):
    return [
        (one.section.title, one.post.title, bool(one.room)) for one in compose.news_for(config, issue, NOW).additions
    ]


def load(config, issue, add=(), change=(), drop=()):
    return compose.load(config, issue, NOW, [one.pk for one in add], change, [one.pk for one in drop])


def titles(issue):
    return [(item.position, item.section, item.title) for item in issue.items.order_by("position")]


def test_what_was_collected_since_is_told_by_section_with_the_room_there_is(config, issue):
    for title, tag, hours in (("w1", "world", 1), ("w2", "world", 2), ("s1", "science", 3), ("nowhere", "sport", 1)):
        post(title, tag, hours)
    assert told(config, issue) == [("World", "w1", False), ("World", "w2", True), ("Science", "s1", False)]
    assert "“World” has 2 of at most 2" in compose.news_for(config, issue, NOW).additions[1].room
    assert titles(issue) == [(0, "World", "first")]


def test_a_starred_post_has_the_room_before_a_newer_one(config, issue):
    post("newer", hours=1)
    starred = post("starred", hours=5)
    Triage.decide("weekly", {starred.pk: ""}, "starred", NOW)
    assert told(config, issue) == [("World", "starred", False), ("World", "newer", True)]


def test_what_is_rejected_used_or_here_already_is_not_told(config, issue):
    Triage.decide("weekly", {post("refused").pk: ""}, "rejected", NOW)
    make_item(make_issue(), post("used"))
    assert told(config, issue) == []
    assert not compose.news_for(config, issue, NOW)


def test_an_issue_that_is_full_takes_what_is_chosen_all_the_same(config, issue):
    some = [post(f"w{number}") for number in range(3)]
    assert load(config, issue, some).added == 3
    assert len(titles(issue)) == 4


def test_posts_stand_at_the_end_of_their_section_and_nothing_else_moves(config, issue):
    make_item(issue, post("old science", "science", 40), section="Science")
    loaded = load(config, issue, [post("s1", "science"), post("w1", "world")])
    assert (loaded.added, loaded.gone) == (2, 0)
    assert titles(issue) == [
        (0, "World", "first"), (1, "World", "w1"), (2, "Science", "old science"), (3, "Science", "s1"),
    ]  # fmt: skip
    assert set(Item.objects.values_list("section_emoji", flat=True)) >= {"🌍"}


def test_a_section_that_is_not_there_yet_stands_where_the_newsletter_has_it(config):
    issue = make_issue()
    make_item(issue, post("s", "science"), section="Science")
    load(config, issue, [post("w", "world")])
    assert titles(issue) == [(0, "World", "w"), (1, "Science", "s")]


def test_a_text_that_changed_is_told_by_its_parts_and_copied_when_chosen(config, issue):
    item = issue.items.get()
    Item.objects.filter(pk=item.pk).update(note="Why it matters", position=7)
    Post.objects.filter(pk=item.post_id).update(title="First, mended", html="<p>Anew.</p>")
    (change,) = compose.news_for(config, issue, NOW).changes
    assert change.parts == ("title", "text")
    assert load(config, issue, change=[change.digest]).changed == 1
    item.refresh_from_db()
    assert (item.title, item.html, item.note) == ("First, mended", "<p>Anew.</p>", "Why it matters")
    assert compose.news_for(config, issue, NOW).changes == []


def test_a_text_that_changed_once_more_is_not_copied_unseen(config, issue):
    item = issue.items.get()
    Post.objects.filter(pk=item.post_id).update(title="Seen")
    (change,) = compose.news_for(config, issue, NOW).changes
    Post.objects.filter(pk=item.post_id).update(title="Not seen")
    loaded = load(config, issue, change=[change.digest])
    assert (loaded.changed, loaded.gone) == (0, 1)
    assert issue.items.get().title == "first"


def test_what_was_rejected_since_falls_out_when_chosen(config, issue):
    item = issue.items.get()
    Triage.decide("weekly", {item.post_id: ""}, "rejected", NOW, reason="an advertisement")
    ((out, triage),) = compose.news_for(config, issue, NOW).falls_out
    assert (out, triage.reason) == (item, "an advertisement")
    assert load(config, issue, drop=[item]).dropped == 1
    assert titles(issue) == []


def test_doing_it_twice_does_nothing_more_and_says_so(config, issue):
    new = post("w1")
    load(config, issue, [new])
    loaded = load(config, issue, [new])
    assert (bool(loaded), loaded.gone) == (False, 1)
    assert len(titles(issue)) == 2


def test_a_post_that_another_issue_took_meanwhile_is_left_to_it(config, issue):
    new = post("w1")
    assert told(config, issue)
    make_item(make_issue(), new)
    assert load(config, issue, [new]).gone == 1
    assert len(titles(issue)) == 1


def test_an_approval_is_void_once_anything_is_loaded_and_stands_where_nothing_is(config):
    issue = make_issue(status=Issue.Status.APPROVED, approved_at=NOW)
    issue.edition = make_edition(issue)
    issue.save()
    load(config, issue, [post("fits no section", "sport")])
    assert issue.status == Issue.Status.APPROVED
    load(config, issue, [post("w1")])
    assert (issue.status, issue.edition) == (Issue.Status.IN_REVIEW, None)


@pytest.mark.parametrize("status", ["sending", "paused", "sent", "cancelled", "skipped"])
def test_an_issue_on_its_way_takes_nothing(config, status):
    issue = make_issue(status=status)
    with pytest.raises(TransitionRefused, match="cannot be edited any more"):
        load(config, issue, [post("w1")])


def test_own_blocks_keep_their_places_and_the_history_can_go_back(config, issue):
    Item.objects.update(position=1)
    before = OwnBlock.objects.create(issue=issue, position=0, section="World", text="First of all")
    after = OwnBlock.objects.create(issue=issue, position=2, section="World", text="And lastly")
    load(config, issue, [post("w1", "world"), post("s1", "science")])
    assert [str(one) for one in pieces(issue)] == ["First of all", "first", "And lastly", "w1", "s1"]
    assert {before.section, after.section} == {"World"}
    assert issue.revisions.count() == 2


def test_what_an_editor_wrote_anew_is_no_change_of_the_post(config, issue):
    item = issue.items.get()
    Item.objects.filter(pk=item.pk).update(title="Our words", own="title")
    Post.objects.filter(pk=item.post_id).update(title="Their new words")
    assert not compose.news_for(config, issue, NOW).changes
