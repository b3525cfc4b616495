"""Due dates hold their local time, whatever daylight saving does."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from newsletter.compose.calendar import latest, on_date, upcoming

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def weekly(make_config):
    def make(cron: str, zone: str = "Europe/Berlin"):
        schedule = {"cron": cron, "time_zone": zone}
        return make_config(newsletters={"weekly": {"schedule": schedule}})

    return make


def local(config, after, number, zone=BERLIN):
    return [due.astimezone(zone).isoformat() for due in islice(upcoming(config, "weekly", after), number)]


def test_local_time_holds_across_the_spring_change(weekly):
    dates = local(weekly("0 8 * * FRI"), datetime(2027, 3, 20, tzinfo=UTC), 2)
    assert dates == ["2027-03-26T08:00:00+01:00", "2027-04-02T08:00:00+02:00"]


def test_local_time_holds_across_the_autumn_change(weekly):
    dates = local(weekly("0 8 * * FRI"), datetime(2026, 10, 17, tzinfo=UTC), 2)
    assert dates == ["2026-10-23T08:00:00+02:00", "2026-10-30T08:00:00+01:00"]


def test_a_time_in_the_hour_that_does_not_exist_comes_due_right_after_it(weekly):
    dates = local(weekly("30 2 * * *"), datetime(2027, 3, 27, 12, tzinfo=UTC), 2)
    assert dates == ["2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]


def test_a_time_in_the_hour_that_comes_twice_comes_due_once(weekly):
    dates = local(weekly("30 2 * * *"), datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert dates == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]


def test_half_hour_zones_and_the_southern_hemisphere_hold_too(weekly):
    adelaide = ZoneInfo("Australia/Adelaide")
    dates = local(weekly("0 8 * * SUN", "Australia/Adelaide"), datetime(2026, 9, 30, tzinfo=UTC), 2, adelaide)
    assert dates == ["2026-10-04T08:00:00+10:30", "2026-10-11T08:00:00+10:30"]


def test_weekday_numbers_count_from_sunday_as_cron_does(weekly):
    sunday, friday = weekly("0 8 * * 0"), weekly("0 8 * * 5")
    after = datetime(2026, 11, 16, tzinfo=UTC)
    assert next(upcoming(sunday, "weekly", after)).strftime("%A") == "Sunday"
    assert next(upcoming(friday, "weekly", after)).strftime("%A") == "Friday"


def test_the_latest_due_date_may_be_this_very_moment(weekly):
    friday = datetime(2026, 11, 20, 8, tzinfo=BERLIN)
    assert latest(weekly("0 8 * * FRI"), "weekly", friday) == friday
    assert latest(weekly("0 8 * * FRI"), "weekly", friday + timedelta(seconds=30)) == friday
    assert latest(weekly("0 8 * * FRI"), "weekly", friday - timedelta(seconds=1)) == friday - timedelta(weeks=1)


@pytest.mark.parametrize("moment", ["2027-03-28T03:00:10+02:00", "2026-10-25T02:30:10+02:00", "2026-10-25T02:45+01:00"])
def test_the_latest_due_date_is_found_around_clock_changes(weekly, moment):
    daily, now = weekly("30 2 * * *"), datetime.fromisoformat(moment)
    found = latest(daily, "weekly", now)
    assert found <= now
    assert next(upcoming(daily, "weekly", found)) > now


def test_a_date_means_the_issue_that_is_due_on_it(weekly):
    assert on_date(weekly("0 8 * * FRI"), "weekly", "2026-11-27") == datetime(2026, 11, 27, 7, tzinfo=UTC)


def test_midnight_belongs_to_its_own_day(weekly):
    assert on_date(weekly("0 0 * * *"), "weekly", "2026-11-27") == datetime(2026, 11, 26, 23, tzinfo=UTC)


def test_a_date_with_a_time_needs_no_schedule(weekly):
    assert on_date(weekly("0 8 * * FRI"), "weekly", "2026-12-24 18:00") == datetime(2026, 12, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-12-24 18:00:00", "2026-12-24 18:00:30", "2026-12-24T18:00:45.5+01:00"])
def test_a_date_with_a_time_is_meant_to_the_minute(weekly, text):
    assert on_date(weekly("0 8 * * FRI"), "weekly", text) == datetime(2026, 12, 24, 17, tzinfo=UTC)


@pytest.mark.parametrize(("text", "hint"), [("tomorrow", "write it as"), ("2026-11-26", "give the time too")])
def test_a_date_without_an_issue_is_refused_with_a_hint(weekly, text, hint):
    with pytest.raises(ValueError, match=hint):
        on_date(weekly("0 8 * * FRI"), "weekly", text)
