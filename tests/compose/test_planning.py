"""Dates that staff leave out or move, recurrences of their own, and holidays: what is due then, and what is not."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry

from newsletter import compose
from newsletter.compose import planning
from newsletter.compose.calendar import Plan, dates_of, on_date
from newsletter.compose.recurrence import Rule, moment_in
from newsletter.models import DateChange, Issue, Recurrence, Series, TransitionRefused
from tests.compose.test_compose import at_the_same_moment
from tests.factories import make_edition, make_issue, make_post

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
FRIDAY = datetime(2026, 12, 4, 7, tzinfo=UTC)
CHRISTMAS = FRIDAY + 3 * WEEK


@pytest.fixture
def config(make_config):
    return make_config()


def with_holidays(make_config, **holidays):
    return make_config(newsletters={"weekly": {"schedule": {"holidays": {"country": "DE", **holidays}}}})


def dues(config, number=4, after=NOW, zone=BERLIN):
    found = islice(compose.upcoming(config, "weekly", after), number)
    return [f"{due.astimezone(zone):%a %-d %b %H:%M %z}" for due in found]


def leave_out(config, key, reason="", **more):
    return planning.leave_date_out(config, "weekly", key, reason, NOW, **more)


def move(config, key, to, **more):
    return planning.move_date(config, "weekly", key, to, "", NOW, **more)


def begin(config, since=NOW, **fields):
    fields = {"kind": "rule", "cron": "0 9 * * TUE", "time_zone": "Europe/Berlin", **fields}
    return planning.begin_recurrence(config, "weekly", since, NOW, planning.recurrence_mark("weekly"), **fields)


# ── leaving out ──


def test_a_date_that_is_left_out_makes_no_issue_and_its_posts_go_to_the_next(config):
    Series.objects.create(newsletter="weekly", since=NOW - WEEK)
    compose.draw_up(config, "weekly", FRIDAY - WEEK, FRIDAY - WEEK - DAY)
    leave_out(config, FRIDAY, "company party")
    make_post(title="Whales", published_at=FRIDAY - 2 * DAY)
    assert compose.at_hand(config, "weekly", FRIDAY) == []
    assert compose.record_missed(config, "weekly", FRIDAY + 2 * DAY) is None
    issue = compose.draw_up(config, "weekly", FRIDAY + WEEK, FRIDAY + WEEK - DAY)
    assert [item.title for item in issue.items.all()] == ["Whales"]


def test_what_was_left_out_can_be_put_back_and_both_stand_in_the_log(config):
    done = leave_out(config, FRIDAY, "company party")
    assert dues(config, 1) == ["Fri 11 Dec 08:00 +0100"]
    assert done.place.planned.why == "company party"
    planning.put_back(config, "weekly", FRIDAY, "", NOW, done.place.mark)
    assert dues(config, 1) == ["Fri 4 Dec 08:00 +0100"]
    said = " ".join(LogEntry.objects.values_list("change_message", flat=True))
    assert "as planned to left out" in said
    assert "left out to as planned" in said


def test_a_date_on_the_command_line_that_is_left_out_says_why(config):
    leave_out(config, FRIDAY, "company party")
    with pytest.raises(ValueError, match="left out \\(company party\\)"):
        on_date(config, "weekly", "2026-12-04")


def test_leaving_out_what_is_written_already_gives_the_issue_up_and_draws_up_no_other(config):
    Series.objects.create(newsletter="weekly", since=NOW - WEEK)
    issue = make_issue(due_at=FRIDAY, status="in_review")
    leave_out(config, FRIDAY, "no time")
    issue.refresh_from_db()
    assert (issue.status, issue.reason) == ("cancelled", "left out: no time")
    assert compose.at_hand(config, "weekly", FRIDAY) == []
    with pytest.raises(TransitionRefused):
        leave_out(config, FRIDAY)


@pytest.mark.parametrize("status", ["sending", "sent", "paused"])
def test_what_is_on_its_way_is_neither_left_out_nor_moved(config, status):
    make_issue(due_at=FRIDAY, status=status)
    with pytest.raises(TransitionRefused):
        leave_out(config, FRIDAY)
    with pytest.raises(TransitionRefused, match="cannot be changed any more"):
        move(config, FRIDAY, FRIDAY + DAY)
    assert not DateChange.objects.exists()


# ── moving ──


def test_a_date_that_is_moved_is_due_then_and_not_before(config):
    move(config, FRIDAY, FRIDAY + DAY)
    assert dues(config, 2) == ["Sat 5 Dec 08:00 +0100", "Fri 11 Dec 08:00 +0100"]
    move(config, FRIDAY, FRIDAY + 2 * WEEK + DAY)
    assert dues(config, 3) == ["Fri 11 Dec 08:00 +0100", "Fri 18 Dec 08:00 +0100", "Sat 19 Dec 08:00 +0100"]
    move(config, FRIDAY, FRIDAY)
    assert not DateChange.objects.exists()


def test_an_issue_that_is_drawn_up_moves_with_its_name_and_no_other_takes_its_date(config):
    Series.objects.create(newsletter="weekly", since=NOW - WEEK)
    issue = make_issue(due_at=FRIDAY, status="in_review")
    done = move(config, FRIDAY, FRIDAY + DAY)
    issue.refresh_from_db()
    assert (issue.due_at, issue.slug, done.voided) == (FRIDAY + DAY, "2026-12-05", False)
    assert compose.at_hand(config, "weekly", FRIDAY + DAY) == []
    planning.put_back(config, "weekly", FRIDAY, "", NOW, done.place.mark)
    issue.refresh_from_db()
    assert (issue.due_at, issue.slug) == (FRIDAY, "2026-12-04")


@pytest.mark.parametrize(
    ("by", "status", "voided"), [(timedelta(hours=2), "scheduled", False), (DAY, "in_review", True)]
)
def test_an_approval_holds_within_the_day_and_is_void_on_another(config, by, status, voided):
    issue = make_issue(due_at=FRIDAY, status="scheduled", send_at=FRIDAY + timedelta(hours=1))
    issue.edition = make_edition(issue)
    issue.save()
    assert move(config, FRIDAY, FRIDAY + by).voided is voided
    issue.refresh_from_db()
    assert (issue.status, issue.send_at) == (status, FRIDAY + timedelta(hours=1) + by)
    assert (issue.edition is None) is voided


@pytest.mark.parametrize(("to", "why"), [(FRIDAY + WEEK, "very moment"), (NOW - DAY, "has passed")])
def test_two_issues_at_one_moment_and_a_moment_that_has_passed_are_refused(config, to, why):
    with pytest.raises(TransitionRefused, match=why):
        move(config, FRIDAY, to)


def test_an_issue_made_out_of_turn_can_be_moved_and_left_out(config):
    issue = make_issue(due_at=FRIDAY + DAY, status="draft")
    done = move(config, FRIDAY + DAY, FRIDAY + 2 * DAY)
    leave_out(config, done.place.key)
    issue.refresh_from_db()
    assert (issue.due_at, issue.status) == (FRIDAY + 2 * DAY, "skipped")
    assert not DateChange.objects.exists()


def test_who_saw_something_else_changes_nothing(config):
    seen = planning.place_of(config, "weekly", FRIDAY).mark
    move(config, FRIDAY, FRIDAY + DAY, seen=seen)
    with pytest.raises(planning.Changed):
        leave_out(config, FRIDAY, seen=seen)
    assert dues(config, 1) == ["Sat 5 Dec 08:00 +0100"]


def test_what_is_left_out_while_its_sources_are_visited_is_not_drawn_up(config):
    Series.objects.create(newsletter="weekly", since=NOW - WEEK)
    make_post(published_at=FRIDAY - 2 * DAY)
    assert compose.at_hand(config, "weekly", FRIDAY) == [FRIDAY]
    leave_out(config, FRIDAY)
    assert compose.draw_up_planned(config, "weekly", FRIDAY, FRIDAY) is None
    assert not Issue.objects.exists()


def test_a_decision_about_a_day_holds_when_the_time_of_day_changes(config):
    leave_out(config, CHRISTMAS, "Christmas")
    begin(config, cron="30 9 * * FRI")
    assert dues(config, 4)[-1] == "Fri 1 Jan 09:30 +0100"
    assert dues(config, 3) == ["Fri 4 Dec 09:30 +0100", "Fri 11 Dec 09:30 +0100", "Fri 18 Dec 09:30 +0100"]
    planning.put_back(config, "weekly", CHRISTMAS + timedelta(minutes=90), "", NOW)
    assert dues(config, 4)[-1] == "Fri 25 Dec 09:30 +0100"


@pytest.mark.django_db(transaction=True)
def test_a_date_that_is_left_out_while_it_is_drawn_up_has_no_issue_that_goes_out(config):
    Series.objects.create(newsletter="weekly", since=NOW - WEEK)
    make_post(published_at=FRIDAY - 2 * DAY)
    turns = iter(range(2))

    def work():
        if next(turns):
            return leave_out(config, FRIDAY) and "left out"
        issue = compose.draw_up_planned(config, "weekly", FRIDAY, FRIDAY)
        return "drawn up" if issue else "not drawn up"

    made, faults = at_the_same_moment(2, work)
    assert faults == []
    # Whoever came first: there is no issue, or it was given up.
    assert sorted(made) in (["drawn up", "left out"], ["left out", "not drawn up"])
    assert {issue.status for issue in Issue.objects.all()} <= {"skipped"}
    assert compose.at_hand(config, "weekly", FRIDAY) == []


# ── recurrences ──


def test_a_recurrence_of_staff_holds_from_its_moment_and_the_old_one_until_then(config):
    begin(config, since=datetime(2026, 12, 9, tzinfo=UTC))
    assert dues(config, 3) == ["Fri 4 Dec 08:00 +0100", "Tue 15 Dec 09:00 +0100", "Tue 22 Dec 09:00 +0100"]
    begin(config, since=datetime(2026, 12, 17, tzinfo=UTC), kind="config", cron="")
    assert dues(config, 3) == ["Fri 4 Dec 08:00 +0100", "Tue 15 Dec 09:00 +0100", "Fri 18 Dec 08:00 +0100"]


def test_a_recurrence_takes_the_place_of_those_that_would_have_begun_later(config):
    begin(config, since=NOW + 4 * WEEK)
    begin(config, since=NOW + WEEK, kind="none", cron="")
    assert Recurrence.objects.count() == 1
    assert dues(config, 3) == ["Fri 4 Dec 08:00 +0100"]


def test_no_recurrence_begins_in_the_past(config):
    assert begin(config, since=NOW - WEEK).since == NOW
    assert compose.latest(config, "weekly", NOW) == FRIDAY - WEEK


def test_two_who_change_the_recurrence_at_once_do_not_overwrite_each_other(config):
    seen = planning.recurrence_mark("weekly")
    begin(config)
    with pytest.raises(planning.Changed):
        planning.begin_recurrence(config, "weekly", NOW, NOW, seen, kind="none")


def test_every_second_week_counts_from_the_first_date_also_across_the_year(config):
    begin(config, cron="0 9 * * TUE,THU", weeks=2)
    assert dues(config, 6) == [
        "Thu 3 Dec 09:00 +0100", "Tue 15 Dec 09:00 +0100", "Thu 17 Dec 09:00 +0100", "Tue 29 Dec 09:00 +0100",
        "Thu 31 Dec 09:00 +0100", "Tue 12 Jan 09:00 +0100",
    ]  # fmt: skip
    assert compose.latest(config, "weekly", datetime(2027, 1, 10, tzinfo=UTC)) == datetime(2026, 12, 31, 8, tzinfo=UTC)


def test_a_newsletter_without_a_schedule_gets_one_from_staff(make_config):
    config = make_config(newsletters={"weekly": {"schedule": None}}, site={"time_zone": "Europe/Berlin"})
    assert dues(config) == []
    begin(config)
    assert dues(config, 1) == ["Tue 8 Dec 09:00 +0100"]


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("30 2 * * *", "2027-03-27T12:00+00:00", ["Sun 28 Mar 03:00 +0200", "Mon 29 Mar 02:30 +0200"]),
        ("30 2 * * *", "2027-10-30T12:00+00:00", ["Sun 31 Oct 02:30 +0200", "Mon 1 Nov 02:30 +0100"]),
        ("0 8 * * FRI", "2027-03-20T12:00+00:00", ["Fri 26 Mar 08:00 +0100", "Fri 2 Apr 08:00 +0200"]),
    ],
)
def test_a_recurrence_of_staff_keeps_the_rules_of_clock_changes(config, cron, after, expected):
    begin(config, cron=cron)
    assert dues(config, 2, datetime.fromisoformat(after)) == expected


def test_dates_are_the_same_wherever_one_begins_to_count():
    rule = Rule("30 2 * * *", "Europe/Berlin")
    start = datetime(2026, 10, 24, 23, tzinfo=UTC)
    for minutes in range(0, 240, 7):
        at = start + timedelta(minutes=minutes)
        once = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert next(rule.after(at)) == (once if at < once else datetime(2026, 10, 26, 1, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("local", "moment"),
    [("2027-03-28T02:30", "2027-03-28T01:00+00:00"), ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),
     ("2026-12-24T18:00", "2026-12-24T17:00+00:00")],
)  # fmt: skip
def test_a_local_time_means_one_moment_as_a_schedule_reads_it(local, moment):
    assert moment_in(BERLIN, datetime.fromisoformat(local)) == datetime.fromisoformat(moment)


# ── holidays ──


def test_holidays_are_told_and_change_nothing_unless_asked_to(make_config):
    config = with_holidays(make_config)
    found = dates_of(Plan.of(config, "weekly"), date(2026, 12, 25))
    assert [(one.holiday, one.due) for one in found] == [("Christmas Day", CHRISTMAS)]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("skip", ["Fri 18 Dec 08:00 +0100", "Fri 8 Jan 08:00 +0100"]),
        ("move_before", ["Fri 18 Dec 08:00 +0100", "Wed 23 Dec 08:00 +0100", "Thu 31 Dec 08:00 +0100"]),
        ("move_after", ["Fri 18 Dec 08:00 +0100", "Mon 28 Dec 08:00 +0100", "Mon 4 Jan 08:00 +0100"]),
    ],
)
def test_a_holiday_leaves_an_issue_out_or_moves_it_to_a_weekday(make_config, then, expected):
    config = with_holidays(make_config, then=then, dates={"2026-12-24": "Christmas Eve"})
    assert dues(config, len(expected), datetime(2026, 12, 17, tzinfo=UTC)) == expected


def test_a_daily_newsletter_has_no_second_issue_where_a_holiday_moves_one(make_config):
    config = with_holidays(make_config, then="move_after")
    begin(config, cron="0 8 * * *")
    days = dues(config, 4, datetime(2027, 4, 30, 20, tzinfo=UTC))
    assert days == ["Sun 2 May 08:00 +0200", "Mon 3 May 08:00 +0200", "Tue 4 May 08:00 +0200", "Wed 5 May 08:00 +0200"]


def test_a_date_that_a_holiday_takes_can_be_kept_all_the_same(make_config):
    config = with_holidays(make_config, then="skip", subdivision="BE")
    move(config, CHRISTMAS, CHRISTMAS)
    assert dues(config, 1, CHRISTMAS - DAY) == ["Fri 25 Dec 08:00 +0100"]
    planning.put_back(config, "weekly", CHRISTMAS, "", NOW)
    assert dues(config, 1, CHRISTMAS - DAY) == ["Fri 8 Jan 08:00 +0100"]


@pytest.mark.parametrize(
    ("holidays", "why"),
    [({"country": "XX"}, "nothing is known"), ({"subdivision": "QQ"}, "no subdivision"),
     ({"country": None, "subdivision": "BE"}, "needs its `country`")],
)  # fmt: skip
def test_holidays_of_nowhere_are_refused_with_a_hint(make_config, holidays, why):
    with pytest.raises(ValueError, match=why):
        with_holidays(make_config, **holidays)
