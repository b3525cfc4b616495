"""What is kept of every change: who, when, how, and the words that were shown."""

from datetime import timedelta

import pytest

from subscribers.joining import ask, choose, come_back, join, leave
from subscribers.models import Consent, Origin, Subscription, Suppression, Wording, hash_of
from tests.factories import make_list, make_subscriber, occasion

pytestmark = pytest.mark.django_db


def told(person):
    return list(person.consents.order_by("pk").values_list("action", "list_name", "note"))


def test_asking_waits_and_joining_ends_the_wait(now):
    make_list("readers")
    words = Wording.keep("Send me Atlas News every Friday.")
    first = occasion("asked on the page", form="/subscribe/weekly/", network="192.0.2.0", wording=words)
    person = ask("ada@example.org", ["readers"], first)
    one = person.subscriptions.get()
    assert (one.status, one.joined_at, one.source) == ("pending", None, "page")

    join("ada@example.org", "Ada", ["readers"], occasion("confirmed", now + timedelta(hours=1), Origin.MAIL))
    one.refresh_from_db()
    assert (one.status, one.joined_at, one.source) == ("active", now + timedelta(hours=1), "mail")
    assert told(person) == [("asked", "readers", "asked on the page"), ("confirmed", "readers", "confirmed")]
    kept = person.consents.get(action="asked")
    assert (kept.form, kept.network, kept.wording, kept.by) == ("/subscribe/weekly/", "192.0.2.0", words, "")


def test_asking_again_changes_nothing_for_who_is_on_the_list_or_has_left_it(now):
    ada, bob = make_subscriber("ada@example.org"), make_subscriber("bob@example.org")
    leave(bob, ["readers"], occasion("enough"))
    before = list(Subscription.objects.order_by("pk").values())
    for person in (ada, bob):
        ask(person.email, ["readers"], occasion("asked by somebody", now + timedelta(days=1)))
    assert list(Subscription.objects.order_by("pk").values()) == before
    assert (told(ada), told(bob)) == ([], [("left", "readers", "enough")])


def test_leaving_and_coming_back_is_each_written_down_once():
    person = make_subscriber("ada@example.org", ("readers", "friends"))
    for _ in range(2):
        leave(person, ["readers"], occasion("one click", source=Origin.ONE_CLICK, issue="weekly/2026-11-20"))
    assert person.subscriptions.get(list__name="readers").issue == "weekly/2026-11-20"
    assert come_back(person, ["readers", "friends", "nowhere"], occasion("undo")) == ["readers"]
    assert come_back(person, ["readers"], occasion("undo")) == []
    assert told(person) == [("left", "readers", "one click"), ("returned", "readers", "undo")]


def test_nobody_comes_back_to_a_list_they_were_never_on():
    person = make_subscriber()
    make_list("friends")
    assert come_back(person, ["friends"], occasion("a link")) == []
    assert person.subscriptions.count() == 1


def test_choices_are_written_down_list_by_list():
    person = make_subscriber("ada@example.org", ("readers",))
    make_list("friends")
    choose(person, {"friends"}, {"readers", "friends"}, occasion("chosen"))
    assert sorted(told(person)) == [("joined", "friends", "chosen"), ("left", "readers", "chosen")]


def test_an_erased_address_may_be_written_to_again_once_its_owner_confirms(now):
    make_list("readers")
    Suppression.objects.create(hash=hash_of("ada@example.org"), kind="erased")
    Suppression.objects.create(key="bob@example.org", kind="complained")
    person = join("ADA@example.org", "", ["readers"], occasion("confirmed"))
    join("bob@example.org", "", ["readers"], occasion("confirmed"))
    assert [one.kind for one in Suppression.objects.all()] == ["complained"]
    assert [action for action, _, _ in told(person)] == ["released", "confirmed"]


def test_addresses_are_held_by_their_hash_however_they_got_there():
    Suppression.objects.create(hash=hash_of("ada@example.org"), kind="erased")
    Suppression.objects.create(key="bob@example.org", kind="bounced")
    asked = ["ada@example.org", "bob@example.org", "cy@example.org"]
    assert Suppression.held(asked) == {"ada@example.org": "erased", "bob@example.org": "bounced"}


def test_the_same_words_are_one_version():
    assert Wording.keep("Yes.") == Wording.keep("Yes.") != Wording.keep("No.")


def test_what_was_agreed_to_outlives_person_and_list(now):
    person = make_subscriber("ada@example.org")
    leave(person, ["readers"], occasion("enough"))
    person.subscriptions.get().list.delete()
    person.delete()
    kept = Consent.objects.get()
    assert (kept.subscriber, kept.list, kept.list_name, kept.action) == (None, None, "readers", "left")


@pytest.mark.parametrize(
    ("source", "by", "who"),
    [(Origin.PAGE, "", "the person"), (Origin.DESK, "grace", "grace"), (Origin.SEED, "", "seed file")],
)
def test_nobody_is_said_to_have_done_what_a_file_or_staff_did(source, by, who):
    assert Consent(source=source, by=by).who == who
