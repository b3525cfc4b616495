"""A wall clock in a zone: one moment, none, or two."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter.moments import NoSuchHour, TwiceThatHour, read, settle

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("text", ["2026-12-03 18:00", " 2026-12-03T18:00 ", "2026-12-03T18:00:59"])
def test_a_time_is_meant_in_its_zone_to_the_minute(text):
    assert settle(read(text), BERLIN) == datetime(2026, 12, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2026-12-03", "2026-02-30 08:00", "2026-12-03 25:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match="is not a date with a time"):
        read(text)


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2027-03-28 02:30", "Europe/Berlin", "The nearest times are 01:59 and 03:00"),
        ("2027-03-28 02:00", "Europe/Berlin", "The nearest times are 01:59 and 03:00"),
        ("2026-10-04 02:10", "Australia/Lord_Howe", "The nearest times are 01:59 and 02:30"),
        ("2011-12-30 12:00", "Pacific/Apia",
         "The nearest times are 23:59 on Thursday 29 December 2011 and 00:00 on Saturday 31 December 2011"),
    ],
)  # fmt: skip
def test_the_hour_that_does_not_exist_is_named_with_the_two_nearest(text, zone, said):
    with pytest.raises(NoSuchHour, match=said):
        settle(read(text), ZoneInfo(zone), 1)


def test_of_the_hour_that_comes_twice_one_is_chosen():
    with pytest.raises(TwiceThatHour, match=r"the first \(CEST, UTC\+02:00\) or the second \(CET, UTC\+01:00\)"):
        settle(read("2026-10-25 02:30"), BERLIN)
    first, second = (settle(read("2026-10-25 02:30"), BERLIN, which) for which in (0, 1))
    assert (first, second) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    # Beside it there is nothing to choose.
    assert settle(read("2026-10-25 03:00"), BERLIN, 1) == datetime(2026, 10, 25, 2, tzinfo=UTC)
