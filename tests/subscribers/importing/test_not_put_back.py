"""Nobody is brought back by others: not who was erased, who has left since, or who complained."""

from datetime import timedelta
from threading import Event

import pytest

from subscribers import bulk
from subscribers.audience import Audience
from subscribers.erasing import erase
from subscribers.importing import writing
from subscribers.joining import ask, choose, join, leave, left
from subscribers.models import Bulk, Consent, Origin, Segment, Subscriber, Suppression
from subscribers.traces import Person
from subscribers.wanted import Wanted
from tests.factories import NOW, make_list, make_subscriber, make_suppression, occasion
from tests.subscribers.importing.conftest import told

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
STAFF = occasion("by letter", LATER, Origin.DESK, by="grace")


def erased(email="ada@example.org", kind=""):
    person = make_subscriber(email)
    if kind:
        make_suppression(email, kind)
    erase(Person.of(person), occasion("asked to"))


def reachable():
    return set(Audience(("readers", "friends")).reachable(LATER).values_list("key", flat=True))


def acted(kind, **how):
    act = bulk.begin(kind, Wanted(), NOW, by="grace", **how)
    bulk.finish(act, lambda: NOW)
    return act


def undone(act):
    bulk.finish(bulk.undo(act, LATER, "grace"), lambda: LATER)


@pytest.mark.parametrize("kind", ["", "bounced", "manual", "complained"])
def test_no_reason_brings_back_who_was_erased(load, kind):
    erased(kind=kind)
    assert told(load("email\nada@example.org\n", restore="by letter")) == {"kept_out": 1}
    assert not Subscriber.objects.exists()


def test_a_complaint_is_known_again_whoever_adds_the_person(load):
    erased(kind="complained")
    Subscriber.objects.create(email="ada@example.org", key="ada@example.org")
    join("ada@example.org", "", ["readers"], STAFF, Consent.Action.ADDED)
    assert reachable() == set()


def test_staff_do_not_lift_what_only_the_owner_can():
    erased()
    make_list()
    join("ada@example.org", "", ["readers"], STAFF, Consent.Action.ADDED)
    assert Suppression.objects.get().kind == "erased"
    join("ada@example.org", "", ["readers"], occasion("confirmed", LATER, Origin.MAIL))
    assert not Suppression.objects.exists()


def test_who_leaves_after_staff_took_them_off_is_not_brought_back_by_undoing_that():
    ada, bob = make_subscriber("ada@example.org"), make_subscriber("bob@example.org")
    act = acted(Bulk.Kind.REMOVE, list=make_list(), reason="a mistake")
    leave(ada, ["readers"], occasion("one click", LATER, Origin.ONE_CLICK))
    assert ada.consents.latest("pk").action == "left"
    undone(act)
    assert reachable() == {bob.key}


def test_undoing_a_suppression_lifts_no_later_complaint():
    ada, bob = make_subscriber("ada@example.org"), make_subscriber("bob@example.org")
    act = acted(Bulk.Kind.SUPPRESS, reason="a mistake")
    Suppression.objects.filter(key=ada.key).delete()
    make_suppression(ada.key, "complained")
    undone(act)
    assert [one.key for one in Suppression.objects.all()] == [ada.key]
    assert reachable() == {bob.key}


def test_bringing_many_back_lifts_no_complaint():
    ada = make_subscriber("ada@example.org", lists=())
    make_suppression(ada.key, "complained")
    acted(Bulk.Kind.ADD, list=make_list(), reason="fair", restore="by letter")
    assert reachable() == set()


def test_who_leaves_between_a_chunks_looking_and_its_writing_stays_away(upload, now):
    ada = ask("ada@example.org", [make_list().name], occasion("asked"))
    job = upload("email\nada@example.org\n")
    job.list = make_list()
    known = {0: writing.Known(ada.pk, "", "{}", "", "", ada.subscriptions.get().pk, "pending", now, None)}
    leave(ada, ["readers"], occasion("enough", LATER))
    verdict = writing.Verdict(activate={"pending": [0], "unsubscribed": []})
    writing._move(job, known, verdict, STAFF)
    assert ada.subscriptions.get().status == "unsubscribed"
    assert list(ada.consents.order_by("pk").values_list("action", flat=True)) == ["asked", "left"]


def test_what_a_file_says_of_people_is_noted_with_each(load):
    ada = make_subscriber("ada@example.org")
    load("email,status\nada@example.org,bounced\nbob@example.org,unsubscribed\n")
    assert ada.consents.get().action == "suppressed"
    assert Subscriber.objects.get(key="bob@example.org").consents.get().action == "left"


def test_who_was_taken_off_by_staff_is_offered_no_way_back():
    ada = make_subscriber("ada@example.org", lists=("board",))
    acted(Bulk.Kind.REMOVE, list=make_list("board"), reason="no member any more")
    assert left(ada) == set()


def test_a_change_about_a_segment_that_is_gone_is_given_up_and_the_next_one_goes_on():
    ada = make_subscriber("ada@example.org", name="Ada")
    rules = {"version": 1, "all": [{"kind": "name", "is": "set"}]}
    segment = Segment.objects.create(name="some", title="Some", rules=rules)
    broken = bulk.begin(Bulk.Kind.SUPPRESS, Wanted(segment="some"), NOW, by="grace", reason="?")
    segment.delete()
    fine = bulk.begin(Bulk.Kind.SUPPRESS, Wanted(), NOW, by="grace", reason="?")
    bulk.work(lambda: NOW, Event())
    broken.refresh_from_db()
    fine.refresh_from_db()
    assert (broken.status, fine.status) == ("cancelled", "done")
    assert Suppression.held([ada.key]) == {ada.key: "manual"}


def test_choosing_still_joins_what_is_new():
    ada = make_subscriber("ada@example.org", lists=())
    make_list("friends")
    assert choose(ada, {"friends"}, {"friends"}, occasion("chosen", LATER, Origin.PREFERENCES))
    assert reachable() == {ada.key}
