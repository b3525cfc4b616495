"""What editors have decided, issues obey: rejected posts never come, starred ones go first."""

from datetime import timedelta

import pytest

from newsletter import compose
from newsletter.collect.entry import Entry, Fetched
from newsletter.collect.store import store
from newsletter.compose.selection import select
from newsletter.markup import urls
from newsletter.models import Issue, Post, Series, Triage
from tests.factories import NOW, make_issue, make_item, make_post, make_source

pytestmark = pytest.mark.django_db
WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def config(make_config):
    config = make_config(newsletters={"weekly": {"cut_off": "0s"}})
    Series.objects.create(newsletter="weekly", since=NOW - 4 * WEEK)
    return config


def entry_of(url, title="A story of some length"):
    """What a feed says of a story at this address."""
    return Entry(
        guid=url, url=urls.canonical(url), title=title, summary="", html="<p>Words.</p>", authors=(), tags=(),
        image_url="", image_alt="", image_dark="", image_width=0, image_height=0, language="", words=1,
        published_at=NOW - HOUR,
    )  # fmt: skip


def stand(post, standing, newsletter="weekly"):
    Triage.decide(newsletter, {post.pk: ""}, standing, NOW)


def titles(issue):
    return [item.title for item in issue.items.all()]


def draw_up(config, due=NOW, now=NOW):
    return titles(compose.draw_up(config, "weekly", due, now))


def test_a_rejected_post_comes_into_no_issue_of_this_newsletter(config):
    stand(make_post(title="refused"), "rejected")
    stand(make_post(title="refused elsewhere"), "rejected", "daily")
    make_post(title="wanted")
    assert draw_up(config) == ["wanted", "refused elsewhere"]


def test_it_does_not_come_back_late(config):
    make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK)
    late = {"published_at": NOW - WEEK - DAY, "collected_at": NOW - DAY}
    stand(make_post(title="refused", **late), "rejected")
    make_post(title="late", **late)
    assert draw_up(config) == ["late"]


def test_it_does_not_come_back_when_the_issue_that_held_it_is_given_up(config):
    given_up = make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK, status=Issue.Status.CANCELLED, finished_at=NOW)
    for title in ("refused", "freed"):
        make_item(given_up, make_post(title=title, published_at=NOW - WEEK - DAY, collected_at=NOW - WEEK - DAY))
    make_issue(due_at=NOW - DAY, slug="between", cut_off_at=NOW - DAY)
    stand(Post.objects.get(title="refused"), "rejected")
    assert draw_up(config) == ["freed"]


def test_it_does_not_come_back_by_collecting_again_or_by_another_source_at_the_same_address(config):
    wire, blog = make_source("wire"), make_source("blog")
    store(wire, Fetched((entry_of("https://example.org/a?utm_source=wire"),)), lambda: NOW - HOUR)
    stand(Post.objects.get(), "rejected")
    store(wire, Fetched((entry_of("https://example.org/a", title="A story with another title"),)), lambda: NOW)
    store(blog, Fetched((entry_of("http://www.example.org/a/"),)), lambda: NOW)
    make_post(title="wanted")
    both = config.model_copy(
        update={
            "newsletters": {"weekly": config.newsletters["weekly"].model_copy(update={"sources": ("wire", "blog")})}
        }
    )
    assert Post.objects.count() == 2
    assert draw_up(both) == ["wanted"]


def test_what_is_taken_back_may_come_again(config):
    post = make_post(title="wanted after all")
    act = Triage.decide("weekly", {post.pk: ""}, "rejected", NOW).act
    Triage.undo("weekly", act, NOW)
    assert draw_up(config) == ["wanted after all"]


def test_starred_posts_go_first_where_a_section_is_full_and_stand_in_order_of_date(make_config):
    rules = make_config(newsletters={"weekly": {"other": {"title": "All", "max": 2}}}).newsletters["weekly"]
    posts = [Post(title=str(number), tags=[], published_at=NOW - number * HOUR) for number in range(4)]
    posts[3].starred = True
    assert [place.post.title for place in select(posts, rules).places] == ["0", "3"]


def test_an_issue_that_is_too_long_loses_its_oldest_posts_but_starred_ones_last(make_config):
    sections = [{"title": "World", "tags": ["world"]}, {"title": "Science", "tags": ["science"]}]
    rules = make_config(newsletters={"weekly": {"sections": sections, "max": 2}}).newsletters["weekly"]
    posts = [
        Post(title=f"{tag} {number}", tags=[tag], published_at=NOW - number * HOUR)
        for number, tag in enumerate(("world", "science", "world", "science"))
    ]
    posts[2].starred = posts[3].starred = True
    assert [place.post.title for place in select(posts, rules).places] == ["world 2", "science 3"]


def test_a_starred_post_waits_for_the_next_issue_however_old_it_is(config):
    make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK)
    old = make_post(title="old", published_at=NOW - 50 * WEEK, collected_at=NOW - 50 * WEEK)
    make_post(title="new")
    stand(old, "starred")
    assert draw_up(config) == ["new", "old"]
    assert draw_up(config, NOW + WEEK, NOW + WEEK) == []


def test_a_post_that_was_added_is_for_the_newsletter_it_was_added_to_alone(config):
    Triage.add("weekly", make_post(title="added", source=make_source("by hand"), published_at=NOW - 9 * WEEK), NOW)
    Triage.add("daily", make_post(title="for the other", source=make_source("by hand")), NOW)
    assert draw_up(config) == ["added"]


def test_a_story_that_two_sources_tell_under_one_title_is_told_once(config):
    both = config.newsletters["weekly"].model_copy(update={"sources": ("wire", "blog")})
    config = config.model_copy(update={"newsletters": {"weekly": both}})
    title = "A whale falls into the deep sea"
    make_post(title=title, published_at=NOW - 2 * HOUR)
    copy = make_post(title=title, source=make_source("blog"))
    assert [item.post.source.name for item in compose.draw_up(config, "weekly", NOW, NOW).items.all()] == ["wire"]
    stand(copy, "starred")
    assert draw_up(config, NOW + WEEK, NOW + WEEK) == [title]
