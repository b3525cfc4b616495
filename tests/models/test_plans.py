"""How the ledger is asked: by steps along an index, also where the database has not counted its rows for long."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.models import Hold, Issue, Message
from subscribers.audience import Audience
from tests.factories import make_issue

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture
def issue(now):
    """One that has been sent to three thousand people, all of whom the database believes to be waiting."""
    issue = make_issue(status=Issue.Status.SENDING, started_at=now)
    Message.objects.bulk_create(Message(issue=issue, subscriber_id=number) for number in range(1, 3_001))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Message._meta.db_table}")
    Message.objects.update(state=State.SUBMITTED)
    yield issue
    Message.objects.update(subscriber=None)  # nobody stands behind the numbers


def plans(ask):
    """What the database does for each query that this makes."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            if query["sql"].startswith("SELECT"):
                cursor.execute(f"{explain} {query['sql']}")
                yield "\n".join(str(row) for row in cursor.fetchall())


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda issue, now: Message.any_open(issue), "message_due"),
        (lambda issue, now: Message.lapse(now, timedelta(minutes=5)), "message_lease"),
        (lambda issue, now: Message.routes_of(issue), "message_due"),
        (lambda issue, now: take(issue, now), "message_due"),
    ],
    ids=["open", "lapse", "routes", "take"],
)
def test_no_question_of_an_idle_lane_is_a_search_through_all_messages(issue, now, ask, index):
    found = [plan for plan in plans(lambda: ask(issue, now)) if Message._meta.db_table in plan]
    assert found
    for plan in found:
        assert index in plan
        assert f"Seq Scan on {Message._meta.db_table}" not in plan


def take(issue, now):
    hold = Hold(uuid4(), "fake", now, now + timedelta(minutes=5))
    return Message.take(issue, [""], 10, hold, Audience(("readers",)))


def test_what_is_open_is_found_in_each_state(issue, now):
    assert not Message.any_open(issue)
    for state in (State.PENDING, State.SUBMITTING, State.DEFERRED, State.HELD):
        Message.objects.filter(pk=Message.objects.first().pk).update(state=state)
        assert Message.any_open(issue)
        Message.objects.update(state=State.SUBMITTED)
