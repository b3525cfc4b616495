"""The monthly summary: for whom, when, of what; once, whoever looks and however often."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from newsletter import compose
from newsletter.models import Issue, Series
from subscribers.models import Subscription
from tests.factories import (
    make_event,
    make_issue,
    make_item,
    make_link,
    make_message,
    make_post,
    make_sent_issue,
    make_subscriber,
    make_suppression,
)

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OCTOBER_1 = datetime(2026, 9, 30, 22, tzinfo=UTC)  # midnight in Berlin, in summer time
NOVEMBER_1 = datetime(2026, 10, 31, 23, tzinfo=UTC)  # midnight in Berlin, in winter time
DUE = NOVEMBER_1 + 8 * HOUR


@pytest.fixture
def config(make_config):
    return make_config()


@pytest.fixture
def running(config):
    """The newsletter has been there since the first of October."""
    Series.objects.create(newsletter="weekly", since=OCTOBER_1, summed_up=OCTOBER_1)
    return config


def monthly(email="moira@example.org", **fields):
    """Somebody who wants no more than a summary."""
    person = make_subscriber(email, **fields)
    person.subscriptions.update(frequency=Subscription.Frequency.MONTHLY)
    return person


def sent(day, *titles, month=10, section=""):
    """An issue that went out on a day, with a story for each title."""
    at = datetime(2026, month, day, 7, tzinfo=UTC)
    issue = make_sent_issue(due_at=at, started_at=at)
    for title in titles:
        make_item(issue, make_post(title=title), section=section)
    return issue


def follow(issue, title, people):
    """So many people click on a story of an issue."""
    link = make_link(issue, issue.items.get(title=title).url)
    for _ in range(people):
        make_event(make_message(issue), kind="click", link=link)


def look(config, now):
    """One look at what is at hand, as the pipeline does it; what was made."""
    months = compose.months_at_hand(config, "weekly", now)
    made = [compose.see_to(config, "weekly", month, now, lambda start, told: f"{len(told)} issues") for month in months]
    return [issue for issue in made if issue]


def titles(issue):
    return [item.title for item in issue.items.all()]


# ── when, and for whom ───────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_drawn_up_when_the_month_has_ended_in_the_newsletters_zone_and_due_in_the_morning(running):
    monthly()
    sent(9, "Tea")
    assert look(running, NOVEMBER_1 - timedelta(seconds=1)) == []
    (issue,) = look(running, NOVEMBER_1)
    assert (issue.kind, issue.slug, issue.due_at, issue.status) == ("summary", "2026-10-summary", DUE, "draft")
    assert (issue.since_at, issue.cut_off_at, issue.closing) == (OCTOBER_1, NOVEMBER_1, "1 issues")
    assert look(running, NOVEMBER_1 + HOUR) == []


@pytest.mark.parametrize("held", ["nobody chose it", "suppressed", "paused"])
def test_where_nobody_would_get_it_there_is_no_row_at_all(running, held):
    sent(9, "Tea")
    if held == "nobody chose it":
        make_subscriber()
    elif held == "suppressed":
        monthly()
        make_suppression("moira@example.org")
    else:
        monthly(paused_until=DUE + DAY)
    assert look(running, NOVEMBER_1) == look(running, DUE) == []
    assert not Issue.objects.filter(kind="summary").exists()


def test_who_gets_every_issue_through_another_list_of_the_newsletter_wants_no_summary(make_config):
    config = make_config(newsletters={"weekly": {"lists": ["readers", "friends"]}})
    Series.objects.create(newsletter="weekly", since=OCTOBER_1, summed_up=OCTOBER_1)
    person = make_subscriber(lists=("readers", "friends"))
    person.subscriptions.filter(list__name="readers").update(frequency="monthly")
    sent(9, "Tea")
    assert look(config, NOVEMBER_1) == []
    person.subscriptions.update(frequency="monthly")
    assert len(look(config, NOVEMBER_1)) == 1


def test_somebody_may_choose_it_until_it_is_due_and_who_chooses_later_waits_a_month(running):
    sent(9, "Tea")
    assert look(running, DUE - HOUR) == []
    person = monthly()
    (issue,) = look(running, DUE - timedelta(minutes=1))
    issue.delete()
    Series.objects.update(summed_up=OCTOBER_1)
    person.subscriptions.update(frequency="every")
    assert look(running, DUE) == []
    person.subscriptions.update(frequency="monthly")
    assert look(running, DUE + timedelta(minutes=1)) == []


def test_a_month_without_issues_is_skipped_and_says_so(running):
    monthly()
    sent(9, "Tea", month=9)
    (issue,) = look(running, NOVEMBER_1)
    assert (issue.status, issue.closing, issue.items.count()) == ("skipped", "", 0)
    assert issue.reason == "skipped because no issue of The Weekly was sent in that month"


def test_a_first_start_sends_nothing_from_before(config):
    monthly()
    sent(9, "Tea")
    assert look(config, NOVEMBER_1 + HOUR) == []
    assert look(config, DUE) == []


def test_an_upgrade_sends_nothing_from_before_either(config):
    Series.objects.create(newsletter="weekly", since=OCTOBER_1)
    monthly()
    sent(9, "Tea")
    assert look(config, NOVEMBER_1 + HOUR) == []
    sent(4, "Coffee", month=11)
    (issue,) = look(config, NOVEMBER_1 + 31 * DAY)
    assert (issue.slug, titles(issue)) == ("2026-11-summary", ["Coffee"])


def test_what_came_due_while_nothing_ran_is_made_up_for_within_a_week_and_then_shown_as_missed(running):
    monthly()
    sent(9, "Tea")
    before = list(Series.objects.values_list("summed_up", flat=True))
    (late,) = look(running, DUE + 6 * DAY)
    assert (late.status, late.due_at) == ("draft", DUE)
    late.delete()
    Series.objects.update(summed_up=before[0])
    (missed,) = look(running, DUE + 8 * DAY)
    assert missed.status == "skipped"
    assert missed.reason.startswith("missed: nothing was running")
    assert look(running, DUE + 8 * DAY) == []


def test_each_missed_month_is_seen_to_in_its_order(running):
    monthly()
    sent(9, "Tea")
    sent(9, "Coffee", month=11)
    made = look(running, NOVEMBER_1 + 32 * DAY)
    assert [(issue.slug, issue.status) for issue in made] == [
        ("2026-10-summary", "skipped"), ("2026-11-summary", "draft"),
    ]  # fmt: skip


def test_switched_off_there_is_none_and_switched_on_again_nothing_old_comes(make_config, running):
    monthly()
    sent(9, "Tea")
    off = make_config(newsletters={"weekly": {"summary": None}})
    assert look(off, NOVEMBER_1) == []
    assert look(running, NOVEMBER_1 + HOUR) == []


def test_an_issue_due_in_the_same_minute_does_not_keep_it_from_being_made(running):
    monthly()
    sent(9, "Tea")
    make_issue(due_at=DUE, slug="2026-11-01")
    (issue,) = look(running, NOVEMBER_1)
    assert issue.due_at == DUE
    assert Issue.objects.filter(due_at=DUE).count() == 2


def test_the_regular_issues_go_on_as_if_there_were_no_summary(running):
    monthly()
    make_item(sent(9, "Tea"), make_post(published_at=NOVEMBER_1 - 20 * DAY))
    look(running, NOVEMBER_1)
    friday = datetime(2026, 11, 6, 7, tzinfo=UTC)
    fresh = make_post(published_at=friday - 3 * DAY, title="Fresh")
    before_the_summary = make_post(published_at=NOVEMBER_1 - 2 * DAY, title="Before")
    issue = compose.draw_up(running, "weekly", friday, friday)
    assert [item.post for item in issue.items.all()] == [fresh, before_the_summary]


@pytest.mark.parametrize(
    ("zone", "at", "due"),
    [
        ("Europe/Berlin", "08:00", datetime(2026, 11, 1, 7, tzinfo=UTC)),
        ("America/Los_Angeles", "01:30", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),  # the hour that comes twice
        ("Pacific/Kiritimati", "00:00", datetime(2026, 10, 31, 10, tzinfo=UTC)),
        ("UTC", 1110, datetime(2026, 11, 1, 18, 30, tzinfo=UTC)),  # as YAML reads 18:30 without quotes
    ],
)
def test_it_is_due_at_the_hour_set_in_the_newsletters_zone(make_config, zone, at, due):
    letter = {"schedule": {"cron": "0 8 * * FRI", "time_zone": zone}, "summary": {"at": at}}
    config = make_config(newsletters={"weekly": letter})
    Series.objects.create(newsletter="weekly", since=OCTOBER_1, summed_up=datetime(2026, 10, 10, tzinfo=UTC))
    (month,) = compose.months_at_hand(config, "weekly", datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert month.due == due


@pytest.mark.parametrize("at", ["24:00", "8", "8 am", True, 1440])
def test_what_is_no_time_of_day_is_refused(make_config, at):
    with pytest.raises(ValueError, match="is not a time of day; write it as 08:00"):
        make_config(newsletters={"weekly": {"summary": {"at": at}}})


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(running):
    monthly()
    sent(9, "Tea")
    made, start = [], threading.Barrier(2)

    def work():
        try:
            start.wait()
            made.extend(look(running, NOVEMBER_1))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == Issue.objects.filter(kind="summary").count() == 1


# ── of what ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_holds_what_was_sent_in_that_month_each_post_once(running):
    monthly()
    first = sent(2, "Tea", "Whales")
    again = sent(9, "Clocks")
    told_again = make_item(again, first.items.get(title="Tea").post)
    told_again.title = "Tea, corrected"
    told_again.save()
    sent(16, "Next", month=11)
    sent(30, "Before", month=9)
    make_issue(due_at=NOVEMBER_1 - DAY, slug="draft")
    taken_back = sent(20, "Taken back")
    taken_back.status = Issue.Status.CANCELLED
    taken_back.save()
    (issue,) = look(running, NOVEMBER_1)
    assert sorted(titles(issue)) == ["Clocks", "Tea, corrected", "Whales"]


def test_an_issue_that_went_out_after_midnight_belongs_to_the_month_it_went_out_in(running):
    monthly()
    issue = sent(31, "Late")
    issue.started_at = NOVEMBER_1 + 2 * HOUR
    issue.save()
    assert look(running, NOVEMBER_1 + 3 * HOUR)[0].status == "skipped"
    assert titles(look(running, NOVEMBER_1 + 31 * DAY)[0]) == ["Late"]


def test_what_most_people_followed_leads_and_stays_where_there_is_no_room_for_all(make_config, running):
    config = make_config(newsletters={"weekly": {"summary": {"max": 2}}})
    monthly()
    first, second = sent(2, "Tea", "Whales"), sent(9, "Clocks", "Towers")
    follow(first, "Whales", 1)
    follow(second, "Towers", 3)
    (issue,) = look(config, NOVEMBER_1)
    assert titles(issue) == ["Towers", "Whales"]


def test_one_person_clicking_often_counts_once(running):
    monthly()
    first, second = sent(2, "Tea"), sent(9, "Clocks")
    message, link = make_message(first), make_link(first, first.items.get().url)
    for _ in range(5):
        make_event(message, kind="click", link=link)
    follow(second, "Clocks", 2)
    assert titles(look(running, NOVEMBER_1)[0]) == ["Clocks", "Tea"]


def test_where_nobody_clicks_the_first_stories_of_each_issue_stay_in_their_order(make_config, running):
    config = make_config(newsletters={"weekly": {"summary": {"max": 3}}})
    monthly()
    sent(2, "Tea", "Whales", "Foxes")
    sent(9, "Clocks", "Towers")
    assert titles(look(config, NOVEMBER_1)[0]) == ["Tea", "Whales", "Clocks"]


def test_sections_stand_as_config_yaml_has_them_the_best_of_each_first(make_config, running):
    sections = [{"title": "World", "tags": ["world"]}, {"title": "Science", "tags": ["science"]}]
    config = make_config(newsletters={"weekly": {"sections": sections}})
    monthly()
    science = sent(2, "Whales", "Towers", section="Science")
    world, other = sent(9, "Borders", section="World"), sent(16, "Bees", section="An editor's own")
    follow(science, "Towers", 2)
    follow(other, "Bees", 9)
    follow(world, "Borders", 1)
    (issue,) = look(config, NOVEMBER_1)
    assert [(item.section, item.title) for item in issue.items.all()] == [
        ("An editor's own", "Bees"), ("World", "Borders"), ("Science", "Towers"), ("Science", "Whales"),
    ]  # fmt: skip


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_by_hand_it_is_made_for_whomever_and_the_job_makes_no_second(running):
    sent(9, "Tea")
    month = compose.month_named(running, "weekly", "2026-10", DUE + 30 * DAY)
    made = compose.draw_up_summary(running, "weekly", month, DUE + 30 * DAY, lambda start, told: "")
    assert (made.status, titles(made)) == ("draft", ["Tea"])
    assert compose.draw_up_summary(running, "weekly", month, DUE, lambda start, told: "") == made
    monthly()
    assert look(running, DUE + HOUR) == []
    assert compose.months_at_hand(running, "weekly", DUE + HOUR) == []


@pytest.mark.parametrize(("text", "reason"), [("2026-11", "has not ended"), ("October", "is not a month")])
def test_a_month_that_cannot_be_summed_up_is_refused_with_a_hint(running, text, reason):
    with pytest.raises(ValueError, match=reason):
        compose.month_named(running, "weekly", text, DUE)
