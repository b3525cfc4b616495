"""A database that takes no writes costs the reader nothing, and no open or click either: they wait."""

import os
import sqlite3
import time

import psycopg
import pytest
from django.db import Error, connection
from django.urls import reverse

from newsletter.models import Event, Spooled
from newsletter.track import gate
from newsletter.track.ingesting import Ingester
from tests.factories import make_link, make_message, token_of
from tests.mails import Mail

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def message():
    message = make_message()
    make_link(message.issue)
    return message


@pytest.fixture
def read_only(message):
    """Makes the database take no writes any more, or take them again."""
    sqlite = connection.vendor == "sqlite"

    def switch(on):
        with connection.cursor() as cursor:
            if sqlite:
                cursor.execute(f"PRAGMA query_only = {int(on)}")
            else:
                cursor.execute(f"SET default_transaction_read_only = {'on' if on else 'off'}")

    yield switch
    switch(False)


@pytest.fixture
def locked(message):
    """Another process holds the lock that writing an event takes, and does not let go."""
    parameters = connection.get_connection_params()
    if connection.vendor == "sqlite":
        other = sqlite3.connect(parameters["database"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        names = ("dbname", "user", "password", "host", "port")
        other = psycopg.connect(**{name: parameters[name] for name in names if name in parameters})
        other.execute("LOCK TABLE newsletter_event IN EXCLUSIVE MODE")
    yield
    other.rollback()
    other.close()


def click(mail, message):
    return mail.click(message, message.issue.links.get())


def test_a_database_that_is_locked_keeps_no_reader_waiting(mail, message, locked):
    began = time.monotonic()
    assert [click(mail, message).status, mail.open(message).status] == [302, 200]
    assert time.monotonic() - began < 5


def test_what_comes_while_it_takes_no_writes_counts_once_it_does(mail, message, read_only):
    # Asked for before: who asks has a connection of their own, and the database's mood here is this connection's.
    mail.gate.ask(message.issue.links.get().pk)
    read_only(True)
    assert [click(mail, message).status, mail.open(message).status] == [302, 200]
    for _ in range(2):
        with pytest.raises(Error):
            mail.arrive()
    read_only(False)
    assert mail.arrive() == 2
    assert Event.objects.count() == 2


def test_what_fails_on_the_way_in_leaves_neither_events_nor_how_far_they_came(mail, message, monkeypatch):
    mail.open(message)
    # A table that is gone stands for any failure in the middle: the place in the file has been moved on by then.
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE newsletter_tally RENAME TO away")
    try:
        with pytest.raises(Error):
            mail.arrive()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO newsletter_tally")
    assert (Event.objects.count(), Spooled.objects.get().offset) == (0, 0)
    assert mail.arrive() == 1
    assert Event.objects.count() == 1


def test_that_hits_wait_is_logged_once_and_that_they_wait_no_more(message, caplog, config):
    caplog.set_level("INFO")
    ingester = Ingester(config)
    for _ in range(2):
        ingester._unwell("no server")
    ingester._well()
    ingester._well()
    assert caplog.text.count("wait in") == 1
    assert caplog.text.count("go into the database again") == 1


def test_an_unsubscription_that_cannot_be_kept_is_not_confirmed(client, message, read_only):
    read_only(True)
    client.raise_request_exception = False
    answer = client.post(reverse("unsubscribe", args=(token_of(message),)))
    assert answer.status_code == 500


def test_what_is_wrong_with_hits_is_in_the_answer_to_who_watches(client, message, monkeypatch):
    mail = Mail()
    monkeypatch.setitem(gate._gates, os.getpid(), mail.gate)
    assert client.get("/healthz").json()["checks"]["hits"] == "ok"
    mail.gate.spool._folder.parent.mkdir(parents=True, exist_ok=True)
    mail.gate.spool._folder.write_text("in the way")
    mail.open(message)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "cannot be kept" in answer.json()["checks"]["hits"]
    assert "(1 lost since the start)" in answer.json()["checks"]["hits"]
