"""How far an issue is: counted by state and transport, with a rate, a time left, and reasons that are of a kind."""

from datetime import timedelta

import pytest

from newsletter.models import Message
from newsletter.models.carried import moved
from newsletter.models.counting import LARGE, count_all, count_rest
from newsletter.models.progress import pace, progress
from tests.factories import NOW, make_message, make_sent_issue

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture
def issue():
    return make_sent_issue(status="sending", started_at=NOW - timedelta(hours=1))


def put(issue, number, state=State.SUBMITTED, **fields):
    for _ in range(number):
        make_message(issue, state=state, **fields)


def of(issue, now=NOW):
    return progress(issue, "smtp", now)


def test_what_is_answered_is_counted_and_what_is_excluded_is_not(issue):
    put(issue, 3)
    put(issue, 1, State.DELIVERED)
    put(issue, 2, State.PENDING)
    put(issue, 1, State.SUBMITTING)
    put(issue, 1, State.DEFERRED, retry_at=NOW + timedelta(minutes=5))
    put(issue, 1, State.FAILED)
    put(issue, 1, State.UNCERTAIN)
    put(issue, 1, State.EXCLUDED)
    found = of(issue)
    assert (found.total, found.open, found.answered, found.percent) == (10, 4, 6, 60)
    assert (found.submitted, found.lost, found.uncertain) == (4, 1, 1)
    assert found.next_retry == NOW + timedelta(minutes=5)


def test_nothing_is_whole_before_everything_is_answered(issue):
    put(issue, 199)
    put(issue, 1, State.PENDING)
    assert of(issue).percent == 99


def test_an_issue_without_messages_is_no_further_than_nothing(issue):
    found = of(issue)
    assert (found.total, found.percent, found.rate, found.left) == (0, 0, 0.0, timedelta(0))


def test_the_rate_is_that_of_the_last_minute_and_says_how_long_is_left(issue):
    put(issue, 30, submitted_at=NOW - timedelta(seconds=20))
    put(issue, 5, submitted_at=NOW - timedelta(minutes=5))
    put(issue, 10, State.PENDING)
    found = of(issue)
    assert (found.rate, found.left) == (0.5, timedelta(seconds=20))


def test_nobody_can_say_how_long_it_takes_while_nothing_leaves(issue):
    put(issue, 5, submitted_at=NOW - timedelta(minutes=5))
    put(issue, 10, State.PENDING)
    assert (of(issue).rate, of(issue).left) == (0.0, None)


def test_the_first_minute_is_measured_from_the_start(issue):
    issue.started_at = NOW - timedelta(seconds=10)
    put(issue, 30, submitted_at=NOW - timedelta(seconds=5))
    assert of(issue).rate == 3.0


def test_of_more_than_are_looked_at_the_rate_is_that_of_the_latest():
    latest = [NOW - timedelta(seconds=2)] * 10
    assert pace(latest, NOW - timedelta(hours=1), NOW, sample=10) == 5.0


def test_each_transport_has_its_own_and_the_default_its_name(issue):
    put(issue, 3)
    put(issue, 2, route="big", submitted_at=NOW - timedelta(seconds=1))
    put(issue, 1, State.DEFERRED, route="big", retry_at=NOW + timedelta(minutes=2))
    put(issue, 1, State.DEFERRED, route="big", retry_at=NOW + timedelta(minutes=1))
    put(issue, 4, State.PENDING, route="big")
    ways = {way.name: way for way in of(issue).ways}
    assert set(ways) == {"smtp", "big"}
    assert (ways["smtp"].submitted, ways["smtp"].waiting) == (3, 0)
    big = ways["big"]
    assert (big.submitted, big.waiting, big.deferred, big.next_retry) == (2, 4, 2, NOW + timedelta(minutes=1))


def test_reasons_of_a_kind_are_one(issue):
    for number in range(3):
        put(issue, 1, State.FAILED, reason=f"550 5.1.1 <reader{number}@example.org>: unknown (4DkXyZ1q{number}w)")
    put(issue, 1, State.BOUNCED, reason="550 5.1.1 <reader@example.org>: unknown (4DkXyZ1q9w)")
    put(issue, 2, State.DEFERRED, reason="451 greylisted", retry_at=NOW)
    found = [(one.state, one.reason, one.count) for one in of(issue).failures]
    unknown = "550 5.1.1 …: unknown (…)"
    assert found == [("failed", unknown, 3), ("deferred", "451 greylisted", 2), ("bounced", unknown, 1)]


def test_it_asks_no_more_often_however_many_there_are(issue, django_assert_max_num_queries):
    put(issue, 3)
    put(issue, 3, State.FAILED)
    put(issue, 3, State.DEFERRED, retry_at=NOW)
    with django_assert_max_num_queries(6):
        of(issue)


def test_what_has_most_is_what_is_left_of_each_route(issue):
    for route in ("", "big"):
        put(issue, 5, route=route)
        put(issue, 2, State.PENDING, route=route)
        put(issue, 1, State.FAILED, route=route)
    before = count_all(issue)
    pending = issue.messages.filter(state=State.PENDING)
    issue.messages.filter(pk__in=pending.values("pk")[:3]).update(state=State.SUBMITTED)
    assert count_rest(issue, before) == count_all(issue)
    issue.messages.filter(state=State.SUBMITTED).update(state=State.DELIVERED)
    assert count_rest(issue, before) == count_all(issue)


def test_what_went_counts_for_who_carried_it_and_what_waits_for_whom_it_is_meant(issue):
    at = NOW - timedelta(seconds=10)
    put(issue, 2, route="bulk", transport="bulk", submitted_at=at)
    put(issue, 3, route="bulk", transport="spare", submitted_at=at)
    put(issue, 1, State.FAILED, route="bulk", transport="spare")
    put(issue, 4, State.PENDING, route="bulk")
    put(issue, 5, transport="smtp", submitted_at=at)
    put(issue, 1, State.DELIVERED, transport="spare", submitted_at=at)
    put(issue, 2, State.DEFERRED, transport="spare", retry_at=NOW + timedelta(minutes=5))
    found = {way.name: way for way in of(issue).ways}
    told = {name: (way.submitted, way.waiting, way.deferred, way.lost) for name, way in found.items()}
    assert told == {"bulk": (2, 4, 0, 0), "smtp": (5, 0, 2, 0), "spare": (4, 0, 0, 1)}
    assert (of(issue).total, of(issue).submitted, of(issue).open) == (18, 11, 6)
    rates = {name: round(way.rate * 60) for name, way in found.items()}
    assert rates == {"bulk": 2, "smtp": 5, "spare": 4}
    assert found["smtp"].next_retry == NOW + timedelta(minutes=5)


def test_what_is_meant_for_the_newsletters_own_transport_by_name_is_counted_with_it(issue):
    put(issue, 2, route="smtp", transport="smtp")
    put(issue, 1, State.PENDING)
    assert [(way.name, way.submitted, way.waiting) for way in of(issue).ways] == [("smtp", 2, 1)]


def test_a_large_issue_is_looked_through_only_where_there_are_several_ways(issue):
    put(issue, 1, transport="spare")
    many = {("", "submitted"): LARGE}
    assert moved(issue, "smtp", many, ["smtp"]) == {}
    assert moved(issue, "smtp", many, ["smtp", "spare"]) == {("", "spare", "submitted"): 1}
