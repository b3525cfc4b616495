"""A batch on its way: what the transport says, and what becomes of the messages, the issue and the other workers."""

from datetime import timedelta
from threading import Event

import pytest

from newsletter.models import Issue
from newsletter.models.hearing import Word, hear
from newsletter.send import recover
from newsletter.send.transports import Outcome, State, TransportDown
from tests.send.conftest import FakeTransport, states

pytestmark = pytest.mark.django_db


def test_a_deferred_message_is_tried_at_doubling_intervals_up_to_the_limit_and_then_has_failed(
    sending, make_sender, make_config, clock
):
    config = make_config(send={"retry": {"first": "1m", "longest": "3m", "attempts": 5}})
    issue = sending(1)
    waits = []
    for attempt in range(1, 6):
        transport = FakeTransport(State.DEFERRED)
        make_sender(issue, transport, config).step()
        message = issue.messages.get()
        assert message.attempts == attempt
        if message.state == State.DEFERRED:
            waits.append(message.retry_at - clock.now)
            clock.now = message.retry_at - timedelta(seconds=1)
            assert make_sender(issue, FakeTransport(), config).step() is False  # not before its time
            clock.now = message.retry_at
    assert [wait.total_seconds() for wait in waits] == [60, 120, 180, 180]
    assert message.state == State.FAILED
    assert message.reason == "given up after 5 attempts: said deferred"


def test_a_hundred_attempts_do_not_overflow_the_backoff(sending, make_sender, make_config, clock):
    config = make_config(send={"retry": {"attempts": 100}})
    issue = sending(1)
    issue.messages.update(attempts=98)
    make_sender(issue, FakeTransport(State.DEFERRED), config).step()
    assert issue.messages.get().retry_at == clock.now + timedelta(hours=6)


def test_a_transport_that_is_down_burns_nothing_and_is_left_in_peace_for_a_while(sending, make_sender, clock):
    issue = sending(3)
    down = TransportDown("no route", wait=timedelta(minutes=7))
    assert make_sender(issue, FakeTransport(State.SUBMITTED, down)).step() is False
    assert states(issue) == {"pending": 2, "submitted": 1}
    assert set(issue.messages.filter(state="pending").values_list("attempts", "claim", "lease_until")) == {
        (0, None, None)
    }
    issue.refresh_from_db()
    assert (issue.status, issue.reason) == (Issue.Status.SENDING, "no route")
    assert issue.retry_at == clock.now + timedelta(minutes=7)
    assert issue not in Issue.to_send(clock.now)
    assert issue in Issue.to_send(issue.retry_at)


def test_the_hindrance_is_taken_back_once_messages_go_again(sending, make_sender, now):
    issue = sending(2, reason="no route", retry_at=now)
    make_sender(issue, FakeTransport()).step()
    issue.refresh_from_db()
    assert (issue.reason, issue.retry_at) == ("", None)


def test_a_transport_that_will_not_mend_itself_pauses_the_issue_with_the_reason(sending, make_sender):
    issue = sending(3)
    make_sender(issue, FakeTransport(TransportDown("wrong key", permanent=True))).step()
    issue.refresh_from_db()
    assert (issue.status, issue.reason) == (Issue.Status.PAUSED, "wrong key")
    assert states(issue) == {"pending": 3}


@pytest.mark.parametrize("answer", [State.SUBMITTED, TransportDown("no route"), State.UNCERTAIN])
def test_a_worker_never_writes_over_what_a_person_has_decided_meanwhile(sending, make_sender, now, answer):
    issue = sending(2, reason="no route", retry_at=now)

    def meanwhile():
        Issue.objects.get(pk=issue.pk).go(Issue.Status.PAUSED, reason="paused by hand", retry_at=None)
        return answer

    make_sender(issue, FakeTransport(meanwhile)).step()
    issue.refresh_from_db()
    assert (issue.status, issue.reason, issue.retry_at) == (Issue.Status.PAUSED, "paused by hand", None)


def test_another_workers_newer_hindrance_stays(sending, make_sender, now):
    issue = sending(2, reason="old", retry_at=now)
    later = now + timedelta(hours=1)
    meanwhile = FakeTransport(lambda: Issue.objects.get(pk=issue.pk).note("quota is used up", later))
    make_sender(issue, meanwhile).step()
    issue.refresh_from_db()
    assert (issue.reason, issue.retry_at) == ("quota is used up", later)


def test_one_lost_answer_rests_the_issue_and_a_second_in_a_row_pauses_it(sending, make_sender, clock):
    issue = sending(9)
    lossy = FakeTransport(*[State.UNCERTAIN] * 9)
    make_sender(issue, lossy).step()
    issue.refresh_from_db()
    assert (issue.status, states(issue)) == (Issue.Status.SENDING, {"pending": 8, "uncertain": 1})
    clock.now = issue.retry_at
    make_sender(issue, lossy).step()
    issue.refresh_from_db()
    assert (issue.status, states(issue)) == (Issue.Status.PAUSED, {"pending": 7, "uncertain": 2})


def test_a_fault_of_ours_in_the_middle_of_a_call_pauses_the_issue_and_is_shown(sending, make_sender):
    issue = sending(3)
    with pytest.raises(ZeroDivisionError):
        make_sender(issue, FakeTransport(ZeroDivisionError("oops"), at_once=2)).step()
    issue.refresh_from_db()
    assert issue.status == Issue.Status.PAUSED
    assert "ZeroDivisionError: oops" in issue.reason
    assert states(issue) == {"pending": 1, "uncertain": 2}
    assert not issue.messages.filter(state="pending").exclude(claim=None).exists()


def test_a_process_that_dies_in_a_call_leaves_exactly_that_call_uncertain(sending, make_sender, clock, config):
    issue = sending(6)
    sender = make_sender(issue, FakeTransport(State.SUBMITTED, SystemExit(), at_once=2))
    with pytest.raises(SystemExit):
        sender.step()
    assert states(issue) == {"submitting": 6}
    sender.lane._journal.leave()
    assert recover(config, clock.now) == 6
    assert states(issue) == {"pending": 2, "submitted": 2, "uncertain": 2}
    transport = FakeTransport()
    make_sender(issue, transport).step()
    assert len(transport.taken) == 2
    assert states(issue) == {"submitted": 4, "uncertain": 2}


def test_answers_are_recorded_each_for_its_own_message(sending, make_sender, now):
    class Mixed(FakeTransport):
        def submit(self, mailing, readers, journal):
            kinds = (State.FAILED, State.SUBMITTED, State.DEFERRED)
            for reader, kind in zip(reversed(list(readers)), kinds, strict=True):
                journal.begin(reader.ref)
                journal.answer(Outcome(reader.ref, kind, f"{kind} {reader.email}"))

    issue = sending(3)
    make_sender(issue, Mixed(at_once=3)).step()
    rows = issue.messages.order_by("-pk").select_related("subscriber")
    assert [(row.state, row.reason) for row in rows] == [
        (kind, f"{kind} {row.subscriber.email}")
        for row, kind in zip(rows, ("failed", "submitted", "deferred"), strict=True)
    ]
    assert [row.submitted_at for row in rows] == [None, now, None]
    assert [row.transport for row in rows] == ["fake"] * 3
    assert [row.claim for row in rows] == [None] * 3


def test_a_wish_to_stop_ends_the_batch_with_nothing_on_the_wire(sending, make_sender):
    issue, stop = sending(5), Event()
    transport = FakeTransport(State.SUBMITTED, stop.set)
    assert make_sender(issue, transport, stop=stop).step() is False
    assert states(issue) == {"pending": 3, "submitted": 2}
    assert not issue.messages.exclude(claim=None).exists()


ODD = "it said \x00 or \ud800, whatever that is"


def test_an_answer_that_no_database_takes_as_it_stands_is_recorded_all_the_same(sending, make_sender):
    class Odd(FakeTransport):
        def submit(self, mailing, readers, journal):
            for reader in readers:
                journal.answer(Outcome(reader.ref, State.FAILED, ODD))

    issue = sending(2)
    make_sender(issue, Odd()).step()
    assert set(issue.messages.values_list("state", "reason")) == {("failed", "it said  or , whatever that is")}


def test_a_server_that_is_down_in_odd_words_rests_all_the_same(sending, make_sender):
    issue = sending(2)
    make_sender(issue, FakeTransport(TransportDown(ODD))).step()
    issue.refresh_from_db()
    assert issue.reason == "it said  or , whatever that is"


def test_a_fault_of_ours_in_odd_words_pauses_the_issue_all_the_same(sending, make_sender):
    issue = sending(2)
    with pytest.raises(ValueError, match="it said"):
        make_sender(issue, FakeTransport(ValueError(ODD))).step()
    issue.refresh_from_db()
    assert (issue.status, states(issue)) == (Issue.Status.PAUSED, {"uncertain": 1, "pending": 1})


def test_a_provider_may_say_what_no_database_takes_as_it_stands(sending, now):
    issue = sending(1)
    issue.messages.update(state=State.UNCERTAIN)
    assert hear([Word(issue.messages.get().pk, State.FAILED, ODD)], now) == 1
