"""Changing many people at once: whom it touches, what it leaves behind, and that it happens once."""

from datetime import timedelta
from threading import Event

import pytest

from subscribers import bulk
from subscribers.joining import ask, join
from subscribers.models import Bulk, Consent, Subscription, Suppression, Tag, Tagging, Touched, hash_of
from subscribers.wanted import Wanted
from tests.factories import NOW, make_list, make_subscriber, make_suppression, occasion

pytestmark = pytest.mark.django_db
Kind = Bulk.Kind


def done(kind, wanted=None, **circumstances):
    act = bulk.begin(kind, wanted or Wanted(), NOW, by="grace", **circumstances)
    bulk.finish(act, lambda: NOW)
    act.refresh_from_db()
    return act


def undone(act):
    made = bulk.undo(act, NOW, "grace")
    bulk.finish(made, lambda: NOW)
    return made


def test_a_tag_is_added_to_those_who_match_and_taken_from_exactly_those_again():
    had, gets, other = make_subscriber("a@x.example"), make_subscriber("b@x.example"), make_subscriber("c@y.example")
    tag = Tag.objects.create(name="press")
    Tagging.objects.create(tag=tag, subscriber=had)
    act = done(Kind.TAG, Wanted(domain="x.example"), tag=tag)
    assert set(tag.people.all()) == {had, gets}
    assert (act.status, act.total, act.counts) == ("done", 2, {"people": 2, "changed": 1})
    undone(act)
    assert set(tag.people.all()) == {had}
    assert other.tags.count() == 0


def test_untagging_can_be_undone_too():
    ada, tag = make_subscriber(), Tag.objects.create(name="press")
    Tagging.objects.create(tag=tag, subscriber=ada)
    act = done(Kind.UNTAG, tag=tag)
    assert not tag.people.exists()
    undone(act)
    assert tag.people.get() == ada


def people_of_all_sorts():
    extra = make_list("extra")
    fresh, held = make_subscriber("fresh@example.org"), make_subscriber("held@example.org")
    on, gone, asked = (make_subscriber(f"{name}@example.org", lists=("extra",)) for name in ("on", "gone", "asked"))
    gone.subscriptions.update(status="unsubscribed", reason="too much")
    asked.subscriptions.update(status="pending")
    make_suppression("held@example.org")
    return extra, fresh, held, on, gone, asked


def test_adding_to_a_list_leaves_alone_who_left_or_is_suppressed():
    extra, fresh, held, on, gone, asked = people_of_all_sorts()
    act = done(Kind.ADD, list=extra, reason="asked at the fair")
    assert act.counts == {"people": 5, "changed": 1, "suppressed": 1, "unsubscribed": 1, "unconfirmed": 1}
    assert dict(extra.subscriptions.values_list("subscriber", "status")) == {
        fresh.pk: "active", on.pk: "active", gone.pk: "unsubscribed", asked.pk: "pending",
    }  # fmt: skip
    row = fresh.subscriptions.get(list=extra)
    assert (row.how, row.source, row.joined_at, row.without) == ("asked at the fair", "desk", NOW, [])
    told = Consent.objects.get(subscriber=fresh)
    assert (told.action, told.note, told.by, told.list, told.list_name) == (
        "added", "asked at the fair", "grace", extra, "extra",
    )  # fmt: skip
    assert not Consent.objects.filter(subscriber__in=(on, gone, held, asked)).exists()


def test_whose_address_was_only_typed_is_not_added_without_a_reason_of_its_own():
    extra, friends = make_list("extra"), make_list("friends")
    left = make_subscriber("left@example.org")
    stranger = ask("stranger@example.org", ["friends"], occasion())
    confirmed = join("confirmed@example.org", "", ["readers"], occasion())
    left.subscriptions.update(status="unsubscribed")
    for one in (confirmed, left):
        ask(one.email, ["friends"], occasion())
    act = done(Kind.ADD, list=extra, reason="asked at the fair")
    assert (act.counts["changed"], act.counts["unconfirmed"]) == (2, 1)
    assert set(extra.subscriptions.values_list("subscriber", flat=True)) == {confirmed.pk, left.pk}
    done(Kind.ADD, list=friends, reason="fair", restore="the forms they signed lie in the office")
    assert friends.subscriptions.get(subscriber=stranger).status == "active"
    told = Consent.objects.filter(subscriber=stranger).order_by("pk").values_list("action", "note")
    assert list(told)[1:] == [("added", "fair; brought in all the same: the forms they signed lie in the office")]


def test_with_a_reason_they_are_brought_back_and_the_reason_is_kept():
    extra, _, held, _, gone, asked = people_of_all_sorts()
    Suppression.objects.update(kind="bounced")
    done(Kind.ADD, list=extra, reason="fair", restore="asked on the phone")
    assert gone.subscriptions.get().status == held.subscriptions.get(list=extra).status == "active"
    assert (gone.subscriptions.get().reason, asked.subscriptions.get().status) == ("", "active")
    assert not Suppression.objects.exists()
    assert Consent.objects.get(subscriber=gone).action == "restored"
    assert "asked on the phone" in Consent.objects.get(subscriber=gone).note
    assert set(Consent.objects.filter(subscriber=held).values_list("action", "list_name")) == {
        ("released", ""), ("added", "extra"),
    }  # fmt: skip


def test_removing_and_its_undoing_give_everybody_the_status_they_had():
    extra, *_, on, gone, asked = people_of_all_sorts()
    act = done(Kind.REMOVE, list=extra, reason="a mistake")
    assert set(extra.subscriptions.values_list("status", flat=True)) == {"unsubscribed"}
    assert Consent.objects.filter(action="removed", note="a mistake").count() == 2
    undone(act)
    statuses = {one: one.subscriptions.get().status for one in (on, gone, asked)}
    assert (statuses[on], statuses[gone]) == ("active", "unsubscribed")
    assert statuses[asked] != "active"


def test_suppressing_and_lifting():
    ada, held = make_subscriber("ada@example.org"), make_subscriber("held@example.org")
    make_suppression("held@example.org")
    act = done(Kind.SUPPRESS, reason="asked by letter")
    row = Suppression.objects.get(key="ada@example.org")
    assert (row.hash, row.kind, row.reason) == (hash_of("ada@example.org"), "manual", "asked by letter")
    assert [one.subscriber for one in Consent.objects.filter(action="suppressed")] == [ada]
    undone(act)
    assert Suppression.objects.get().key == held.key
    assert Consent.objects.filter(action="released", subscriber=ada).count() == 1


def test_a_step_counts_once_whoever_takes_it():
    people, tag = [make_subscriber() for _ in range(5)], Tag.objects.create(name="press")
    act = bulk.begin(Kind.TAG, Wanted(), NOW, by="grace", tag=tag)
    twin = Bulk.objects.get(pk=act.pk)
    while bulk.step(act, NOW, 2) | bulk.step(twin, NOW, 2):
        pass
    act.refresh_from_db()
    assert (tag.people.count(), act.counts["changed"], act.percent) == (len(people), len(people), 100)


def test_whoever_joins_meanwhile_is_not_meant():
    make_subscriber()
    tag = Tag.objects.create(name="press")
    act = bulk.begin(Kind.TAG, Wanted(), NOW, by="grace", tag=tag)
    make_subscriber("late@example.org")
    bulk.finish(act, lambda: NOW)
    assert tag.people.count() == 1


def test_the_job_goes_on_with_what_is_open_and_stops_when_asked():
    people, tag = [make_subscriber() for _ in range(3)], Tag.objects.create(name="press")
    act = bulk.begin(Kind.TAG, Wanted(), NOW, by="grace", tag=tag)
    stop = Event()
    stop.set()
    assert not bulk.work(lambda: NOW, stop, 1)
    bulk.step(act, NOW, 1)
    assert bulk.work(lambda: NOW, Event(), 1)
    assert tag.people.count() == len(people)
    assert not bulk.work(lambda: NOW, Event())


def test_a_cancelled_one_stays_where_it_is():
    for _ in range(3):
        make_subscriber()
    tag = Tag.objects.create(name="press")
    act = bulk.begin(Kind.TAG, Wanted(), NOW, by="grace", tag=tag)
    bulk.step(act, NOW, 1)
    assert bulk.cancel(act, NOW)
    assert not bulk.step(act, NOW)
    assert tag.people.count() == 1
    assert not bulk.cancel(act, NOW)


def test_what_can_no_longer_be_undone_is_forgotten():
    make_subscriber()
    act = done(Kind.TAG, tag=Tag.objects.create(name="press"))
    bulk.forget(NOW + timedelta(days=29))
    assert Touched.objects.filter(act=act).exists()
    bulk.forget(NOW + timedelta(days=31))
    assert not Touched.objects.exists()


def test_nobody_is_nothing_to_do():
    act = done(Kind.TAG, Wanted(tag="none"), tag=Tag.objects.create(name="press"))
    assert (act.status, act.total, act.counts) == ("done", 0, {})
    assert not Subscription.objects.exists()
