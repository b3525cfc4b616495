"""The tally of each day says what the consents say, whatever happens, in whatever order, and whoever is erased."""

import random
import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections, transaction

from subscribers import deleting, importing, tallying
from subscribers.bulk import finish
from subscribers.erasing import erase
from subscribers.growth import growth
from subscribers.models import Consent, Subscriber, Tallied, Tally
from subscribers.tallying import counted
from subscribers.traces import Person
from tests.factories import NOW, make_list, make_subscriber, occasion

pytestmark = pytest.mark.django_db
BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def tallied():
    rows = Tally.objects.values_list("list", "day", "source", "joined", "number")
    return {(of, day, source, joined): number for of, day, source, joined, number in rows}


def from_the_rows(zone=BERLIN):
    return dict(counted(Consent.objects.filter(list__isnull=False), zone))


def happened(action="joined", at=NOW, of="readers", source="page"):
    return Consent.objects.create(list=make_list(of), list_name=of, action=action, at=at, source=source)


def test_a_storm_of_everything_that_can_happen_leaves_no_drift(monkeypatch):
    monkeypatch.setattr(tallying, "WINDOW", 17)
    dice = random.Random(7)
    people = [make_subscriber(f"reader{n}@example.org") for n in range(12)]
    start = datetime(2026, 3, 20, tzinfo=UTC)
    for _ in range(300):
        what = dice.random()
        if what < 0.9:
            Consent.objects.create(
                subscriber=dice.choice([*people, None]), list=make_list(dice.choice(("readers", "friends", "press"))),
                action=dice.choice(Consent.Action.values), source=dice.choice(("page", "import", "desk")),
                at=start + timedelta(minutes=dice.randrange(90 * 24 * 60)),
            )  # fmt: skip
        elif what < 0.95 and len(people) > 2:
            erase(Person.of(people.pop()), occasion("asked to"))
        else:
            tallying.work(BERLIN)
            assert tallied() == from_the_rows()
    finish(deleting.begin(make_list("press"), NOW, "grace"), lambda: NOW)
    tallying.work(BERLIN)
    assert tallied() == from_the_rows()
    assert max(tallied().values()) > 1


def test_the_page_counts_what_the_tally_does_not_have_yet_and_nothing_twice():
    happened(), happened("left")
    tallying.work(BERLIN)
    happened(), happened(at=NOW - timedelta(days=40), source="import"), happened(of="friends")
    (readers,) = growth([make_list().pk], NOW.date(), NOW.date(), "day", BERLIN)
    assert (readers.joined, readers.left, readers.by_source) == (2, 1, {"page": 2})
    whole = growth([make_list().pk, make_list("friends").pk], *YEAR, "month", BERLIN)
    assert (sum(one.joined for one in whole), sum(one.left for one in whole)) == (4, 1)
    tallying.work(BERLIN)
    assert growth([make_list().pk, make_list("friends").pk], *YEAR, "month", BERLIN) == whole


def test_another_zone_has_other_days_and_half_hours_too():
    happened(at=datetime(2026, 11, 1, 18, 29, tzinfo=UTC)), happened(at=datetime(2026, 11, 1, 18, 30, tzinfo=UTC))
    tallying.work(BERLIN)
    assert [key[1] for key in tallied()] == [date(2026, 11, 1)]
    before = growth([make_list().pk], date(2026, 11, 1), date(2026, 11, 2), "day", KOLKATA)
    assert [one.joined for one in before] == [1, 1]
    tallying.work(KOLKATA)
    assert tallied() == from_the_rows(KOLKATA)
    assert growth([make_list().pk], date(2026, 11, 1), date(2026, 11, 2), "day", KOLKATA) == before


def test_a_kill_while_counting_counts_nothing_and_asking_to_stop_stops(monkeypatch):
    for _ in range(5):
        happened()
    monkeypatch.setattr(tallying, "WINDOW", 2)
    tallying.work(BERLIN, lambda: True)
    assert tallied() == {}
    add = tallying._add

    def dies(counts):
        add(counts)
        raise KeyboardInterrupt

    monkeypatch.setattr(tallying, "_add", dies)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        tallying.work(BERLIN)
    monkeypatch.undo()
    assert Tally.objects.count() == 0
    tallying.work(BERLIN)
    assert tallied() == from_the_rows()


def test_an_import_and_its_undoing_are_counted(tmp_path, now):
    (tmp_path / "people.csv").write_text("email\nada@example.org\nbob@example.org\n")
    job = importing.import_file(tmp_path / "people.csv", make_list(), now).job
    tallying.work(BERLIN)
    importing.undo(job, occasion("a mistake", now))
    importing.resume(job, threading.Event(), lambda: now)
    tallying.work(BERLIN)
    assert not Subscriber.objects.exists()
    assert sorted((key[3], number) for key, number in tallied().items()) == [(False, 2), (True, 2)]
    assert tallied() == from_the_rows()


@pytest.mark.django_db(transaction=True)
def test_what_is_written_by_a_slow_transaction_is_not_passed_over():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's writers take turns")
    make_list()
    written, go_on = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                happened()
                written.set()
                go_on.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(10)
    happened()  # a later number, and there first
    tallying.work(BERLIN)
    assert Tallied.objects.get().upto == 0
    go_on.set()
    thread.join(10)
    tallying.work(BERLIN)
    assert sum(tallied().values()) == 2
