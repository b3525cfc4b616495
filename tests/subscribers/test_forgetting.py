"""Who never said yes is forgotten; what else is known of anybody stays."""

from datetime import timedelta

import pytest

from subscribers.forgetting import forget_unconfirmed
from subscribers.joining import ask, join
from subscribers.models import Consent, Subscriber, Subscription
from tests.factories import NOW, make_list, make_message, make_subscriber, occasion

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
LATER = NOW + timedelta(days=8)


@pytest.fixture(autouse=True)
def readers():
    return make_list("readers")


def forget(**more):
    return forget_unconfirmed(LATER - WEEK, LATER, **more)


def test_somebody_who_never_confirmed_leaves_no_trace():
    ask("ada@example.org", ["readers"], occasion())
    assert forget() == 1
    assert not Subscriber.objects.exists()
    assert not Consent.objects.exists()
    assert forget() == 0


def test_who_asked_lately_or_asked_again_still_waits():
    ask("ada@example.org", ["readers"], occasion())
    ask("ada@example.org", ["readers"], occasion(at=NOW + timedelta(days=6)))
    ask("bob@example.org", ["readers"], occasion(at=NOW + timedelta(days=2)))
    assert forget() == 0
    assert Subscription.objects.count() == 2


def test_who_is_on_another_list_stays_and_it_is_noted():
    person = make_subscriber("ada@example.org", lists=("others",))
    ask("ada@example.org", ["readers"], occasion())
    assert forget() == 1
    assert list(person.subscriptions.values_list("list__name", "status")) == [("others", "active")]
    kept = person.consents.latest("pk")
    assert (kept.action, kept.list_name, kept.source) == ("expired", "readers", "rule")


@pytest.mark.parametrize("what", ["message", "fields", "confirmed once", "imported"])
def test_somebody_on_whom_anything_hangs_stays(what):
    person = ask("ada@example.org", ["readers"], occasion())
    if what == "message":
        make_message(subscriber=person)
    elif what == "confirmed once":
        Consent.note_all(Consent.Action.CONFIRMED, occasion(), [person.pk])
    else:
        known = {"fields": {"city": "Ulm"}} if what == "fields" else {"import_number": 7}
        Subscriber.objects.filter(pk=person.pk).update(**known)
    assert forget() == 1
    assert Subscriber.objects.filter(pk=person.pk).exists()
    assert not person.subscriptions.exists()


def test_who_confirmed_in_time_is_on_the_list():
    ask("ada@example.org", ["readers"], occasion())
    join("ada@example.org", "", ["readers"], occasion(at=NOW + timedelta(hours=1)))
    assert forget() == 0
    assert Subscription.objects.get().status == "active"


def test_more_than_one_chunk_is_forgotten():
    for number in range(5):
        ask(f"reader{number}@example.org", ["readers"], occasion())
    assert forget(chunk=2) == 5
    assert not Subscriber.objects.exists()
