"""A list is deleted slice by slice: it is out of sight at once, and what was agreed to stays on record."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import IntegrityError, connection, connections, transaction

from subscribers import bulk, deleting, importing, segments
from subscribers.joining import ask, join
from subscribers.models import Bulk, Consent, Import, List, Origin, Subscriber, Subscription
from subscribers.wanted import Wanted
from tests.blocked import waits
from tests.factories import NOW, make_list, make_subscriber, occasion

pytestmark = pytest.mark.django_db


@pytest.fixture
def by_threes(monkeypatch):
    monkeypatch.setattr(deleting, "SLICE", 3)


def begun(name="extra"):
    return deleting.begin(make_list(name), NOW, "grace")


def finished(act):
    bulk.finish(act, lambda: NOW)
    act.refresh_from_db()
    return act


def test_its_subscriptions_go_and_people_and_consents_stay(by_threes):
    both = [make_subscriber(lists=("extra", "readers")) for _ in range(7)]
    left = make_subscriber(lists=("extra",))
    left.subscriptions.update(status="unsubscribed")
    extra = make_list("extra", title="Extra")
    Consent.note_all(Consent.Action.JOINED, occasion(), [one.pk for one in both], extra)
    job = Import.objects.create(file_name="people.csv", list=extra, status="done")

    act = finished(begun())

    assert (act.status, act.total, act.counts["changed"], act.percent) == ("done", 8, 8, 100)
    assert set(List.everywhere.values_list("name", flat=True)) == {"readers"}
    assert set(Subscription.objects.values_list("list__name", "status")) == {("readers", "active")}
    assert Subscriber.objects.count() == 8
    told = Consent.objects.filter(subscriber=both[0]).order_by("pk").values_list("action", "list", "list_name", "by")
    assert list(told) == [("joined", None, "extra", ""), ("removed", None, "extra", "grace")]
    assert not Consent.objects.filter(subscriber=left).exists()
    job.refresh_from_db()
    assert (job.list, job.list_name, importing.may_undo(job)) == (None, "extra", False)
    assert str(Bulk.objects.get()) == "delete the list extra"


def test_it_is_out_of_sight_at_once_and_its_name_is_free(by_threes):
    extra = make_list("extra", title="Extra", public=True)
    person = make_subscriber(lists=("extra",))
    act = begun()
    assert not List.objects.exists()
    assert Subscription.objects.get().list.title == "Extra"
    fresh = make_list("extra")
    assert fresh != extra
    join(person.email, "", ["extra"], occasion())
    finished(act)
    assert Subscription.objects.get().list == fresh


def test_a_kill_between_two_slices_loses_nothing_and_does_nothing_twice(by_threes, monkeypatch):
    for _ in range(8):
        make_subscriber(lists=("extra",))
    act = begun()
    assert bulk.step(act, NOW)
    noted = deleting.note_each

    def dies(*given):
        noted(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(deleting, "note_each", dies)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        bulk.step(act, NOW)
    monkeypatch.undo()
    assert (Subscription.objects.count(), Consent.objects.count()) == (5, 3)
    twin = Bulk.objects.get()
    while bulk.step(act, NOW) | bulk.step(twin, NOW):
        pass
    assert finished(act).counts == {"people": 8, "changed": 8}
    assert Consent.objects.filter(action="removed").count() == 8


def test_who_had_asked_for_nothing_else_and_not_confirmed_is_forgotten():
    make_list("extra")
    ask("stranger@example.org", ["extra"], occasion())
    known = make_subscriber(lists=("readers",))
    ask(known.email, ["extra"], occasion())
    finished(begun())
    assert list(Subscriber.objects.all()) == [known]
    assert list(Consent.objects.order_by("pk").values_list("subscriber", "action")) == [
        (known.pk, "asked"), (known.pk, "removed"),
    ]  # fmt: skip


def test_a_segment_that_asks_about_it_means_nobody_from_that_moment_on():
    make_subscriber(lists=("extra",))
    rules = {"kind": "list", "of": "extra", "is": "not_active"}
    assert segments.check(rules) == []
    begun()
    assert [one.text for one in segments.check(rules)] == ["there is no list “extra” (any more)"]


def test_who_is_erased_at_that_very_moment_does_not_leave_it_half_done(monkeypatch):
    for _ in range(2):
        make_subscriber(lists=("extra",))
    act = begun()

    def refused(*given):
        raise IntegrityError("a consent names a person who is gone")

    monkeypatch.setattr(deleting, "note_each", refused)
    bulk.work(lambda: NOW, Event())
    act.refresh_from_db()
    assert (act.status, Subscription.objects.count()) == ("running", 2)
    monkeypatch.undo()
    bulk.work(lambda: NOW, Event())
    act.refresh_from_db()
    assert (act.status, Subscription.objects.count()) == ("done", 0)


def test_no_import_goes_on_with_it_or_is_taken_back_meanwhile(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email\nada@example.org\n", encoding="utf-8")
    extra, jobs = make_list("extra"), []
    for name in ("done", "cancelled", "ready"):
        job = importing.take(file, f"{name}.csv", "grace", Origin.DESK)
        job.list = extra
        importing.start(job, NOW)
        jobs.append(job)
        if name == "done":
            importing.carry_on(Event(), lambda: NOW)
        elif name == "cancelled":
            importing.cancel(job, NOW)
    done, cancelled, ready = jobs
    Import.objects.filter(pk=ready.pk).update(status="done")  # it began at the very moment that the list went
    begun()
    Import.objects.filter(pk=ready.pk).update(status="ready")
    for job in jobs:
        job.refresh_from_db()
    with pytest.raises(importing.ImportRefused, match="is being deleted"):
        importing.start(cancelled, NOW)
    with pytest.raises(importing.ImportRefused, match="its list is being deleted"):
        importing.undo(done, occasion())
    Subscription.objects.all().delete()
    importing.carry_on(Event(), lambda: NOW)
    ready.refresh_from_db()
    assert (ready.status, ready.reason) == ("failed", "the list that these people were to join is gone")
    assert not Subscription.objects.exists()


def test_it_waits_for_whatever_is_at_work_on_the_list():
    extra = make_list("extra")
    make_subscriber()
    other = bulk.begin(Bulk.Kind.ADD, Wanted(), NOW, list=extra, reason="fair", by="grace")
    with pytest.raises(deleting.Busy, match="is at work on it"):
        begun()
    bulk.finish(other, lambda: NOW)
    act = begun()
    with pytest.raises(deleting.Busy, match="already"):
        deleting.begin(extra, NOW, "grace")
    bulk.work(lambda: NOW, Event())
    act.refresh_from_db()
    assert act.status == "done"
    assert Consent.objects.filter(source=Origin.DESK, action="removed", list_name="extra").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_joins_at_that_moment_is_on_no_list_that_is_gone():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time")
    make_list("extra")

    def go():
        try:
            finished(begun())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            join("ada@example.org", "", ["extra"], occasion())
            going = other.submit(go)
            assert waits(going)
        going.result(60)
    assert not Subscription.objects.exists()
    assert join("ada@example.org", "", ["extra"], occasion()).subscriptions.count() == 0
