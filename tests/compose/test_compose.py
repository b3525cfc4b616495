"""One issue for each newsletter and due date, from posts that no issue has used."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from newsletter import compose
from newsletter.models import Issue, Series
from tests.factories import NOW, make_issue, make_item, make_post

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)


@pytest.fixture
def config(make_config):
    return make_config()


@pytest.fixture
def running(config):
    """The newsletter has been known for a month."""
    Series.objects.create(newsletter="weekly", since=NOW - 4 * WEEK)
    return config


def test_an_issue_comes_to_hand_at_its_cut_off_and_not_before(running):
    cut_off = NOW - DAY
    assert compose.at_hand(running, "weekly", cut_off - timedelta(seconds=1)) == []
    assert compose.at_hand(running, "weekly", cut_off) == [NOW]


def test_an_issue_that_exists_is_not_at_hand_again(running):
    compose.draw_up(running, "weekly", NOW, NOW)
    assert compose.at_hand(running, "weekly", NOW) == []


def test_a_date_missed_by_less_than_the_limit_is_made_up_for(running):
    assert compose.at_hand(running, "weekly", NOW + timedelta(hours=11)) == [NOW]


def test_a_date_missed_by_more_is_recorded_as_skipped_once(running):
    late = NOW + timedelta(hours=13)
    assert compose.at_hand(running, "weekly", late) == []
    missed = compose.record_missed(running, "weekly", late)
    assert (missed.status, missed.due_at) == ("skipped", NOW)
    assert "nothing was running" in missed.reason
    assert compose.record_missed(running, "weekly", late) is None


def test_a_first_start_makes_up_for_nothing(config):
    assert compose.at_hand(config, "weekly", NOW + timedelta(minutes=5)) == []
    assert compose.record_missed(config, "weekly", NOW + timedelta(minutes=5)) is None


def test_a_restart_makes_up_for_what_came_due_while_nothing_ran(make_config):
    config = make_config(newsletters={"weekly": {"cut_off": "0s"}})
    assert compose.at_hand(config, "weekly", NOW - timedelta(seconds=30)) == []
    assert compose.at_hand(config, "weekly", NOW + timedelta(seconds=30)) == [NOW]


def test_a_first_issue_at_once_takes_everything_until_now(make_config):
    config = make_config(newsletters={"weekly": {"first_issue": "at_once"}})
    old, new = make_post(published_at=NOW - 50 * WEEK), make_post(published_at=NOW + DAY)
    now = NOW + 2 * DAY
    assert compose.at_hand(config, "weekly", now) == [NOW]
    issue = compose.draw_up(config, "weekly", NOW, now)
    assert [item.post for item in issue.items.all()] == [new, old]
    assert compose.at_hand(config, "weekly", now) == []


def test_after_a_first_issue_at_once_the_schedule_goes_on_with_a_whole_period(make_config):
    config = make_config(newsletters={"weekly": {"first_issue": "at_once"}})
    thursday_noon = NOW - timedelta(hours=20)
    assert compose.at_hand(config, "weekly", thursday_noon) == [NOW - WEEK]
    compose.draw_up(config, "weekly", NOW - WEEK, thursday_noon)
    assert compose.at_hand(config, "weekly", NOW + DAY) == []
    assert compose.at_hand(config, "weekly", NOW + WEEK - DAY) == [NOW + WEEK]


def test_an_issue_takes_posts_after_the_last_cut_off_and_until_its_own(running):
    make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK - DAY)
    taken = make_post(published_at=NOW - DAY)
    make_post(published_at=NOW - WEEK - DAY)
    make_post(published_at=NOW - DAY + timedelta(seconds=1))
    issue = compose.draw_up(running, "weekly", NOW, NOW)
    assert [item.post for item in issue.items.all()] == [taken]


def test_a_post_that_turned_up_late_is_still_used(running):
    last = make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK - DAY)
    late = make_post(published_at=last.cut_off_at - DAY, collected_at=last.cut_off_at + DAY)
    make_post(published_at=last.cut_off_at - 60 * DAY, collected_at=last.cut_off_at + DAY)
    issue = compose.draw_up(running, "weekly", NOW, NOW)
    assert [item.post for item in issue.items.all()] == [late]


def test_no_post_is_used_twice(running):
    earlier = make_issue(due_at=NOW - WEEK, cut_off_at=NOW - 2 * WEEK)
    post = make_post(published_at=NOW - 2 * DAY)
    make_item(earlier, post)
    fresh = make_post(published_at=NOW - 2 * DAY)
    issue = compose.draw_up(running, "weekly", NOW, NOW)
    assert [item.post for item in issue.items.all()] == [fresh]


@pytest.mark.parametrize("status", ["skipped", "cancelled"])
def test_posts_of_an_issue_that_never_went_are_free_again(running, status):
    gone = make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK - DAY, status=status)
    post = make_post(published_at=NOW - WEEK - 2 * DAY)
    make_item(gone, post)
    issue = compose.draw_up(running, "weekly", NOW, NOW)
    assert [item.post for item in issue.items.all()] == [post]


def test_another_newsletters_use_of_a_post_does_not_count(running):
    post = make_post(published_at=NOW - 2 * DAY)
    make_item(make_issue(newsletter="daily"), post)
    assert compose.draw_up(running, "weekly", NOW, NOW).items.count() == 1


def test_posts_of_other_sources_stay_out(running):
    from tests.factories import make_source

    make_post(source=make_source("elsewhere"), published_at=NOW - 2 * DAY)
    assert compose.draw_up(running, "weekly", NOW, NOW).status == "skipped"


def test_too_few_posts_skip_the_issue_and_say_why(running):
    issue = compose.draw_up(running, "weekly", NOW, NOW)
    assert (issue.status, issue.reason) == ("skipped", "skipped because 0 new posts, at least 1 wanted")


def test_drawing_up_again_gives_the_same_issue(running):
    make_post(published_at=NOW - 2 * DAY)
    first = compose.draw_up(running, "weekly", NOW, NOW)
    make_post(published_at=NOW - 2 * DAY)
    again = compose.draw_up(running, "weekly", NOW, NOW + DAY)
    assert (again.pk, again.items.count()) == (first.pk, 1)


def test_an_edited_post_changes_no_issue_that_holds_it(running):
    post = make_post(published_at=NOW - 2 * DAY, title="As it was")
    issue = compose.draw_up(running, "weekly", NOW, NOW)
    post.title = "As it is"
    post.save()
    assert issue.items.get().title == "As it was"


def test_two_issues_on_one_day_have_names_of_their_own(make_config):
    config = make_config(newsletters={"weekly": {"schedule": {"cron": "0 8,18 * * *"}}})
    names = [str(compose.draw_up(config, "weekly", NOW + hours, NOW)) for hours in (timedelta(0), timedelta(hours=10))]
    assert names == ["weekly/2026-11-20", "weekly/2026-11-20-1800-p0100"]


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_draw_up_one_issue(running):
    for _ in range(5):
        make_post(published_at=NOW - 2 * DAY)
    barrier, made, faults = threading.Barrier(6), [], []

    def worker():
        try:
            barrier.wait(10)
            made.append(compose.draw_up(running, "weekly", NOW, NOW).pk)
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert (len(made), len(set(made)), Issue.objects.count()) == (6, 1, 1)
    assert Issue.objects.get().items.count() == 5
