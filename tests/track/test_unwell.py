"""A database that takes no writes costs the count of an open or a click, and the reader nothing."""

import sqlite3
import time

import psycopg
import pytest
from django.db import connection
from django.urls import reverse

from newsletter.models import Event
from tests.factories import make_link, make_message, token_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def message():
    return make_message()


@pytest.fixture
def read_only(message):
    """The database takes no writes any more."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1" if sqlite else "SET default_transaction_read_only = on")
        yield
        cursor.execute("PRAGMA query_only = 0" if sqlite else "SET default_transaction_read_only = off")


@pytest.fixture
def locked(message):
    """Another process holds the lock that writing an event takes, and does not let go."""
    make_link(message.issue)
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


def patience():
    """How long the connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if connection.vendor == "sqlite" else "SHOW lock_timeout")
        return cursor.fetchone()[0]


def click(client, message):
    return client.get(reverse("click", args=(message.issue.links.get().pk, token_of(message))))


def open_(client, message):
    return client.get(reverse("opened", args=(token_of(message),)))


@pytest.fixture(params=["read_only", "locked"])
def unwell(request, message):
    make_link(message.issue)
    request.getfixturevalue(request.param)


@pytest.mark.parametrize(("see", "status"), [(click, 302), (open_, 200)])
def test_the_reader_is_served_at_once_and_the_log_says_what_was_lost(client, message, unwell, caplog, see, status):
    before, began = patience(), time.monotonic()
    answer = see(client, message)
    assert time.monotonic() - began < 5
    assert answer.status_code == status
    assert "could not be recorded" in caplog.text
    assert not Event.objects.exists()
    assert patience() == before


@pytest.mark.parametrize("see", [click, open_])
def test_what_comes_once_the_database_is_well_again_counts(client, message, see):
    make_link(message.issue)
    before = patience()
    see(client, message)
    assert Event.objects.count() == 1
    assert patience() == before


def test_an_unsubscription_that_cannot_be_kept_is_not_confirmed(client, message, read_only):
    client.raise_request_exception = False
    answer = client.post(reverse("unsubscribe", args=(token_of(message),)))
    assert answer.status_code == 500
