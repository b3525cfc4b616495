"""Asking people to stay, and letting them go: each change starts from its own status and leaves a row of consent."""

from datetime import timedelta

import pytest

from subscribers.models import Subscriber
from subscribers.sunset import ask_anew, ask_to_stay, stay, stop
from tests.factories import NOW, make_subscriber, occasion

pytestmark = pytest.mark.django_db
AGAIN = occasion("the rule", NOW + timedelta(days=1), "rule")


def of(status):
    return make_subscriber(f"{status}@example.org", status=status, asked_at=NOW if status != "active" else None)


@pytest.mark.parametrize(
    ("change", "start", "end", "action"),
    [
        (ask_to_stay, {"active"}, "asked", "win_back"),
        (stay, {"asked", "dormant"}, "active", "stayed"),
        (stop, {"asked"}, "dormant", "stopped"),
    ],
)
def test_only_those_in_the_right_status_change_and_only_once(change, start, end, action):
    people = {status: of(status) for status in Subscriber.Status.values}
    ids = [one.pk for one in people.values()]
    assert change(ids, AGAIN) == sorted(people[status].pk for status in start)
    assert change(ids, AGAIN) == []
    for status, one in people.items():
        one.refresh_from_db()
        assert one.status == (end if status in start else status)
        rows = [(row.action, row.source, row.at, row.note) for row in one.consents.all()]
        assert rows == ([(action, "rule", AGAIN.at, "the rule")] if status in start else [])


def test_asking_keeps_the_moment_and_staying_forgets_it():
    one = of("active")
    ask_to_stay([one.pk], AGAIN)
    one.refresh_from_db()
    assert one.asked_at == AGAIN.at
    stay([one.pk], AGAIN)
    one.refresh_from_db()
    assert one.asked_at is None


def test_a_question_that_reached_nobody_is_taken_back_without_a_word():
    people = {status: of(status) for status in Subscriber.Status.values}
    assert ask_anew(one.pk for one in people.values()) == 1
    people["asked"].refresh_from_db()
    assert (people["asked"].status, people["asked"].asked_at, people["asked"].consents.count()) == ("active", None, 0)
    people["dormant"].refresh_from_db()
    assert people["dormant"].status == "dormant"
