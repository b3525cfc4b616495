"""The ledger: whatever stops in the middle, nobody is lost and nobody gets two."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.db import connection, connections, transaction

from newsletter.models import Issue, Message
from newsletter.send.transports import State, TransportDown
from subscribers import erasing, forgetting
from subscribers.audience import Audience
from subscribers.importing import carry_on, import_file, undo
from subscribers.joining import leave
from subscribers.models import Consent, Import, Subscriber, Subscription
from subscribers.traces import Person
from tests.blocked import waits
from tests.factories import make_issue, make_list, make_subscriber, make_suppression, occasion
from tests.send.conftest import FakeTransport, states

pytestmark = pytest.mark.django_db
LEASE = timedelta(minutes=5)


def claim(issue, now, size=10):
    return Message.claim_batch(issue, size, now, LEASE)


def begin(messages, now):
    return Message.begin(messages, Audience(("readers",)), "fake", now, LEASE)


# ── freeze ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frozen_audience_has_a_row_for_each_candidate_and_a_reason_for_each_exclusion(now):
    wanted, barred = make_subscriber(), make_subscriber("barred@example.org")
    leave(make_subscriber(), ["readers"], occasion("asked to", now))
    make_subscriber(lists=("others",))
    make_suppression("BARRED@example.org")
    issue = make_issue()

    Message.freeze(issue, Audience(("readers",)), now)

    rows = set(issue.messages.values_list("subscriber", "state", "reason"))
    assert rows == {(wanted.pk, "pending", ""), (barred.pk, "excluded", "suppressed")}
    assert states(issue) == {"excluded": 1, "pending": 1}


def test_a_person_on_two_lists_gets_one_message(now):
    make_subscriber(lists=("readers", "friends"))
    issue = make_issue()
    Message.freeze(issue, Audience(("readers", "friends")), now)
    assert states(issue) == {"pending": 1}


def test_who_left_one_of_two_lists_is_still_written_to_for_the_other(now):
    person = make_subscriber(lists=("readers", "friends"))
    leave(person, ["friends"], occasion("asked to", now))
    issue = make_issue()
    Message.freeze(issue, Audience(("readers", "friends")), now)
    assert states(issue) == {"pending": 1}


def test_freezing_twice_changes_nothing(sending, now):
    issue = sending(3)
    settled = begin(claim(issue, now, 1), now)
    Message.settle(settled[0].claim, [settled[0].pk], State.SUBMITTED, "ok", now)
    before = list(issue.messages.order_by("pk").values())
    Message.freeze(issue, Audience(("readers",)), now)
    assert list(issue.messages.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("goes", ["erased", "never confirmed", "import undone"])
def test_who_goes_while_the_audience_is_written_leaves_no_message_that_points_at_nobody(now, tmp_path, goes):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time")
    file = tmp_path / "one.csv"
    file.write_text("email\ngoing@example.org\n", encoding="utf-8")
    import_file(file, make_list(), now)
    person, job = Subscriber.objects.get(), Import.objects.get()
    if goes == "never confirmed":
        Subscriber.objects.update(import_number=None)
        Consent.objects.update(action=Consent.Action.ASKED)

    def go():
        try:
            if goes == "erased":
                erasing.erase(Person.of(person), occasion("asked to", now))
            elif goes == "import undone":
                undo(job, occasion("undone", now))
                carry_on(Event(), lambda: now)
            else:
                with transaction.atomic():
                    forgetting.drop_strangers([person.pk])
        finally:
            connections.close_all()

    issue = make_issue()
    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Message.freeze(issue, Audience(("readers",)), now)
            if goes == "never confirmed":
                Subscription.objects.all().delete()
            going = other.submit(go)
            assert waits(going)
        going.result(60)
    message = issue.messages.get()
    assert (message.subscriber_id is None) == (not Subscriber.objects.exists())
    assert not message.subscriber_id or message.subscriber.pk == person.pk


# ── claims ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_claimed_is_not_claimed_again_before_the_lease_ends(sending, now):
    issue = sending(5)
    first, second = claim(issue, now, 3), claim(issue, now, 3)
    assert (len(first), len(second)) == (3, 2)
    assert not {row.pk for row in first} & {row.pk for row in second}
    assert claim(issue, now + LEASE) == []
    assert len(claim(issue, now + LEASE + timedelta(seconds=1))) == 5


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_the_same_moment_never_share_a_message(sending, now):
    issue = sending(60)
    together = Barrier(4)

    def work(_):
        together.wait(10)
        got = []
        try:
            while batch := claim(issue, now, 4):
                got += [row.pk for row in begin(batch, now)]
        finally:
            connections.close_all()
        return got

    with ThreadPoolExecutor(4) as pool:
        got = [pk for pks in pool.map(work, range(4)) for pk in pks]
    assert len(got) == len(set(got)) == 60


def test_releasing_gives_back_what_was_not_begun_and_nothing_else(sending, now):
    issue = sending(3)
    batch = claim(issue, now)
    begin(batch[:1], now)
    assert Message.release(batch[0].claim) == 2
    assert [row.state for row in claim(issue, now)] == ["pending", "pending"]
    assert states(issue) == {"pending": 2, "submitting": 1}


# ── begin: the last look ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lapsed_claim_may_not_be_begun_even_if_nobody_else_took_it(sending, now):
    issue = sending(1)
    batch = claim(issue, now)
    assert begin(batch, now + LEASE + timedelta(seconds=1)) == []


def test_a_claim_that_another_worker_took_over_is_begun_only_there(sending, now):
    issue = sending(1)
    old = claim(issue, now)
    later = now + LEASE + timedelta(seconds=1)
    new = claim(issue, later)
    assert begin(old, now) == []  # even by a clock that is behind
    assert begin(old, later) == []
    assert len(begin(new, later)) == 1
    assert begin(new, later) == []


@pytest.mark.parametrize("status", [Issue.Status.PAUSED, Issue.Status.CANCELLED, Issue.Status.SENT])
def test_an_issue_that_was_stopped_sends_nothing_more(sending, now, status):
    issue = sending(2)
    batch = claim(issue, now)
    Issue.objects.filter(pk=issue.pk).update(status=status)
    assert begin(batch, now) == []


def depart(person, now):
    leave(person, ["readers"], occasion("asked to", now))


def suppress(person, now):
    make_suppression(person.email)


def erase(person, now):
    person.delete()


@pytest.mark.parametrize("going", [depart, suppress, erase])
def test_who_left_after_the_freeze_is_withheld_with_the_reason(sending, make_sender, now, going):
    issue = sending(3)
    gone = issue.messages.order_by("pk")[1]
    transport = FakeTransport(lambda: going(gone.subscriber, now))
    sender = make_sender(issue, transport)
    while sender.step():
        pass
    gone.refresh_from_db()
    assert gone.state == State.WITHHELD
    assert "since the audience was frozen" in gone.reason
    assert (gone.claim, gone.lease_until) == (None, None)
    assert states(issue) == {"submitted": 2, "withheld": 1}
    assert len(transport.calls) == 2


def test_an_address_corrected_after_the_claim_is_the_one_written_to(sending, now):
    issue = sending(1)
    batch = claim(issue, now)
    person = batch[0].subscriber
    person.email = person.key = "corrected@example.org"
    person.save()
    assert [row.subscriber.email for row in begin(batch, now)] == ["corrected@example.org"]


# ── lapses and late answers ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_on_the_wire_when_a_worker_fell_silent_is_uncertain_and_never_sent_again(sending, now):
    issue = sending(2)
    begin(claim(issue, now, 1), now)
    later = now + LEASE + timedelta(seconds=1)
    assert Message.lapse(now) == 0
    assert Message.lapse(later) == 1
    assert states(issue) == {"pending": 1, "uncertain": 1}
    assert len(claim(issue, later + timedelta(days=9))) == 1


@pytest.mark.parametrize("answer", [State.SUBMITTED, State.FAILED, State.DEFERRED])
def test_a_late_answer_still_settles_an_uncertain_message(sending, now, answer):
    issue = sending(1)
    ready = begin(claim(issue, now), now)
    Message.lapse(now + LEASE * 2)
    assert Message.settle(ready[0].claim, [ready[0].pk], answer, "late", now) == 1
    assert states(issue) == {answer.value: 1}


def test_a_late_answer_does_not_overrule_what_the_receiving_side_has_said(sending, now):
    issue = sending(1)
    ready = begin(claim(issue, now), now)
    Message.lapse(now + LEASE * 2)
    issue.messages.update(state=State.DELIVERED)
    assert Message.settle(ready[0].claim, [ready[0].pk], State.FAILED, "late", now) == 0
    assert Message.unbegin(ready[0].claim, [ready[0].pk]) == 0


def test_an_answer_for_another_workers_message_counts_for_nothing(sending, now):
    issue = sending(2)
    mine, theirs = begin(claim(issue, now, 1), now), begin(claim(issue, now, 1), now)
    assert Message.settle(mine[0].claim, [theirs[0].pk], State.SUBMITTED, "ok", now) == 0


@pytest.mark.parametrize("answer", [State.DEFERRED, TransportDown("gone")])
def test_a_late_answer_that_leaves_work_reopens_an_issue_called_sent_without_it(
    sending, make_sender, clock, now, answer
):
    issue = sending(1)

    def meanwhile():
        Message.lapse(now + LEASE * 2)
        Issue.objects.get(pk=issue.pk).go(Issue.Status.SENT, finished_at=now)
        return answer

    make_sender(issue, FakeTransport(meanwhile)).step()
    issue.refresh_from_db()
    assert (issue.status, issue.finished_at) == (Issue.Status.SENDING, None)
    clock.forward(minutes=2)
    make_sender(issue, FakeTransport()).step()
    assert states(issue) == {"submitted": 1}


def test_a_batch_whose_claims_have_all_lapsed_ends_without_a_call(sending, make_sender, clock, config):
    issue = sending(6)
    transport = FakeTransport(lambda: clock.forward(minutes=6), at_once=2)
    assert make_sender(issue, transport).step() is False
    assert len(transport.calls) == 1
    assert states(issue) == {"pending": 4, "submitted": 2}
    assert make_sender(issue, transport).step() is True
    assert len(transport.calls) == 3
