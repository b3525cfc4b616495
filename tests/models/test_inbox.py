"""The inbox of a newsletter: tabs, filters, copies of a story, and pages that look no further than they must."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.models import Issue, Sighting, Triage, inbox
from newsletter.models.inbox import Filters, Inbox, Place
from newsletter.models.post import likeness
from tests.factories import NOW, make_issue, make_item, make_post, make_source

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TITLE = "A whale falls into the deep sea"


@pytest.fixture
def weekly():
    make_source("wire")
    return Inbox("weekly", ["wire", "blog"])


def told(shown):
    return [post.title for post in shown.posts]


def page(weekly, tab="unread", **filters):
    return told(weekly.page(tab, Filters(**filters)))


def stand(post, standing, at=NOW):
    Triage.decide("weekly", {post.pk: ""}, standing, at)


def test_each_tab_has_its_posts_newest_first(weekly):
    for number, title in enumerate(("new", "read", "starred", "rejected", "used", "cancelled")):
        post = make_post(title=title, published_at=NOW - number * HOUR)
        if title == "read":
            Triage.read("weekly", [post.pk], NOW)
        elif title in ("starred", "rejected"):
            stand(post, title)
        elif title == "used":
            make_item(make_issue(), post)
        elif title == "cancelled":
            make_item(make_issue(status=Issue.Status.CANCELLED), post)
    assert page(weekly) == ["new", "cancelled"]
    assert page(weekly, "starred") == ["starred"]
    assert page(weekly, "rejected") == ["rejected"]
    assert page(weekly, "used") == ["used"]
    assert page(weekly, "all") == ["new", "read", "starred", "used", "cancelled"]
    assert weekly.unread() == (2, False)
    assert weekly.decided("starred") == 1


def test_posts_of_other_sources_are_not_there_unless_an_editor_brought_them_in(weekly):
    post = make_post(title="elsewhere", source=make_source("other"))
    assert page(weekly) == []
    Triage.add("weekly", post, NOW)
    assert page(weekly, "starred") == ["elsewhere"]
    assert page(Inbox("daily", ["wire"]), "all") == []


def test_a_verdict_for_one_newsletter_is_none_for_another(weekly):
    stand(make_post(title="news"), "rejected")
    assert page(Inbox("daily", ["wire"])) == ["news"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"source": "blog"}, ["kelp"]),
        ({"source": "wire"}, ["whale", "tea"]),
        ({"tag": "Sea"}, ["whale", "kelp"]),
        ({"any_of": frozenset(("sea", "food"))}, ["whale", "kelp", "tea"]),
        ({"any_of": frozenset(("sea",)), "none_of": frozenset(("plants",))}, ["whale"]),
        ({"none_of": frozenset(("sea",))}, ["tea"]),
        ({"words": "HAL"}, ["whale"]),
        ({"words": "cup tea"}, ["tea"]),
        ({"words": "100%"}, []),
        ({"since": NOW - 90 * timedelta(minutes=1)}, ["whale"]),
        ({"until": NOW - 90 * timedelta(minutes=1)}, ["kelp", "tea"]),
        ({"tag": "größe"}, ["tea"]),
    ],
)
def test_filters_leave_what_is_asked_for(weekly, filters, found):
    make_post(title="whale", tags=["sea"], published_at=NOW - HOUR)
    make_post(title="kelp", tags=["sea", "plants"], source=make_source("blog"), published_at=NOW - 2 * HOUR)
    make_post(title="tea", tags=["food", "größe"], summary="One cup.", published_at=NOW - 3 * HOUR)
    for tab in ("unread", "all"):
        assert page(weekly, tab, **filters) == found
    for post in list(weekly.posts.order_by("published_at")):
        stand(post, "starred", post.published_at)
    assert page(weekly, "starred", **filters) == found


@pytest.mark.parametrize("tab", ["unread", "starred"])
def test_pages_follow_each_other_and_lose_nothing_where_moments_are_the_same(weekly, monkeypatch, tab):
    monkeypatch.setattr(inbox, "PAGE", 3)
    for number in range(10):
        post = make_post(title=str(number), published_at=NOW - (number // 4) * HOUR)
        if tab == "starred":
            stand(post, "starred", NOW - (number // 4) * HOUR)
    found, place, pages = [], None, 0
    while True:
        shown = weekly.page(tab, Filters(), place)
        found += told(shown)
        pages += 1
        place = shown.next and Place.of(str(shown.next))
        if place is None:
            break
    assert sorted(found) == [str(number) for number in range(10)]
    assert pages == 4


def test_a_page_looks_no_further_than_it_may_and_goes_on_from_there(weekly, monkeypatch):
    monkeypatch.setattr(inbox, "WINDOW", 5)
    for number in range(12):
        make_post(title=str(number), published_at=NOW - number * HOUR, tags=["rare"] if number in (1, 11) else [])
    first = weekly.page("unread", Filters(tag="rare"))
    assert (told(first), first.cut) == (["1"], True)
    second = weekly.page("unread", Filters(tag="rare"), first.next)
    assert (told(second), second.cut) == ([], True)
    third = weekly.page("unread", Filters(tag="rare"), second.next)
    assert (told(third), third.cut, third.next) == (["11"], False, None)
    assert weekly.unread() == (5, True)


@pytest.mark.parametrize(
    "text",
    ["", "x", "2026-11-20T07:00:00_1", "2026-11-20T07:00:00+00:00_x", "_5", "9_9", "0001-01-01T00:00:00+14:00_1"],
)
def test_a_place_that_nobody_has_written_is_the_beginning(text):
    assert Place.of(text) is None


def test_a_page_takes_as_many_questions_however_many_posts_there_are(weekly):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            weekly.page("unread", Filters())
            weekly.unread()
        return len(queries)

    make_post()
    few = asked()
    for number in range(60):
        make_post(title=f"A title that is long enough {number}", published_at=NOW - number * HOUR)
    assert asked() <= few + 2


def alike(source, ago=timedelta(), title=TITLE):
    return make_post(title=title, source=make_source(source), published_at=NOW - ago)


def test_copies_under_one_title_are_folded_under_the_first(weekly):
    first = alike("wire", 2 * DAY, TITLE.upper() + "!")
    alike("blog", DAY, "A whale falls — into the deep sea")
    shown = weekly.page("unread", Filters())
    assert told(shown) == [first.title]
    assert [post.source.name for post in shown.copies.of[first.pk]] == ["blog"]
    assert weekly.unread() == (1, False)


def test_a_chain_of_copies_is_one_story_and_ends_where_days_lie_between(weekly):
    weekly = Inbox("weekly", ["wire", "blog", "third", "fourth"])
    old, start = alike("fourth", 12 * DAY), alike("wire", 6 * DAY)
    alike("blog", 4 * DAY)
    alike("third", 2 * DAY)
    shown = weekly.page("unread", Filters())
    assert [post.pk for post in shown.posts] == [start.pk, old.pk]
    assert [post.source.name for post in shown.copies.of[start.pk]] == ["blog", "third"]


def test_one_source_that_repeats_a_title_tells_two_stories(weekly):
    alike("wire", DAY)
    alike("wire")
    assert len(page(weekly)) == 2


def test_a_title_that_says_too_little_folds_nothing(weekly):
    alike("wire", DAY, "Open thread")
    alike("blog", title="Open thread")
    assert len(page(weekly)) == 2


def test_a_copy_stands_for_itself_once_it_is_starred(weekly):
    first, copy = alike("wire", DAY), alike("blog")
    stand(copy, "starred")
    shown = weekly.page("all", Filters())
    assert [post.pk for post in shown.posts] == [copy.pk, first.pk]


def test_a_rejected_story_hides_no_copy_that_comes_later_and_is_told_beside_it(weekly):
    first, copy = alike("wire", DAY), alike("blog")
    stand(first, "rejected")
    shown = weekly.page("unread", Filters())
    assert [post.pk for post in shown.posts] == [copy.pk]
    assert [post.pk for post in shown.copies.refused[copy.pk]] == [first.pk]


def test_a_story_that_two_sources_carry_is_found_under_either(weekly):
    post = make_post(title="shared")
    Sighting.objects.create(post=post, source=make_source("blog"), guid="g", fingerprint="f")
    assert page(weekly, source="blog") == page(weekly, source="wire") == ["shared"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The tower that stretches", "THE TOWER — that stretches!"),
        ("Über die Straße gegangen", "Uber die Strasse gegangen"),
        ("🐳 The longest lunch", "The longest lunch"),
    ],
)
def test_titles_are_alike_whatever_their_case_accents_and_signs(one, other):
    assert likeness(one) == likeness(other) != ""


def test_titles_that_differ_in_a_word_are_not_alike():
    assert likeness("The tower that stretches") != likeness("The tower that shrinks")
    assert likeness("Links") == likeness("   ") == ""
