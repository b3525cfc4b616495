"""One issue for each newsletter and due date, from posts that no issue has used."""

import threading
from datetime import timedelta
from itertools import islice

import pytest
from django.db import connections
from pydantic import ValidationError

from newsletter import compose
from newsletter.models import Issue, Series
from tests.factories import NOW, make_issue, make_item, make_post

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


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


def test_a_frequent_schedule_is_up_to_date_however_many_dates_the_window_holds(make_config, running):
    config = make_config(newsletters={"weekly": {"schedule": {"cron": "*/10 * * * *"}}})
    window = list(islice(compose.upcoming(config, "weekly", NOW - config.compose.late), 61))
    for due in window[:60]:
        make_issue(due_at=due, slug=f"{due:%Y-%m-%d-%H%M}")
    assert compose.at_hand(config, "weekly", NOW)[0] == window[60]


def test_a_frequent_schedule_is_made_up_for_in_portions(make_config, running):
    config = make_config(newsletters={"weekly": {"schedule": {"cron": "*/10 * * * *"}}})
    assert len(compose.at_hand(config, "weekly", NOW)) == 50


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


@pytest.fixture
def eager(make_config):
    """A newsletter that does not wait for its schedule, and wants two posts."""
    return make_config(newsletters={"weekly": {"first_issue": "at_once", "min": 2}})


def look(config, now):
    """One look at what is at hand, as the pipeline does it."""
    return [compose.draw_up(config, "weekly", due, now) for due in compose.at_hand(config, "weekly", now)]


def test_a_first_issue_at_once_that_found_too_few_posts_is_filled_when_they_come(eager):
    (skipped,) = look(eager, NOW)
    assert (skipped.status, skipped.reason) == ("skipped", "skipped because 0 new posts, at least 2 wanted")
    make_post()
    (still,) = look(eager, NOW + MINUTE)
    assert (still.pk, still.reason) == (skipped.pk, "skipped because 1 new posts, at least 2 wanted")
    make_post(published_at=NOW + MINUTE)
    (filled,) = look(eager, NOW + 2 * MINUTE)
    stored = Issue.objects.get()
    assert filled == stored == skipped
    assert (stored.status, stored.reason, stored.items.count()) == ("draft", "", 2)
    assert (stored.due_at, stored.cut_off_at) == (NOW, NOW + 2 * MINUTE)


def test_a_first_issue_at_once_without_a_schedule_keeps_the_date_it_was_first_tried_for(make_config):
    config = make_config(newsletters={"weekly": {"first_issue": "at_once", "schedule": None}})
    look(config, NOW)
    make_post()
    assert [issue.due_at for issue in look(config, NOW + 5 * MINUTE)] == [NOW]
    assert Issue.objects.get().status == "draft"


def test_a_first_issue_at_once_that_waits_for_long_comes_up_again_only_with_enough_posts(eager):
    look(eager, NOW)
    later = NOW + timedelta(hours=1)
    make_post()
    assert compose.at_hand(eager, "weekly", later) == []
    make_post()
    assert compose.at_hand(eager, "weekly", later) == [NOW]


def test_a_first_issue_at_once_that_was_filled_is_not_at_hand_again(eager):
    look(eager, NOW)
    for _ in range(4):
        make_post()
    look(eager, NOW + MINUTE)
    Issue.objects.update(status="cancelled")
    assert look(eager, NOW + 2 * MINUTE) == []


def test_a_first_issue_at_once_that_somebody_took_out_with_its_posts_stays_out(eager):
    make_item(make_issue(status="skipped", cut_off_at=NOW))
    assert compose.at_hand(eager, "weekly", NOW + MINUTE) == []


def test_a_first_issue_at_once_that_is_due_by_the_schedule_too_is_at_hand_once(running, eager):
    assert compose.at_hand(eager, "weekly", NOW + MINUTE) == [NOW]


@pytest.mark.parametrize("status", ["draft", "skipped"])
def test_a_first_issue_at_once_is_not_tried_again_once_another_has_followed(eager, status):
    (skipped,) = look(eager, NOW)
    make_issue(due_at=NOW + WEEK, status=status)
    for _ in range(2):
        make_post()
    assert compose.at_hand(eager, "weekly", NOW + MINUTE) == []
    assert compose.draw_up(eager, "weekly", NOW, NOW + MINUTE).status == "skipped"
    assert skipped.items.count() == 0


def test_an_only_issue_that_was_skipped_stays_so_where_the_schedule_counts(running):
    compose.draw_up(running, "weekly", NOW, NOW)
    make_post()
    assert compose.at_hand(running, "weekly", NOW + MINUTE) == []
    assert compose.draw_up(running, "weekly", NOW, NOW + MINUTE).status == "skipped"


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


@pytest.fixture
def cancelled_late(running):
    """An issue with one post, given up after the next one was drawn up."""
    gone = make_issue(due_at=NOW - WEEK, cut_off_at=NOW - WEEK - DAY, status="cancelled", finished_at=NOW)
    make_item(gone, make_post(published_at=NOW - 2 * WEEK))
    make_issue(due_at=NOW, cut_off_at=NOW - DAY)
    return gone


def test_an_issue_given_up_after_the_next_was_drawn_up_leaves_its_posts_to_the_one_after(running, cancelled_late):
    fresh = make_post(published_at=NOW + DAY)
    issue = compose.draw_up(running, "weekly", NOW + WEEK, NOW + WEEK)
    assert [item.post for item in issue.items.all()] == [fresh, cancelled_late.items.get().post]


def test_what_an_issue_given_up_leaves_and_the_next_has_no_room_for_stays_out(make_config, running, cancelled_late):
    config = make_config(newsletters={"weekly": {"max": 1}})
    make_post(published_at=NOW + DAY)
    compose.draw_up(config, "weekly", NOW + WEEK, NOW + WEEK)
    last = make_post(published_at=NOW + WEEK + DAY)
    issue = compose.draw_up(running, "weekly", NOW + 2 * WEEK, NOW + 2 * WEEK)
    assert [item.post for item in issue.items.all()] == [last]


@pytest.mark.parametrize("followed", [False, True])
def test_an_issue_given_up_half_sent_has_used_its_posts_and_its_time(running, followed):
    sent = make_issue(
        due_at=NOW - WEEK, cut_off_at=NOW - WEEK - DAY, status="cancelled", started_at=NOW - WEEK, finished_at=NOW
    )
    # Its date was moved back since, so that it seems to have turned up late.
    make_item(sent, make_post(published_at=NOW - WEEK, collected_at=NOW))
    make_post(published_at=NOW - WEEK - 2 * DAY)  # there was no room for it
    if followed:
        make_issue(due_at=NOW, cut_off_at=NOW - DAY)
    fresh = make_post(published_at=NOW - DAY + timedelta(hours=1))
    issue = compose.draw_up(running, "weekly", NOW + WEEK, NOW + WEEK)
    assert [item.post for item in issue.items.all()] == [fresh]


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


def test_an_issue_out_of_turn_takes_what_there_is_by_now(running):
    post = make_post(published_at=NOW - timedelta(minutes=5))
    issue = compose.draw_up(running, "weekly", NOW + timedelta(minutes=1), NOW)
    assert [item.post for item in issue.items.all()] == [post]
    assert issue.cut_off_at == NOW


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


def test_any_number_of_issues_in_one_minute_have_names_of_their_own(running):
    names = [str(compose.draw_up(running, "weekly", NOW + timedelta(seconds=n), NOW)) for n in range(4)]
    timed = "weekly/2026-11-20-0800-p0100"
    assert names == ["weekly/2026-11-20", timed, f"{timed}-2", f"{timed}-3"]


def test_the_longest_heading_that_the_configuration_allows_can_be_kept(make_config, running):
    sections = [{"title": "x" * 200, "emoji": "🐋" * 50, "tags": ["sea"]}]
    make_post(tags=["sea"], published_at=NOW - 2 * DAY)
    config = make_config(newsletters={"weekly": {"sections": sections}})
    item = compose.draw_up(config, "weekly", NOW, NOW).items.get()
    assert (len(item.section), len(item.section_emoji)) == (200, 50)


@pytest.mark.parametrize("heading", [{"title": "x" * 201}, {"title": "Sea", "emoji": "🐋" * 51}])
@pytest.mark.parametrize("place", [lambda heading: {"sections": [heading]}, lambda heading: {"other": heading}])
def test_a_longer_heading_is_refused_with_the_configuration(make_config, place, heading):
    with pytest.raises(ValidationError, match="at most"):
        make_config(newsletters={"weekly": place(heading)})


def test_a_list_title_too_long_to_keep_is_refused_with_the_configuration(make_config):
    with pytest.raises(ValidationError, match="at most 200"):
        make_config(newsletters={"weekly": {"lists": [{"name": "readers", "title": "x" * 201}]}})


def at_the_same_moment(number, work):
    """Do it in so many threads; give what came out, and what went wrong."""
    barrier, made, faults = threading.Barrier(number), [], []

    def worker():
        try:
            barrier.wait(10)
            made.append(work())
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return made, faults


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_draw_up_one_issue(running):
    for _ in range(5):
        make_post(published_at=NOW - 2 * DAY)
    made, faults = at_the_same_moment(6, lambda: compose.draw_up(running, "weekly", NOW, NOW).pk)
    assert faults == []
    assert (len(made), len(set(made)), Issue.objects.count()) == (6, 1, 1)
    assert Issue.objects.get().items.count() == 5


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_fill_a_first_issue_once(eager):
    look(eager, NOW)
    for _ in range(5):
        make_post()
    made, faults = at_the_same_moment(6, lambda: compose.draw_up(eager, "weekly", NOW, NOW + MINUTE).status)
    assert faults == []
    assert made == ["draft"] * 6
    assert Issue.objects.get().items.count() == 5
