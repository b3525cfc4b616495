"""Sending an issue, from the freeze to the last message, on real rows and real files."""

import email
import email.policy
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from threading import Event

import pytest
from django.db import connection, connections

from newsletter import tokens
from newsletter.config import Problem
from newsletter.models import Issue, Message
from newsletter.send import check, finish, sample, send_test, start
from newsletter.send.transports import State
from newsletter.send.transports.outbox import OutboxTransport
from subscribers.joining import leave
from tests.factories import make_edition, make_issue, make_subscriber, make_suppression, occasion
from tests.send.conftest import KEY, MARKER, PAGE, PLAIN, FakeTransport, send_all, states, with_holes

pytestmark = pytest.mark.django_db
Status = Issue.Status


def files(config):
    return sorted((config.outbox / "weekly").rglob("*.eml"), key=lambda file: int(file.stem))


def run(config, issue, clock, transport=None, stop=None):
    send_all(config, issue, clock, transport, stop)
    issue.refresh_from_db()


class Watched(OutboxTransport):
    """The outbox, with something happening before the second message."""

    def __init__(self, config, happening):
        super().__init__("outbox", config)
        self.happening = [lambda: None, happening]

    def submit(self, mailing, readers, journal):
        super().submit(mailing, self._watched(readers), journal)

    def _watched(self, readers):
        for reader in readers:
            if self.happening:
                self.happening.pop(0)()
            yield reader


# ── the start ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def scheduled(now):
    def make(**fields):
        issue = make_issue(**{"status": Status.SCHEDULED, "send_at": now, **fields})
        issue.edition = make_edition(issue, html=with_holes(PAGE), text=with_holes(PLAIN), marker=MARKER)
        issue.save()
        return issue

    return make


def test_starting_freezes_the_audience_once(config, scheduled, now):
    make_subscriber()
    issue = scheduled()
    again = Issue.objects.get(pk=issue.pk)
    assert start(config, issue, now) is True
    make_subscriber()
    assert start(config, again, now) is False
    assert (issue.status, issue.started_at, states(issue)) == (Status.SENDING, now, {"pending": 1})


@pytest.mark.parametrize(
    "since",
    [
        {"status": Status.PAUSED, "reason": "paused by hand"},
        {"status": Status.CANCELLED},
        {"status": Status.IN_REVIEW},
    ],
)
def test_an_issue_that_was_stopped_since_it_was_read_is_not_started(config, scheduled, now, since):
    make_subscriber()
    issue = scheduled()
    Issue.objects.filter(pk=issue.pk).update(**since)
    assert start(config, issue, now) is False
    issue.refresh_from_db()
    assert issue.status == since["status"]
    assert issue.reason == since.get("reason", "")
    assert states(issue) == {}


def test_an_issue_that_was_put_off_since_it_was_read_is_not_started(config, scheduled, now, clock):
    make_subscriber()
    issue = scheduled()
    clock.forward(days=1)
    Issue.objects.filter(pk=issue.pk).update(send_at=clock.now)
    assert start(config, issue, now) is False
    assert start(config, issue, clock.now) is True


def test_an_issue_for_nobody_is_paused_and_says_so(config, scheduled, now):
    make_subscriber("barred@example.org")
    make_suppression("barred@example.org")
    issue = scheduled()
    assert start(config, issue, now) is True
    assert issue.status == Status.PAUSED
    assert "nobody to send to" in issue.reason
    assert states(issue) == {"excluded": 1}


def test_an_issue_whose_newsletter_is_gone_from_the_configuration_waits_with_the_reason(config, scheduled, now):
    issue = scheduled(newsletter="lost")
    assert start(config, issue, now) is False
    issue.refresh_from_db()
    assert issue.status == Status.SCHEDULED
    assert "no newsletter 'lost'" in issue.reason


# ── from the first message to the last ───────────────────────────────────────────────────────────────────────────────


def test_everyone_gets_their_own_message_and_the_issue_is_sent(config, sending, clock):
    issue = sending(25)
    run(config, issue, clock)
    assert states(issue) == {"submitted": 25}
    assert (issue.status, issue.finished_at, issue.reason) == (Status.SENT, clock.now, "")
    found = files(config)
    assert [int(file.stem) for file in found] == list(issue.messages.order_by("pk").values_list("pk", flat=True))
    for file, row in zip(found, issue.messages.order_by("pk").select_related("subscriber"), strict=True):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert message["To"] == row.subscriber.email
        token = message["List-Unsubscribe"].removeprefix("<http://127.0.0.1:8000/u/").removesuffix(">")
        assert tokens.read(token, [KEY]) == row.pk
        assert (row.attempts, row.transport, row.submitted_at) == (1, "outbox", clock.now)


def test_a_second_run_sends_nothing(config, sending, clock):
    issue = sending(3)
    run(config, issue, clock)
    transport = FakeTransport()
    run(config, issue, clock, transport)
    Issue.objects.filter(pk=issue.pk).update(status=Status.SENDING)
    run(config, issue, clock, transport)
    assert transport.calls == []
    assert issue.status == Status.SENT


def test_a_wish_to_stop_leaves_the_rest_waiting_and_nothing_uncertain(config, sending, clock):
    issue, stop = sending(5), Event()
    run(config, issue, clock, Watched(config, stop.set), stop)
    assert (states(issue), issue.status) == ({"pending": 4, "submitted": 1}, Status.SENDING)
    assert len(files(config)) == 1
    run(config, issue, clock)
    assert (states(issue), issue.status, len(files(config))) == ({"submitted": 5}, Status.SENT, 5)


@pytest.mark.parametrize("status", [Status.PAUSED, Status.CANCELLED])
def test_stopping_an_issue_in_the_middle_stops_it_after_the_message_on_the_wire(config, sending, clock, status):
    issue = sending(5)
    run(config, issue, clock, Watched(config, lambda: Issue.objects.get(pk=issue.pk).go(status)))
    assert (states(issue), issue.status) == ({"pending": 3, "submitted": 2}, status)
    run(config, issue, clock)
    assert len(files(config)) == 2


def test_who_unsubscribes_in_the_middle_gets_nothing(config, sending, clock):
    issue = sending(4)
    last = issue.messages.order_by("pk").last()
    run(config, issue, clock, Watched(config, lambda: leave(last.subscriber, ["readers"], occasion("link", clock.now))))
    assert (states(issue), issue.status) == ({"submitted": 3, "withheld": 1}, Status.SENT)
    assert last.pk not in [int(file.stem) for file in files(config)]


@pytest.mark.django_db(transaction=True)
def test_many_workers_share_an_issue_without_sending_anything_twice(make_config, sending, clock, now):
    config = make_config(send={"batch": 3})
    issue = sending(40)
    transports = [FakeTransport(at_once=2) for _ in range(4)]

    def work(transport):
        try:
            send_all(config, issue, clock, transport)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, transports))
    issue.refresh_from_db()
    assert (issue.status, states(issue)) == (Status.SENT, {"submitted": 40})
    taken = [email for transport in transports for email in transport.taken]
    assert len(taken) == len(set(taken)) == 40


def test_a_fault_in_every_message_pauses_the_issue_before_anyone_is_counted_as_failed(make_config, sending, clock):
    config = make_config()
    config.newsletters["weekly"].sender.__dict__["address"] = "zoë@example.org"
    issue = sending(3)
    run(config, issue, clock)
    assert (states(issue), issue.status) == ({"pending": 3}, Status.PAUSED)
    assert "no message can be made of this issue" in issue.reason


@pytest.mark.parametrize("broken", ["edition", "newsletter"])
def test_an_issue_that_has_lost_what_it_needs_says_so_and_sends_nothing(config, sending, clock, broken):
    issue = sending(1)
    changes = {"edition": None} if broken == "edition" else {"newsletter": "lost"}
    Issue.objects.filter(pk=issue.pk).update(**changes)
    run(config, issue, clock)
    assert "nothing approved to send, or config.yaml has lost the newsletter" in issue.reason
    assert states(issue) == {"pending": 1}


def test_the_transport_is_closed_whatever_happens(config, sending, clock):
    for answer in (State.SUBMITTED, ZeroDivisionError()):
        transport = FakeTransport(answer)
        with suppress(ZeroDivisionError):
            run(config, sending(1), clock, transport)
        assert transport.closed


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["pending", "submitting", "deferred"])
def test_an_issue_is_not_sent_while_anything_of_it_is_open(sending, now, state):
    issue = sending(2)
    Message.objects.filter(pk=issue.messages.first().pk).update(state=state)
    issue.messages.exclude(pk=issue.messages.first().pk).update(state="submitted")
    assert finish(issue, now) is False
    assert issue.status == Status.SENDING


def test_what_failed_or_is_uncertain_does_not_keep_an_issue_open(sending, now):
    issue = sending(2)
    first = issue.messages.first()
    issue.messages.update(state="failed")
    Message.objects.filter(pk=first.pk).update(state="uncertain")
    assert finish(issue, now) is True
    assert finish(issue, now) is False
    assert (issue.status, issue.finished_at) == (Status.SENT, now)


# ── tests and samples ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_test_goes_out_marked_with_a_token_of_its_own_and_outside_the_ledger(config, sending, now):
    issue = sending(1)
    outcomes = send_test(config, KEY, issue, issue.edition, ["ada@example.org", "zoë@example.org"], now)
    assert [one.state for one in outcomes] == [State.SUBMITTED, State.FAILED]
    (file,) = (config.outbox / "weekly").rglob("*.eml")
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["Subject"].startswith("[Test] ")
    token = message["List-Unsubscribe"].removesuffix(">").rpartition("/")[2]
    assert tokens.read(token, [KEY], tokens.TEST) == issue.pk
    with pytest.raises(tokens.BadToken):
        tokens.read(token, [KEY])
    assert states(issue) == {"pending": 1}


def test_a_sample_is_what_a_reader_would_get(config, sending, now):
    make_subscriber("ada@example.org", name="Ada")
    issue = sending(0)
    data = sample(config, KEY, issue, issue.edition, "ada@example.org", now)
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert (message["To"], message["Subject"]) == ("Ada <ada@example.org>", issue.edition.subject)
    assert "Dear Ada," in message.get_body(("plain",)).get_content()


def test_check_reports_each_transport_in_use(make_config):
    config = make_config(newsletters={"weekly": {"transport": "outbox"}})
    assert check(config) == []
    config.outbox.parent.mkdir(parents=True, exist_ok=True)
    config.outbox.rmdir()
    config.outbox.write_text("in the way")
    (problem,) = check(config)
    assert isinstance(problem, Problem)
    assert "cannot be made" in str(problem)


# ── a database that is away for a moment ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_answers_that_the_database_refuses_for_a_moment_are_written_once_it_takes_them(config, sending, clock):
    issue = sending(3)
    run(config, issue, clock, FakeTransport(take_the_database_away))
    assert (issue.status, states(issue)) == (Status.SENT, {"submitted": 3})


def take_the_database_away():
    """For a second, as seen by the connection that is about to write."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with connection.copy().cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
            other.connection.close()
        return
    rename("newsletter_message", "newsletter_gone")
    threading.Timer(1.5, rename, ("newsletter_gone", "newsletter_message")).start()


def rename(table, to):
    with closing(sqlite3.connect(connections["default"].settings_dict["NAME"], timeout=10)) as other:
        other.execute("PRAGMA legacy_alter_table = ON")
        other.execute(f"ALTER TABLE {table} RENAME TO {to}")
