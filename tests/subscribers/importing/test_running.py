"""Imports are carried on by whoever is free: once each, stopped and resumed, cancelled, side by side."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import IntegrityError, connection, connections

from subscribers import importing
from subscribers.importing import ImportRefused, running, writing
from subscribers.models import Consent, Field, Import, Seen, Subscriber, Subscription, Tagging, Upload
from tests.factories import make_list, make_subscriber

pytestmark = pytest.mark.django_db


def rows(number, start=0, more=""):
    return "email,name\n" + "".join(f"reader{n}@example.org,Reader {n}\n" for n in range(start, start + number)) + more


class StopAfter(Event):
    """Set once it has been asked so often."""

    def __init__(self, times):
        super().__init__()
        self._left = times

    def is_set(self):
        self._left -= 1
        return self._left < 0


@pytest.fixture
def ready(upload, now):
    """An import of this text that waits for its turn."""

    def go(text, **wishes):
        job = upload(text)
        job.list = make_list()
        for name, value in wishes.items():
            setattr(job, name, value)
        importing.start(job, now)
        return job

    return go


def test_nothing_is_found_where_nothing_waits(upload, now):
    upload(rows(1))
    assert importing.carry_on(Event(), lambda: now) is False
    assert not Subscriber.objects.exists()


def test_a_stopped_import_goes_on_where_it_stopped(ready, now):
    job = ready(rows(12_000, more="nobody\nreader0@example.org\n"))
    assert importing.carry_on(StopAfter(1), lambda: now) is True
    job.refresh_from_db()
    assert (job.status, job.rows_done, job.claim, Subscriber.objects.count()) == ("running", 5000, None, 5000)
    assert importing.carry_on(Event(), lambda: now) is True
    job.refresh_from_db()
    assert (job.status, job.rows_done, job.rows_total) == ("done", 12_002, 12_002)
    assert job.counts == {"added": 12_000, "refused": 1, "repeated": 1}
    assert Subscription.objects.count() == Consent.objects.count() == 12_000
    assert not Upload.objects.exists()
    assert not Seen.objects.exists()
    assert importing.carry_on(Event(), lambda: now) is False


def test_who_joins_at_the_very_moment_is_joined_once(ready, now, monkeypatch):
    ada, grace = make_subscriber("ada@example.org"), make_subscriber("grace@example.org", lists=())
    ada.subscriptions.update(how="by themselves")
    ready("email\nada@example.org\ngrace@example.org\nalan@example.org\n")
    # As it is when they come in between the import's looking and its writing.
    monkeypatch.setattr(writing, "_known", lambda job: {})
    importing.carry_on(Event(), lambda: now)
    assert dict(Subscription.objects.values_list("subscriber__key", "how")) == {
        "ada@example.org": "by themselves",
        "grace@example.org": "imported from people.csv",
        "alan@example.org": "imported from people.csv",
    }
    imported = Consent.objects.filter(action="imported").values_list("subscriber__key", flat=True)
    assert sorted(imported) == ["alan@example.org", "grace@example.org"]
    assert {ada.pk, grace.pk} < set(Subscriber.objects.values_list("pk", flat=True))


def test_where_numbers_run_behind_nobody_is_put_on_a_list_for_somebody_else(ready, now):
    stranger = make_subscriber("stranger@example.org", lists=())
    ready("email\nada@example.org\n")
    # As it is where rows were copied in with their numbers, and the counter was left as it was.
    before = {
        "postgresql": f"SELECT setval('subscribers_subscriber_id_seq', {stranger.pk}, false)",
        "sqlite": f"UPDATE sqlite_sequence SET seq = {stranger.pk - 1} WHERE name = 'subscribers_subscriber'",
    }
    with connection.cursor() as cursor:
        cursor.execute(before[connection.vendor])
    with pytest.raises(IntegrityError):
        importing.carry_on(Event(), lambda: now)
    assert list(Subscriber.objects.all()) == [stranger]
    assert not Subscription.objects.exists()


def test_who_is_forgotten_at_the_very_moment_is_not_tagged(ready, now, monkeypatch):
    def meanwhile(job, people, tag=writing._tag):
        Subscriber.objects.filter(key="grace@example.org").delete()
        tag(job, people)

    monkeypatch.setattr(writing, "_tag", meanwhile)
    job = ready("email\nada@example.org\ngrace@example.org\n", tags=["press"])
    importing.carry_on(Event(), lambda: now)
    job.refresh_from_db()
    assert job.status == "done"
    assert list(Tagging.objects.values_list("subscriber__key", flat=True)) == ["ada@example.org"]


def test_a_claim_holds_until_its_lease_ends_and_can_be_taken_over_on_demand(ready, now):
    job = ready(rows(3))
    dead = running.claim(now)
    assert importing.carry_on(Event(), lambda: now + timedelta(seconds=59)) is False
    assert importing.resume(job, Event(), lambda: now) is True
    assert (job.status, job.rows_done) == ("done", 3)
    running.work_on(dead, Event(), lambda: now)
    job.refresh_from_db()
    assert (job.status, Subscriber.objects.count()) == ("done", 3)


def test_after_the_lease_anybody_goes_on(ready, now):
    job = ready(rows(3))
    running.claim(now)
    assert importing.carry_on(Event(), lambda: now + timedelta(seconds=61)) is True
    job.refresh_from_db()
    assert job.status == "done"


def test_who_was_taken_over_in_the_middle_writes_nothing_more(ready, now):
    job = ready(rows(7000))
    slow = running.claim(now)
    importing.carry_on(StopAfter(1), lambda: now + timedelta(minutes=2))
    running.work_on(slow, Event(), lambda: now)
    job.refresh_from_db()
    assert (job.status, job.rows_done, Subscriber.objects.count()) == ("running", 5000, 5000)


def test_a_cancelled_import_keeps_what_is_in_and_can_be_started_again(ready, now):
    job = ready(rows(7000))
    importing.carry_on(StopAfter(1), lambda: now)
    assert importing.cancel(job, now) is True
    assert importing.cancel(job, now) is False
    assert importing.carry_on(Event(), lambda: now) is False
    assert (job.status, Subscriber.objects.count()) == ("cancelled", 5000)
    importing.start(job, now)
    importing.carry_on(Event(), lambda: now)
    job.refresh_from_db()
    assert (job.status, job.counts) == ("done", {"added": 7000})


def test_an_import_is_not_started_twice_nor_without_a_list_nor_with_a_mapping_that_cannot_be(upload, ready, now):
    job = ready(rows(1))
    with pytest.raises(ImportRefused, match="is waiting for its turn already"):
        importing.start(job, now)
    other = upload(rows(1))
    with pytest.raises(ImportRefused, match="say which list these people join"):
        importing.start(other, now)
    other.list = make_list()
    for mapping, reason in (
        ([{"header": "email", "as": "email"}], "2 columns, and the mapping 1"),
        ([{"header": "email", "as": "email"}, {"header": "name", "as": "shoe"}], "“name” cannot be “shoe”"),
        ([{"header": "email", "as": "email"}, {"header": "name", "as": "email"}], "2 columns are said to be the email"),
        ([{"header": "email", "as": "skip"}, {"header": "name", "as": "name"}], "no column is headed `email`"),
        ([{"header": "email", "as": "email"}, {"header": "name", "as": "field", "field": "Å"}], "cannot be a field's"),
    ):
        other.mapping = mapping
        with pytest.raises(ImportRefused, match=reason):
            importing.start(other, now)
    assert Import.objects.get(pk=other.pk).status == "uploaded"


def test_a_file_that_is_gone_fails_with_words(ready, now):
    job = ready(rows(1))
    Upload.objects.all().delete()
    importing.carry_on(Event(), lambda: now)
    job.refresh_from_db()
    assert (job.status, job.reason) == ("failed", "the file is not kept any more; upload it again")


def test_a_field_that_changes_its_kind_in_between_is_read_by_the_new_one(ready, now):
    text = "email,age\n" + "".join(f"reader{n}@example.org,{n}\n" for n in range(5001)) + "x@example.org,old\n"
    job = ready(text)
    importing.carry_on(StopAfter(1), lambda: now)
    Field.objects.filter(name="age").update(kind="number")
    importing.carry_on(Event(), lambda: now)
    job.refresh_from_db()
    assert job.counts == {"added": 5002, "cells": 1}
    known = dict(Subscriber.objects.values_list("key", "fields"))
    assert known["reader1@example.org"] == {"age": "1"}
    assert known["reader5000@example.org"] == {"age": 5000}
    assert known["x@example.org"] == {}
    assert job.refusals.get().reason == "taken without “age”: “old” is not a number"


def test_old_reports_files_and_abandoned_uploads_are_forgotten(upload, load, now):
    report = load("email\nnobody\n")
    abandoned, waiting = upload(rows(1)), upload(rows(1))
    Import.objects.filter(pk=abandoned.pk).update(created_at=now - timedelta(days=40))
    Import.objects.filter(pk=waiting.pk).update(created_at=now)
    importing.forget(now - timedelta(days=30))
    assert (report.job.refusals.count(), Upload.objects.count()) == (1, 1)
    assert not Import.objects.filter(pk=abandoned.pk).exists()
    importing.forget(now + timedelta(seconds=1))
    assert report.job.refusals.count() == 0
    assert list(Import.objects.values_list("pk", flat=True)) == [report.job.pk]


# ── side by side ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_with_the_same_people_in_two_orders_add_each_once(ready, now):
    forth = rows(6000)
    back = "email,name\n" + "".join(f"reader{n}@example.org,Reader {n}\n" for n in reversed(range(6000)))
    jobs, start = [ready(forth), ready(back)], Barrier(2)

    def work(job):
        try:
            start.wait()
            return importing.resume(job, Event(), lambda: now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(work, jobs)) == [True, True]
    for job in jobs:
        job.refresh_from_db()
        assert (job.status, job.rows_done) == ("done", 6000)
    assert Subscriber.objects.count() == Subscription.objects.count() == Consent.objects.count() == 6000
    assert jobs[0].counts.get("added", 0) + jobs[1].counts.get("added", 0) == 6000


def test_memory_is_flat_however_long_the_file_is(ready, now):
    def peak(number, start):
        job = ready(rows(number, start))
        tracemalloc.start()
        importing.carry_on(Event(), lambda: now)
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        job.refresh_from_db()
        assert job.counts == {"added": number}
        return found

    small = peak(10_000, 0)
    assert peak(30_000, 10_000) < 1.2 * small
