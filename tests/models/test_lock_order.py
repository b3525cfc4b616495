"""Whoever changes several messages at once locks them in the order of their numbers, so that nobody waits in a circle.

Where the rows lie in the table is another order: here messages of later numbers lie before those of earlier ones.
"""

import threading
import time
import uuid
from contextlib import contextmanager

import pytest
from django.db import close_old_connections, connection, transaction

from newsletter.models import Event, Message
from newsletter.models.settling import Verdict
from newsletter.models.taking import Happening, take_in
from subscribers.erasing import erase
from subscribers.traces import Person
from tests.factories import NOW, make_message, make_sent_issue, make_subscriber, occasion

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite one writes at a time"),
]

PATIENCE = 60
"""Seconds, on a busy machine."""


@contextmanager
def waiting_for(number, work):
    """Let somebody do this work while we hold one message's row; the block runs when they wait for it."""
    thread = threading.Thread(target=apart, args=(work,))
    with transaction.atomic():
        list(Message.objects.filter(pk=number).select_for_update())
        thread.start()
        until = time.monotonic() + PATIENCE
        while not somebody_waits_for_us():
            assert thread.is_alive(), "it is done, and has waited for nobody"
            assert time.monotonic() < until, "nobody waits for the row"
        yield
    thread.join(PATIENCE)
    assert not thread.is_alive()


def apart(work):
    """Do it with a connection of its own."""
    close_old_connections()
    try:
        work()
    finally:
        connection.close()


def somebody_waits_for_us():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return cursor.fetchone()[0]


def free(rows):
    """Those of these rows that nobody has locked, in their order."""
    return list(rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))


def turn_round(messages):
    """Let these lie in the table in the opposite order."""
    for message in reversed(messages):
        Message.objects.filter(pk=message.pk).update(reason="moved")
    return Message.objects.filter(pk__in=[message.pk for message in messages])


@pytest.mark.parametrize("reasons", [("alike",) * 5, tuple("abcde")])
def test_a_sheet_is_settled_from_its_first_number_on(reasons):
    issue, claim = make_sent_issue(), uuid.uuid4()
    messages = [make_message(issue, state="submitting", claim=claim, lease_until=NOW) for _ in range(5)]
    rows, numbers = turn_round(messages), [message.pk for message in messages]
    verdicts = [Verdict(number, "submitted", reason) for number, reason in zip(numbers, reasons, strict=True)]
    with waiting_for(numbers[2], lambda: Message.settle(claim, verdicts, NOW)):
        # Ours is free to us; those before it are held, and those behind it are not.
        assert free(rows) == numbers[2:]
    assert set(rows.values_list("state", flat=True)) == {"submitted"}


def test_who_is_erased_has_their_messages_locked_in_order_and_before_their_events():
    person = make_subscriber()
    messages = [make_message(make_sent_issue(), person) for _ in range(3)]
    take_in([Happening(one.pk, Event.Kind.OPEN, NOW, judged="human") for one in messages], NOW)
    rows, numbers = turn_round(messages), [message.pk for message in messages]
    with waiting_for(numbers[1], lambda: erase(Person.of(person), occasion("erased"))):
        assert free(rows) == numbers[1:]
        assert len(free(Event.objects.all())) == 3
    assert not rows.filter(subscriber__isnull=False).exists()
