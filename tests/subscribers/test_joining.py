"""Joining and leaving lists by oneself."""

from datetime import timedelta

import pytest

from subscribers.joining import choose, is_on, join
from subscribers.models import Subscriber, Subscription
from tests.factories import make_list, make_subscriber, occasion

pytestmark = pytest.mark.django_db
Status = Subscription.Status


def standing(person: Subscriber) -> dict[str, str]:
    return dict(person.subscriptions.values_list("list__name", "status"))


def test_who_joins_is_on_the_list_as_typed(now):
    make_list("readers")
    person = join("Ada@Example.org", "Ada", ["readers"], occasion("confirmed", now))
    assert (person.email, person.name, standing(person)) == ("Ada@example.org", "Ada", {"readers": Status.ACTIVE})


def test_joining_twice_keeps_the_first_day_and_the_known_name(now):
    make_list("readers")
    join("ada@example.org", "Ada", ["readers"], occasion("first", now))
    join("ADA@example.org", "Somebody", ["readers"], occasion("second", now + timedelta(days=1)))
    person = Subscriber.objects.get()
    subscription = person.subscriptions.get()
    assert (person.name, subscription.changed_at, subscription.how) == ("Ada", now, "first")


def test_who_left_may_come_back(now):
    person = make_subscriber("ada@example.org", name="Ada")
    person.subscriptions.update(status=Status.UNSUBSCRIBED)
    join("ada@example.org", "", ["readers"], occasion("again", now))
    assert standing(person) == {"readers": Status.ACTIVE}


def test_what_is_chosen_changes_what_was_offered_and_nothing_else(now):
    person = make_subscriber("ada@example.org", lists=("readers", "staff"))
    make_list("stories")
    choose(person, {"stories", "staff"}, {"readers", "stories"}, occasion("chosen", now))
    assert standing(person) == {
        "readers": Status.UNSUBSCRIBED, "stories": Status.ACTIVE, "staff": Status.ACTIVE,
    }  # fmt: skip


def test_somebody_is_on_only_with_every_list(now):
    make_subscriber("ada@example.org", lists=("readers",))
    assert is_on("ADA@example.org", ["readers"])
    assert not is_on("ada@example.org", ["readers", "stories"])
    assert not is_on("bea@example.org", ["readers"])
