"""When an issue's hour comes where: on the date, at the time of day, in each zone, exactly once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from newsletter.models.hours import Hours, ahead
from subscribers.models import Subscriber
from tests.factories import make_subscriber

BERLIN = ZoneInfo("Europe/Berlin")


def hours(*local, zone="Europe/Berlin", fold=0):
    return Hours(datetime(*local, tzinfo=ZoneInfo(zone), fold=fold), zone)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Pacific/Auckland", utc(2026, 11, 19, 19)),
        ("Asia/Kathmandu", utc(2026, 11, 20, 2, 15)),
        ("Europe/Berlin", utc(2026, 11, 20, 7)),
        ("America/New_York", utc(2026, 11, 20, 13)),
        ("", utc(2026, 11, 20, 7)),
        ("Mars/Olympus", utc(2026, 11, 20, 7)),
    ],
)
def test_it_is_the_same_time_of_day_on_the_same_date(zone, moment):
    assert hours(2026, 11, 20, 8).moment(zone) == moment


def test_between_the_first_and_the_last_place_lie_26_hours():
    found = hours(2026, 11, 20, 8)
    assert (found.first, found.last) == (utc(2026, 11, 19, 18), utc(2026, 11, 20, 20))
    assert "Pacific/Kiritimati" in found.by_moment[found.first]
    assert found.after(found.first - timedelta(days=1)) == found.first
    assert found.after(found.last) == found.last
    assert found.come(found.first - timedelta(seconds=1)) == []
    assert "Pacific/Kiritimati" in found.come(found.first)


@pytest.mark.parametrize(
    ("local", "zone", "moment"),
    [
        # New York sets its clocks forward on 8 March 2026 at 2:00, and back on 1 November 2026 at 2:00.
        ((2026, 3, 8, 2, 30), "America/New_York", utc(2026, 3, 8, 7, 30)),  # 3:30 there: as much later as they are set
        ((2026, 11, 1, 1, 30), "America/New_York", utc(2026, 11, 1, 5, 30)),  # the first of the two
    ],
)
def test_the_hour_that_does_not_exist_and_the_one_that_comes_twice(local, zone, moment):
    assert hours(*local).moment(zone) == moment


def test_where_the_newsletters_own_hour_comes_twice_the_one_that_was_set_holds_there_and_next_door():
    first, second = hours(2026, 10, 25, 2, 30), hours(2026, 10, 25, 2, 30, fold=1)
    for zone in ("Europe/Berlin", "Europe/Paris", ""):
        assert first.moment(zone) == utc(2026, 10, 25, 0, 30)
        assert second.moment(zone) == utc(2026, 10, 25, 1, 30)
    assert second.moment("America/New_York") == utc(2026, 10, 25, 6, 30)


def test_the_second_of_two_hours_is_no_reason_to_be_early_where_it_does_not_exist():
    # Lord Howe Island, half an hour forward on 4 October 2026 at 2:00; nobody else changes then.
    here = Hours(datetime(2026, 10, 4, 2, 15, tzinfo=BERLIN, fold=1), "Europe/Berlin")
    assert here.moment("Australia/Lord_Howe") == utc(2026, 10, 3, 15, 45)


@pytest.mark.django_db
def test_the_database_has_for_each_person_the_same_moment_and_nothing_once_it_has_come():
    zones = ["", "Pacific/Auckland", "Asia/Kathmandu", "Europe/Berlin", "America/New_York", "Mars/Olympus"]
    for zone in zones:
        make_subscriber(time_zone=zone)
    found, now = hours(2026, 11, 20, 8), utc(2026, 11, 20, 3)
    kept = dict(Subscriber.objects.annotate(hour=found.still_to_come(now)).values_list("time_zone", "hour"))
    moments = {zone: found.moment(zone) for zone in zones}
    assert kept == {zone: at if at > now else None for zone, at in moments.items()}
    assert [zone for zone in zones if kept[zone] is None] == ["Pacific/Auckland", "Asia/Kathmandu"]


@pytest.mark.django_db
def test_a_clock_that_is_ahead_of_the_databases_is_known_by_how_much(django_db_setup):
    from django.db import connection

    found = ahead(timezone.now() + timedelta(hours=1))
    shared = connection.vendor == "postgresql"
    assert abs(found - timedelta(hours=1 if shared else 0)) < timedelta(seconds=30)
    assert ahead(timezone.now() - timedelta(hours=1)) == timedelta(0)
