"""`newsletter calendar`, `skip` and `move`."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.compose import Plan
from newsletter.models import DateChange
from tests.factories import make_issue

pytestmark = pytest.mark.django_db
BACK = ["skip", "weekly"]


@pytest.fixture
def day(config):
    """A Friday some weeks ahead, on which `weekly` is due at eight in Berlin."""
    plan = Plan.of(config, "weekly")
    ahead = datetime.now(UTC) + timedelta(weeks=2)
    return next(plan.upcoming(ahead)).at.astimezone(plan.zone)


def test_a_date_is_left_out_shown_so_and_put_back(call, day):
    assert call("skip", "weekly", f"{day:%Y-%m-%d}", "--reason", "company party").code == 0
    rows = {row["due"]: row for row in call("calendar", "--json").facts}
    row = rows[day.isoformat()]
    assert (row["status"], row["reason"]) == ("left out", "company party")
    assert call("skip", "weekly", f"{day:%Y-%m-%d}").err.strip().endswith("nothing to leave out")
    call("skip", "weekly", f"{day:%Y-%m-%d}", "--undo")
    assert not DateChange.objects.exists()


def test_a_date_is_moved_by_day_or_by_day_and_time(call, day):
    call("move", "weekly", f"{day:%Y-%m-%d}", f"{day + timedelta(days=1):%Y-%m-%d}")
    call("move", "weekly", f"{day + timedelta(days=1):%Y-%m-%d}", f"{day + timedelta(days=2):%Y-%m-%d} 10:30")
    found = [row["due"] for row in call("calendar", "weekly", "--json").facts]
    assert (day + timedelta(days=2)).replace(hour=10, minute=30).isoformat() in found
    assert day.isoformat() not in found


def test_what_cannot_be_moved_is_said_in_a_line(call, day):
    make_issue(due_at=day, status="sent")
    assert "cannot be changed any more" in call("move", "weekly", f"{day:%Y-%m-%d}", "2099-01-01").err
    assert "nothing of weekly is due" in call("skip", "weekly", f"{day + timedelta(days=1):%Y-%m-%d}").err
    assert "write it as" in call("move", "weekly", f"{day:%Y-%m-%d}", "soon").err
    assert "has no newsletter 'monthly'" in call("calendar", "monthly").err
