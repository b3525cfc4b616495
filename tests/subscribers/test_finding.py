"""Finding people: what a search promises, what each filter means, and that nobody waits for either."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, connections, transaction

from subscribers import importing, limits, lookup
from subscribers.finding import Count, Page, Search, look_through
from subscribers.importing import running
from subscribers.models import Segment, Subscriber, Tag, Tagging
from subscribers.wanted import Unclear, Wanted
from tests.factories import NOW, make_list, make_subscriber, make_suppression

pytestmark = pytest.mark.django_db


def found(**asked):
    return [Subscriber.objects.get(pk=number).email for number in Search(Wanted.of(asked), NOW).page().numbers]


ADA, GRACE, MAX = "ada@mail.example.org", "grace@mail.example.org", "max@xn--mller-kva.example"


@pytest.mark.parametrize(
    ("q", "who"),
    [
        ("ada", [ADA]), ("LOVELACE", [ADA]), ("lace mail", [ADA]), ("example.org", [GRACE, ADA]), ("nobody", []),
        ("gr", [GRACE]), ("ac", []), ("Ada@MAIL.example.org", [ADA]), ("100%", []), ('"', []), ("müller", [MAX]),
        ("max@müller.example", [MAX]), ("ace hop", [GRACE]), ("\0", [MAX, GRACE, ADA]),
    ],
)  # fmt: skip
def test_each_word_is_looked_for_anywhere_in_address_and_name(q, who):
    make_subscriber("ada@mail.example.org", name="Ada Lovelace")
    make_subscriber("grace@mail.example.org", name="Grace Hopper")
    make_subscriber("max@müller.example", name="Max Müller")
    keys = [Subscriber.objects.get(email=one).key for one in found(q=q)]
    assert keys == who


def test_a_name_in_capitals_of_another_alphabet_is_found():
    make_subscriber("x@example.org", name="ÖZGÜR Ünal")
    assert found(q="ünal") == ["x@example.org"]


def test_the_index_follows_changes_and_leaving():
    ada = make_subscriber("ada@example.org", name="Ada")
    ada.name = "Countess"
    ada.save()
    assert (found(q="countess"), found(q="ada")) == (["ada@example.org"], ["ada@example.org"])
    ada.key, ada.email = "new@example.org", "new@example.org"
    ada.save()
    assert (found(q="ada@"), found(q="new@")) == ([], ["new@example.org"])
    ada.delete()
    assert found(q="countess") == []


def test_without_the_index_a_search_finds_the_same():
    make_subscriber("ada@example.org", name="Ada Lovelace")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in ("added", "gone", "changed"):
                cursor.execute(f"DROP TRIGGER {lookup.TABLE}_{name}")
            cursor.execute(f"DROP TABLE {lookup.TABLE}")
        else:
            cursor.execute(f"DROP INDEX {lookup.TABLE}")
    assert found(q="lovel") == ["ada@example.org"]
    lookup.ensure("default")
    assert found(q="lovel") == ["ada@example.org"]


def test_a_migration_that_lost_the_triggers_has_the_index_made_anew():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its index itself")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {lookup.TABLE}_added")
    make_subscriber("late@example.org")
    assert found(q="late@") == []
    lookup.ensure("default")
    assert found(q="late@") == ["late@example.org"]


def test_a_large_import_does_without_the_index_and_has_it_made_anew_behind(monkeypatch, tmp_path):
    dropped = []
    monkeypatch.setattr(running, "_MANY", 3)
    monkeypatch.setattr(lookup, "suspend", lambda drop=lookup.suspend: dropped.append(drop()))
    file = tmp_path / "people.csv"
    for names in (("ada", "grace", "alan"), ("max",)):
        file.write_text("email,name\n" + "".join(f"{one}@example.org,{one}\n" for one in names), encoding="utf-8")
        importing.import_file(file, make_list(), NOW)
        assert len(dropped) == 1  # the second adds less than there are
    assert found(q="grac") == ["grace@example.org"]
    assert lookup.mend() == (connection.vendor == "postgresql")
    assert lookup.mend() is False
    assert found(q="grac") == ["grace@example.org"]


@pytest.mark.django_db(transaction=True)
def test_an_import_does_not_wait_for_whoever_reads_for_long(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite keeps its index")
    monkeypatch.setattr(lookup, "_PATIENCE", "50ms")
    reading, over = Event(), Event()

    def back_up():
        with transaction.atomic():
            Subscriber.objects.count()
            reading.set()
            over.wait(60)
        connections.close_all()

    with ThreadPoolExecutor(1) as other:
        done = other.submit(back_up)
        reading.wait(60)
        lookup.suspend()
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)
        assert not done.done()
        over.set()
        done.result(60)
    assert lookup.mend() is True


def test_an_index_that_was_never_finished_is_made_anew():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite finishes an index or has none")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [lookup.TABLE])
    assert lookup.mend() is True
    assert lookup.mend() is False


def test_active_is_who_is_on_a_list():
    make_subscriber("left@example.org").subscriptions.update(status="unsubscribed")
    make_subscriber("never@example.org", lists=())
    make_subscriber("here@example.org", lists=("readers", "extra")).subscriptions.filter(list__name="extra").delete()
    assert found(standing="active") == ["here@example.org"]


def test_each_filter_finds_its_people():
    ada = make_subscriber("ada@a.example", language="de", flag="role")
    grace = make_subscriber("grace@b.example", lists=("readers", "extra"), status="dormant")
    alan = make_subscriber("alan@b.example", lists=(), paused_until=NOW + timedelta(days=1))
    make_suppression("ada@a.example")
    Tagging.objects.create(tag=Tag.objects.create(name="press"), subscriber=grace)
    grace.subscriptions.filter(list__name="extra").update(status="unsubscribed")
    Subscriber.objects.filter(pk=alan.pk).update(created_at=NOW - timedelta(days=400), import_number=7)
    a, g, n = "ada@a.example", "grace@b.example", "alan@b.example"
    assert found(list="readers") == [g, a]
    assert found(list="extra") == []
    assert (found(list="extra", on="unsubscribed"), found(list="extra", on="any")) == ([g], [g])
    assert (found(tag="press"), found(tag="none")) == ([g], [])
    assert [found(standing=one) for one in ("suppressed", "complained", "bounced", "dormant", "paused", "active")] == [
        [a], [a], [], [g], [n], [],
    ]  # fmt: skip
    assert (found(flag="role"), found(language="de"), found(domain="@B.example")) == ([a], [a], [n, g])
    assert (found(until="2025-12-31"), found(made_by="7")) == ([n], [n])
    assert found(numbers=[ada.pk, alan.pk], domain="b.example") == [n]
    assert found(q="example", list="readers", tag="press", standing="dormant") == [g]


@pytest.mark.parametrize("asked", [{"since": "yesterday"}, {"made_by": "x"}, {"segment": "none"}])
def test_what_cannot_be_asked_is_said(asked):
    with pytest.raises(Unclear):
        Search(Wanted.of(asked), NOW).page()


def test_a_range_of_days_ends_with_the_last_one():
    one = make_subscriber("ada@example.org")
    Subscriber.objects.filter(pk=one.pk).update(created_at=NOW)
    assert found(since="2026-11-20", until="2026-11-20") == ["ada@example.org"]
    assert found(since="2026-11-21") == found(until="2026-11-19") == []


def test_pages_follow_each_other_without_gap_or_overlap():
    people = [make_subscriber().pk for _ in range(7)][::-1]
    search, below, seen = Search(Wanted.of({"q": "example"}), NOW), None, []
    for _ in range(3):
        page = search.page(below, size=3)
        seen += page.numbers
        below = page.below
    assert (seen, below) == (people, None)


def test_counts_are_exact_where_that_is_quick_and_estimates_say_so():
    for _ in range(12):
        make_subscriber(language="de")
    search = Search(Wanted.of({"language": "de"}), NOW)
    assert str(search.count()) == "12"
    assert search.estimate() == Count(12, exact=False)
    assert [str(Count(number, exact=False)) for number in (412_000, 0, None)] == [
        "about 412,000", "few, if any,", "an uncounted number of",
    ]  # fmt: skip


def test_a_question_that_takes_too_long_is_given_up_and_the_connection_stays_of_use():
    endless = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT i FROM n) x"
    make_subscriber()
    with pytest.raises(limits.TooLong), limits.within(0.05), connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {endless}")
    assert Subscriber.objects.count() == 1


def test_a_search_that_runs_out_of_time_says_how_far_it_came():
    wanted = make_subscriber("ada@example.org", language="xx")
    for _ in range(30):
        make_subscriber()
    people, long_ago = Subscriber.objects.filter(language="xx"), 0.0
    first = look_through(people, None, 50, long_ago, width=20)
    assert (first.numbers, first.cut) == ([], True)
    assert look_through(people, first.below, 50, long_ago, width=20) == Page([wanted.pk])


def test_who_is_wanted_is_told_in_words_and_kept_as_json():
    wanted = Wanted.of({"q": "smith", "list": "readers", "tag": "press", "unknown": "x", "on": ""})
    assert str(wanted) == "search “smith”, list readers (active), tag press"
    assert Wanted.of(wanted.values()) == wanted
    assert str(Wanted()) == "everybody"
    assert Wanted.of(Wanted(numbers=(1, 2)).values()).numbers == (1, 2)
    assert not Segment.objects.exists()
