"""Whatever dies or fails between a file and the database, each hit is an event once."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.models import Event, Spooled
from newsletter.track.hits import Hit
from newsletter.track.ingesting import Moved, alone
from newsletter.track.spool import waiting
from tests.factories import make_link, make_message, make_sent_issue
from tests.mails import Mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    return make_message()


def seen(message, at=None, **fields):
    return Hit("open", message.pk, 0, time.time() if at is None else at, "GET", **fields)


def files(mail):
    return waiting(mail.gate.ingester._folder)


def test_what_is_still_written_to_is_brought_in_as_it_grows(mail, message):
    for number in (1, 2):
        mail.open(message)
        assert mail.gate.ingester.ingest() == 1
        assert Event.objects.count() == number
    assert mail.gate.ingester.ingest() == 0
    assert Spooled.objects.get().offset == files(mail)[0].stat().st_size


def test_a_file_that_is_done_with_goes_and_its_row_with_it(mail, message):
    mail.open(message)
    mail.arrive()
    assert files(mail) == []
    assert not Spooled.objects.exists()


def test_another_process_goes_on_where_the_last_one_stopped(mail, message):
    mail.open(message)
    mail.gate.ingester.ingest()
    mail.open(message)
    mail.gate.spool.leave()
    assert Mail().gate.ingester.ingest() == 1
    assert Event.objects.count() == 2


def test_a_file_whose_events_are_there_is_not_read_again_though_it_could_not_be_deleted(mail, message):
    mail.open(message)
    mail.gate.spool.leave()
    data, file = files(mail)[0].read_bytes(), files(mail)[0]
    mail.gate.ingester.ingest()
    # The process died between saying that it is done and deleting it.
    file.write_bytes(data)
    Spooled.objects.create(name=file.name, offset=len(data), done_at=timezone.now())
    assert Mail().gate.ingester.ingest() == 0
    assert Event.objects.count() == 1
    assert files(mail) == []


def test_of_two_who_bring_the_same_hits_in_one_does(mail, message):
    mail.open(message)
    name, size = files(mail)[0].name, files(mail)[0].stat().st_size
    assert Spooled.reached(name) == 0
    assert Spooled.advance(name, 0, size)
    assert not Spooled.advance(name, 0, size)


def test_who_finds_that_another_has_moved_on_writes_nothing(mail, message, monkeypatch):
    mail.open(message)
    ingester, name = mail.gate.ingester, files(mail)[0].name
    ingester.ingest()
    mail.open(message)
    Spooled.objects.filter(name=name).update(offset=files(mail)[0].stat().st_size)
    with pytest.raises(Moved):
        ingester._page(name, ingester_page(mail))
    assert Event.objects.count() == 1


def ingester_page(mail):
    from newsletter.track.spool import opened, pages

    with opened(files(mail)[0]) as (handle, complete):
        return next(pages(handle, 0, complete))


def test_a_clock_that_steps_back_loses_and_repeats_nothing(mail, message):
    now = time.time()
    for at in (now, now + 7200, now - 7200, now - 3600, 0):
        mail.gate.spool.write(seen(message, at))
    assert mail.arrive() == 5
    times = sorted(Event.objects.values_list("at", flat=True))
    assert len(times) == 5
    assert times[-1] <= timezone.now()
    assert times[0].year == 1970


def test_a_line_that_holds_no_hit_is_counted_and_keeps_no_other_from_counting(mail, message, caplog):
    mail.open(message)
    with files(mail)[0].open("ab") as torn:
        torn.write(b"nonsense\n")
    mail.open(message)
    assert mail.arrive() == 2
    assert mail.gate.ingester.bad == 1
    assert "hold no hit" in caplog.text


def test_hits_of_nobody_and_of_other_issues_are_counted_and_no_events(mail, message):
    elsewhere = make_link(make_sent_issue())
    mail.gate.spool.write(seen(message)._replace(message=987654321))
    mail.gate.spool.write(seen(message)._replace(kind="click", link=elsewhere.pk))
    mail.gate.spool.write(seen(message)._replace(kind="click", link=987654321))
    assert mail.arrive() == 3
    assert mail.gate.ingester.strange == 3
    assert not Event.objects.exists()


def test_many_hits_of_many_people_arrive_in_few_transactions(mail, django_assert_max_num_queries):
    issue = make_sent_issue()
    link, messages = make_link(issue), [make_message(issue) for _ in range(20)]
    for message in messages * 10:
        mail.gate.spool.write(seen(message))
        mail.gate.spool.write(seen(message)._replace(kind="click", link=link.pk))
    with django_assert_max_num_queries(60):
        assert mail.arrive() == 400
    assert Event.objects.count() == 400


def test_one_at_a_time_brings_hits_in_on_one_machine(tmp_path):
    with alone(tmp_path) as first, alone(tmp_path) as second:
        assert (first, second) == (True, False)
    with alone(tmp_path) as third:
        assert third


def test_what_is_left_of_files_long_done_is_dropped():
    now = timezone.now()
    Spooled.objects.create(name="old", done_at=now - timedelta(days=91))
    Spooled.objects.create(name="young", done_at=now - timedelta(days=89))
    Spooled.objects.create(name="under way")
    Spooled.forget(now - timedelta(days=90))
    assert set(Spooled.objects.values_list("name", flat=True)) == {"young", "under way"}
