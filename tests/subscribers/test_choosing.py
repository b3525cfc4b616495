"""What people choose of what they are on: each change once, guarded, and written down in a sentence."""

from datetime import timedelta

import pytest

from subscribers.choosing import introduce, leave_out, pause, resume, say_why, set_frequency
from subscribers.joining import Standing, ask, come_back, leave, left, standing
from subscribers.models import Subscriber, Suppression, hash_of
from tests.factories import NOW, make_list, make_subscriber, occasion

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return make_subscriber("ada@example.org", name="Ada")


def told(person):
    return list(person.consents.order_by("pk").values_list("action", "list_name", "note"))


def test_a_pause_is_written_down_and_changed_and_ended(ada):
    until = NOW + timedelta(weeks=4)
    for end in (until, until, until + timedelta(weeks=4)):
        pause(ada, end, occasion())
    resume(ada, occasion())
    resume(ada, occasion())
    ada.refresh_from_db()
    assert ada.paused_until is None
    assert told(ada) == [
        ("paused", "", "paused until 2026-12-18"), ("paused", "", "paused until 2027-01-15"),
        ("resumed", "", "asked to")
    ]  # fmt: skip


def test_a_pause_that_is_over_is_not_resumed(ada):
    pause(ada, NOW - timedelta(days=1), occasion())
    resume(ada, occasion())
    assert [action for action, _, _ in told(ada)] == ["paused"]


def test_a_frequency_is_of_a_list_that_they_are_on(ada):
    make_list("friends")
    assert set_frequency(ada, "readers", "monthly", occasion())
    assert not set_frequency(ada, "readers", "monthly", occasion())
    assert not set_frequency(ada, "friends", "monthly", occasion())
    leave(ada, ["readers"], occasion())
    assert not set_frequency(ada, "readers", "every", occasion())
    assert told(ada)[0] == ("chose", "readers", "a monthly summary")


def test_topics_that_were_not_offered_stay(ada):
    ada.subscriptions.update(without=["sport"])
    assert leave_out(ada, "readers", {"science", "forged"}, {"science", "world"}, occasion())
    assert not leave_out(ada, "readers", {"science"}, {"science", "world"}, occasion())
    assert ada.subscriptions.get().without == ["science", "sport"]
    assert leave_out(ada, "readers", set(), {"science", "sport"}, occasion())
    assert [note for _, _, note in told(ada)] == ["without science, sport", "all topics"]
    assert not leave_out(ada, "nowhere", {"science"}, {"science"}, occasion())


def test_what_somebody_says_of_themselves_is_noted_without_being_repeated(ada):
    assert introduce(ada, occasion(), name="Ada L.", language="de", time_zone="")
    assert not introduce(ada, occasion(), name="Ada L.", language="de")
    assert Subscriber.objects.get().language == "de"
    assert told(ada) == [("chose", "", "changed their name, language")]


def test_a_reason_is_of_what_was_left(ada):
    assert not say_why(ada, ["readers"], "too much", occasion())
    leave(ada, ["readers"], occasion())
    assert say_why(ada, ["readers", "friends"], "too much" * 100, occasion())
    assert len(ada.subscriptions.get().reason) == 300


def test_what_was_only_asked_for_was_never_left(ada):
    make_list("friends")
    ask("ada@example.org", ["friends"], occasion())
    leave(ada, ["readers", "friends"], occasion())
    assert left(ada) == {"readers"}
    assert come_back(ada, ["readers", "friends"], occasion()) == ["readers"]


def test_what_was_left_before_the_day_of_joining_was_kept_may_be_come_back_to(ada):
    ada.subscriptions.update(status="unsubscribed", joined_at=None)
    assert come_back(ada, ["readers"], occasion()) == ["readers"]


def test_what_an_address_is_to_a_list(ada):
    gone = make_subscriber("gone@example.org")
    leave(gone, ["readers"], occasion())
    make_subscriber("silent@example.org", status="dormant")
    Suppression.objects.create(key="bad@example.org", kind="complained")
    Suppression.objects.create(hash=hash_of("erased@example.org"), kind="erased")
    found = {
        who: standing(f"{who}@EXAMPLE.org", "readers") for who in ("ada", "gone", "silent", "bad", "erased", "new")
    }
    assert found == {
        "ada": Standing.ON, "gone": Standing.LEFT, "silent": Standing.NEW, "bad": Standing.HELD,
        "erased": Standing.ERASED, "new": Standing.NEW,
    }  # fmt: skip
