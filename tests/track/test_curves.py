"""The first two days of an issue, hour by hour, beside what is usual for its newsletter."""

from datetime import timedelta

import pytest

from newsletter.models import Issue, Rollup
from newsletter.track.report import curves, tables
from tests.factories import NOW, make_event, make_message, make_sent_issue

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=9)


def hours(number, minutes=0):
    return timedelta(hours=number, minutes=minutes)


def sent(weeks=0, messages=4, **fields):
    """An issue of so many weeks before, and the messages of it; so many were sent as the roll-up says."""
    at = NOW - timedelta(weeks=weeks)
    issue = make_sent_issue(due_at=at, started_at=at, finished_at=at, **fields)
    Rollup.keep("messages", [["submitted", messages], ["excluded", 7]], at, 0, issue=issue)
    return issue, [make_message(issue) for _ in range(messages)]


def test_each_hour_has_the_share_reached_by_its_end():
    issue, messages = sent()
    make_event(messages[0], at=NOW + hours(0, 59))
    make_event(messages[0], at=NOW + hours(1))
    make_event(messages[1], at=NOW + hours(2), judged="prefetch")
    make_event(messages[2], at=NOW + hours(47, 59))
    make_event(messages[3], at=NOW + hours(48))
    told = curves(issue, 4, LATER).curves
    assert [told["opened"].shares[at] for at in (0, 1, 2, 46, 47)] == [0.25, 0.25, 0.5, 0.5, 0.75]
    assert [told["opened_adjusted"].shares[at] for at in (0, 2, 47)] == [0.25, 0.25, 0.5]
    assert told["clicked"].shares == [0.0] * 48


def test_an_issue_that_began_within_an_hour_counts_that_hour_as_its_first():
    issue, messages = sent()
    Issue.objects.filter(pk=issue.pk).update(started_at=NOW + hours(0, 40))
    issue.refresh_from_db()
    make_event(messages[0], at=NOW + hours(0, 50))
    assert curves(issue, 4, NOW + hours(2)).curves["opened"].shares == [0.25, 0.25, 0.25]


def test_hours_that_have_not_begun_are_not_told():
    issue, _ = sent()
    assert len(curves(issue, 4, NOW + hours(3)).curves["opened"].shares) == 4
    assert curves(issue, 0, LATER) is None
    assert curves(make_sent_issue(started_at=None), 4, LATER) is None


def test_what_is_usual_is_the_median_and_the_range_of_the_issues_before():
    for weeks, opened in ((1, 1), (2, 4), (3, 2)):
        issue, messages = sent(weeks)
        for message in messages[:opened]:
            make_event(message, at=issue.started_at + hours(1))
    issue, _ = sent()
    told = curves(issue, 4, LATER)
    usual = told.curves["opened_adjusted"]
    assert (told.earlier, usual.median[0], usual.median[1], usual.least[1], usual.most[1]) == (3, 0, 0.5, 0.25, 1.0)


def test_other_newsletters_and_issues_that_were_stopped_or_are_later_say_nothing_of_what_is_usual():
    sent(1, newsletter="other")
    sent(2, status="cancelled")
    sent(3, kind="summary")
    sent(-1)
    issue, _ = sent()
    found = curves(issue, 4, LATER)
    assert (found.earlier, found.curves["opened"].median) == (0, [])


def test_an_issue_of_before_the_upgrade_that_nobody_has_counted_is_left_out():
    issue, _ = sent(1)
    issue.rollups.all().delete()
    assert curves(sent()[0], 4, LATER).earlier == 0


def test_the_table_has_every_hour_and_nothing_where_there_is_nothing():
    issue, messages = sent()
    make_event(messages[0], at=NOW)
    rows = tables.curves(curves(issue, 4, NOW + hours(1))).as_dicts()
    assert len(rows) == 48
    assert (rows[0]["hour"], rows[0]["opened"], rows[0]["opened_usual"], rows[2]["opened"]) == (1, 0.25, None, None)
    assert tables.curves(None).rows == []
