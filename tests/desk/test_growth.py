"""The growth of lists: who joined and left on which day, and what the page shows of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from subscribers.growth import growth
from subscribers.models import Consent
from tests.factories import make_list, make_subscriber

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


def happened(action, at, of="readers", source="page"):
    return Consent.objects.create(
        subscriber=make_subscriber(lists=()), list=make_list(of), list_name=of, action=action, at=at, source=source
    )


def test_who_joined_and_left_counts_on_the_day_of_the_sites_own_zone():
    happened("confirmed", datetime(2026, 11, 1, 22, 59, tzinfo=UTC))
    happened("imported", datetime(2026, 11, 1, 23, 0, tzinfo=UTC), source="import")
    happened("left", datetime(2026, 11, 2, 12, 0, tzinfo=UTC))
    happened("asked", datetime(2026, 11, 2, 12, 0, tzinfo=UTC))
    happened("confirmed", datetime(2026, 11, 2, 12, 0, tzinfo=UTC), of="others")
    steps = growth([make_list().pk], date(2026, 11, 1), date(2026, 11, 3), "day", BERLIN)
    assert [(one.day.day, one.joined, one.left, one.net) for one in steps] == [(1, 1, 0, 1), (2, 1, 1, 0), (3, 0, 0, 0)]
    assert steps[1].by_source == {"import": 1}


@pytest.mark.parametrize(
    ("step", "days"),
    [("week", [date(2026, 10, 26), date(2026, 11, 2)]), ("month", [date(2026, 10, 1), date(2026, 11, 1)])],
)
def test_weeks_begin_on_monday_and_months_on_the_first(step, days):
    happened("joined", datetime(2026, 10, 31, 12, tzinfo=UTC))
    happened("stopped", datetime(2026, 11, 5, 12, tzinfo=UTC))
    steps = growth([make_list().pk], date(2026, 10, 28), date(2026, 11, 6), step, BERLIN)
    assert [one.day for one in steps] == days
    assert [(one.joined, one.left) for one in steps] == [(1, 0), (0, 1)]


def test_the_night_the_clocks_change_has_twentyfive_hours():
    for hour in range(25):
        happened("joined", datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=hour))
    steps = growth([make_list().pk], date(2026, 10, 25), date(2026, 10, 25), "day", BERLIN)
    assert [one.joined for one in steps] == [25]


def test_the_page_has_a_chart_its_table_and_the_same_as_csv(staff):
    today = timezone.localdate()
    happened("confirmed", timezone.now() - timedelta(minutes=1))
    happened("left", timezone.now() - timedelta(minutes=1))
    page = staff.get(reverse("desk-growth"), {"list": "readers"})
    assert (page.context["joined"], page.context["left"], page.context["net"]) == (1, 1, 0)
    assert 'data-type="bar"' in page.content.decode()
    rows = b"".join(staff.get(reverse("desk-growth"), {"format": "csv"}).streaming_content).decode().splitlines()
    assert rows[0].endswith("from,joined,left,net,subscribe page")
    assert rows[-1] == f"{today},1,1,0,1"


def test_nothing_is_said_to_be_nothing_and_nonsense_is_the_last_thirty_days(staff):
    page = staff.get(reverse("desk-growth"), {"since": "x", "until": "9999-01-01", "step": "hour", "list": "none"})
    assert "Nobody joined or left" in page.content.decode()
    asked = page.context["asked"]
    assert (asked.until, asked.until - asked.since, asked.step) == (timezone.localdate(), timedelta(days=29), "day")
