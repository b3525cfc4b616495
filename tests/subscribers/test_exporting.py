"""Exports: streamed, harmless in a spreadsheet, and read back by an import as they were."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime
from threading import Event

import pytest

from subscribers import exporting, importing
from subscribers.importing.people import plain
from subscribers.joining import leave
from subscribers.models import Field, Import, List, Subscriber, Subscription, Suppression, Tag, Tagging
from tests.factories import make_list, make_subscriber, make_suppression, occasion

pytestmark = pytest.mark.django_db


def told(rows):
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def table(lines):
    text = "".join(lines)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+49 30", "'+49 30"), ("-x", "'-x"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"),
        ("\rx", "'\rx"), ("'=1", "''=1"), ('"=1', "'\"=1"), ("'", "'"), ("O'Hara", "O'Hara"), ("a=b", "a=b"), ("", ""),
        ("'tis", "'tis"), (-5, -5), (True, True),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_calculate_is_disarmed_and_comes_back_as_it_was(cell, written):
    assert exporting.harmless(cell) == written
    if isinstance(cell, str):
        assert plain(written) == cell


def test_people_of_a_list_with_all_that_is_known_of_them(now):
    Field.objects.bulk_create([Field(name="city"), Field(name="age", kind="number"), Field(name="vip", kind="yes_no")])
    ada = make_subscriber("ada@example.org", ("readers", "others"), name="=Ada", language="de", time_zone="Europe/Rome")
    ada.fields = {"city": "Rome", "age": -3, "vip": True}
    ada.save()
    for title in ("Köln", "vip"):
        Tagging.objects.create(
            tag=Tag.objects.create(name=title.replace("ö", "o").lower(), title=title), subscriber=ada
        )
    leave(make_subscriber("bob@example.org"), ["readers"], occasion("asked to", now))
    make_subscriber("cy@example.org")
    make_suppression("cy@example.org")
    make_subscriber("di@example.org", ("others",))
    rows = table(exporting.people(make_list()))
    assert rows[0] == {
        "email": "ada@example.org", "name": "'=Ada", "language": "de", "time_zone": "Europe/Rome", "status": "active",
        "joined_at": "2026-11-20 07:00:00 UTC", "tags": "Köln, vip", "age": "-3", "city": "Rome", "vip": "yes",
    }  # fmt: skip
    assert [(row["email"], row["status"]) for row in rows[1:]] == [
        ("bob@example.org", "unsubscribed"), ("cy@example.org", "complained"),
    ]  # fmt: skip
    assert [row["email"] for row in table(exporting.people(make_list(), "unsubscribed"))] == ["bob@example.org"]
    everybody = table(exporting.people())
    assert [(row["email"], row["lists"], row["status"]) for row in everybody] == [
        ("ada@example.org", "others, readers", "active"), ("bob@example.org", "", "unsubscribed"),
        ("cy@example.org", "readers", "complained"), ("di@example.org", "others", "active"),
    ]  # fmt: skip
    assert [row["joined_at"] for row in everybody] == ["2026-11-20 07:00:00 UTC", "", *["2026-11-20 07:00:00 UTC"] * 2]
    some = Subscriber.objects.filter(key__startswith="d")
    assert [row["email"] for row in table(exporting.people(among=some))] == ["di@example.org"]


def test_an_export_read_back_into_an_empty_database_is_the_same(now, tmp_path):
    Field.objects.bulk_create([Field(name="city"), Field(name="age", kind="number"), Field(name="born", kind="date")])
    odd = ["=1+1", "'=x", 'O\'Hara; "quoted", Ltd', "+49 30", "Zoë", "'tis"]
    for number, value in enumerate(odd):
        fields = {"city": value, "age": number - 2, "born": "1815-12-10"}
        make_subscriber(f"reader{number}@example.org", name=value, fields=fields, language="de")
    make_subscriber("+plus@example.org")
    Subscription.objects.update(joined_at=datetime(2024, 5, 1, 10, tzinfo=UTC))
    leave(make_subscriber("gone@example.org"), ["readers"], occasion("asked to", now))
    make_subscriber("held@example.org")
    make_suppression("held@example.org", "bounced")
    Tagging.objects.create(tag=Tag.objects.create(name="vip"), subscriber=Subscriber.objects.order_by("pk").first())
    columns = "email", "key", "name", "fields", "language", "tags__name"
    people = told(Subscriber.objects.exclude(key="held@example.org").values_list(*columns))
    standing = set(
        Subscription.objects.exclude(subscriber__key="held@example.org").values_list("subscriber__key", "status")
    )
    file = tmp_path / "people.csv"
    file.write_text("".join(exporting.people(make_list())), encoding="utf-8", newline="")
    Subscriber.objects.all().delete()
    Suppression.objects.all().delete()
    Tag.objects.all().delete()

    report = importing.import_file(file, make_list(), now)

    assert report.outcomes | {"added": 7, "unsubscribed": 1, "suppressed": 1} == report.outcomes
    assert report.refusals == []
    assert told(Subscriber.objects.values_list(*columns)) == people
    assert set(Subscription.objects.values_list("subscriber__key", "status")) == standing
    assert set(Subscription.objects.filter(status="active").values_list("joined_at", flat=True)) == {
        datetime(2024, 5, 1, 10, tzinfo=UTC)
    }
    assert Suppression.objects.get().kind == "bounced"


def test_suppressions_come_back_whole_the_erased_as_hashes_alone(now, tmp_path):
    make_suppression("ada@example.org", "bounced")
    make_suppression("bob@example.org", "erased")
    Suppression.objects.filter(kind="erased").update(key=None, reason="=asked to be forgotten")
    columns = "key", "hash", "kind", "reason"
    before = set(Suppression.objects.values_list(*columns))
    lines = list(exporting.suppressions())
    assert "bob@example.org" not in "".join(lines)
    file = tmp_path / "held.csv"
    file.write_text("".join(lines), encoding="utf-8", newline="")
    Suppression.objects.all().delete()
    job = importing.take(file, "held.csv", "", "command", kind=Import.Kind.SUPPRESSIONS)
    importing.start(job, now)
    importing.resume(job, Event(), lambda: now)
    assert job.counts == {"suppressed": 2}
    held = set(Suppression.objects.values_list(*columns))
    assert {row[:3] for row in held} == {row[:3] for row in before}
    assert "=asked to be forgotten" in {row[3] for row in held}


def test_memory_is_flat_however_many_people_there_are():
    to = List.objects.create(name="many")

    def peak(number):
        Subscriber.objects.all().delete()
        made = Subscriber.objects.bulk_create(
            [Subscriber(email=f"r{n}@example.org", key=f"r{n}@example.org", name="x" * 100) for n in range(number)]
        )
        Subscription.objects.bulk_create(
            [Subscription(subscriber=one, list=to, changed_at="2026-11-20T07:00Z") for one in made]
        )
        del made
        tracemalloc.start()
        assert sum(1 for _ in exporting.people(to)) == number + 1
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return found

    small = peak(2500)
    assert peak(10_000) < 1.3 * small
