"""What stays of somebody who was erased: the figures, the proof of consent, and the hash that keeps them out."""

from datetime import timedelta
from uuid import uuid4

import pytest

from newsletter.models import Event, Like, Message, Verdict, Vote
from subscribers.erasing import erase, waiting_files
from subscribers.joining import ask, join
from subscribers.models import (
    Consent,
    Import,
    Subscription,
    Suppression,
    Upload,
    hash_of,
)
from subscribers.own_data import everything
from subscribers.traces import Person
from tests.factories import (
    make_event,
    make_issue,
    make_list,
    make_message,
    make_poll,
    make_subscriber,
    make_suppression,
    occasion,
)
from tests.subscribers.everywhere import KEY, NAME, TYPED, traces

pytestmark = pytest.mark.django_db


def test_the_figures_stay_as_they_were(now):
    person = make_subscriber(TYPED)
    message = make_message(subscriber=person)
    issue = message.issue
    make_event(message, Event.Kind.OPEN, agent="Mail 1.0")
    Like.keep(issue, person, now)
    make_poll(issue).vote(person, 1, now)
    erase(Person.of(person), occasion("erased", now))
    assert Message.counts(issue) == {"submitted": 1}
    assert (Event.objects.get().kind, Event.objects.get().agent) == ("open", "")
    assert (issue.likes.count(), Vote.objects.get().answer) == (1, 1)


def test_the_consents_keep_what_was_agreed_to_and_when(now):
    person = make_subscriber(TYPED, name=NAME)
    given = occasion(f"{TYPED} by form", network="192.0.2.0", form="/subscribe/weekly/")
    Consent.note_all(Consent.Action.CONFIRMED, given, [person.pk], make_list())
    erase(Person.of(person), occasion("asked to be erased", now + timedelta(days=1)))
    last, first = Consent.objects.all()
    assert (first.action, first.list_name, first.at, first.form) == ("confirmed", "readers", now, "/subscribe/weekly/")
    assert (first.hash, first.subscriber, first.network, first.note) == (hash_of(KEY), None, "", "(erased) by form")
    assert (last.action, last.hash, last.note) == ("erased", hash_of(KEY), "asked to be erased")


@pytest.mark.parametrize("kind", ["bounced", "complained", "manual"])
def test_a_suppression_keeps_its_kind_and_loses_its_address(now, kind):
    make_suppression(TYPED, kind)
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    kept = Suppression.objects.get()
    assert (kept.kind, kept.key, Suppression.held([KEY])) == (kind, None, {KEY: kind})


def test_no_import_brings_back_who_was_erased(now):
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    assert Suppression.held([KEY, "other@example.org"]) == {KEY: "erased"}


def test_who_was_erased_can_subscribe_again_and_be_erased_again(now):
    make_list("readers")
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    person = join(TYPED, "", ["readers"], occasion("by the link", now))
    assert (Suppression.held([KEY]), person.subscriptions.get().status) == ({}, Subscription.Status.ACTIVE)
    assert [one["what"] for one in everything(Person.of(person))["consents"]] == [
        "suppression lifted", "confirmed by mail", "Erased",
    ]  # fmt: skip
    erase(Person.of(person), occasion("erased", now))
    assert (Suppression.held([KEY]), traces(KEY)) == ({KEY: "erased"}, {})
    assert set(Consent.objects.values_list("hash", flat=True)) == {hash_of(KEY)}


@pytest.mark.parametrize("comes", [ask, join])
def test_who_complained_and_was_erased_is_still_held_when_they_come_again(now, comes):
    make_suppression(TYPED, "complained")
    make_list("readers")
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    if comes is ask:
        ask(TYPED, ["readers"], occasion())
    else:
        join(TYPED, "", ["readers"], occasion())
    assert Suppression.objects.get().key == KEY


def test_what_waits_is_withheld_and_what_is_on_the_wire_is_settled_without_the_address(now):
    person = make_subscriber(TYPED)
    held = {"claim": uuid4(), "lease_until": now + timedelta(minutes=5)}
    waiting = make_message(make_issue(), person, state="pending", **held)
    deferred = make_message(make_issue(), person, state="deferred", retry_at=now, reason=f"{TYPED} is busy")
    on_wire = make_message(make_issue(), person, state="submitting", **held)
    erase(Person.of(person), occasion("erased", now))
    for message in (waiting, deferred):
        message.refresh_from_db()
        assert (message.state, message.reason) == ("withheld", "erased since the audience was frozen")
        assert (message.claim, message.lease_until, message.retry_at) == (None, None, None)
    assert Message.settle(on_wire.claim, [Verdict(on_wire.pk, "failed", f"550 <{TYPED}>: no such user")], now) == 1
    on_wire.refresh_from_db()
    assert (on_wire.state, on_wire.reason) == ("failed", "550 <(address)>: no such user")


def test_who_is_still_here_is_named_in_the_servers_answer(now):
    message = make_message(state="submitting", claim=uuid4(), lease_until=now)
    Message.settle(message.claim, [Verdict(message.pk, "failed", "550 <ada@example.org>: no such user")], now)
    message.refresh_from_db()
    assert message.reason == "550 <ada@example.org>: no such user"


def test_a_file_that_is_still_to_be_imported_is_left_and_named(now):
    ahead = Import.objects.create(file_name="people.csv", status=Import.Status.READY)
    Upload.objects.create(of=ahead, number=1, data=TYPED.encode())
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    assert waiting_files() == [str(ahead)]
    assert Upload.objects.exists()
