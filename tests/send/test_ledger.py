"""The ledger: whatever stops in the middle, nobody is lost and nobody gets two."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from newsletter import pipeline
from newsletter.models import Hold, Issue, Message, Verdict
from newsletter.send.transports import State, TransportDown
from subscribers import erasing, forgetting
from subscribers.audience import Audience
from subscribers.importing import carry_on, import_file, undo
from subscribers.joining import leave
from subscribers.models import Consent, Import, Subscriber, Subscription
from subscribers.traces import Person
from tests.blocked import waits
from tests.factories import make_issue, make_list, make_subscriber, make_suppression, occasion
from tests.send.conftest import KEY, FakeTransport, states

pytestmark = pytest.mark.django_db
LEASE = timedelta(minutes=5)


def take(issue, now, size=10, claim=None):
    """Take a sheet; return its claim and its messages' numbers."""
    hold = Hold(claim or uuid4(), "fake", now, now + LEASE)
    due = Message.take(issue, [""], size, hold, Audience(("readers",)))
    return hold.claim, [one.number for one in due]


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
    claim, (first,) = take(issue, now, 1)
    Message.settle(claim, [Verdict(first, State.SUBMITTED, "ok")], now)
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


# ── taking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_taken_is_not_taken_again_even_after_the_lease_has_ended(sending, now):
    issue = sending(5)
    (_, first), (_, second) = take(issue, now, 3), take(issue, now, 3)
    assert (len(first), len(second)) == (3, 2)
    assert not set(first) & set(second)
    assert take(issue, now + LEASE * 2)[1] == []
    assert states(issue) == {"submitting": 5}


@pytest.mark.django_db(transaction=True)
def test_workers_that_take_at_the_same_moment_never_share_a_message(sending, now):
    issue = sending(60)
    together = Barrier(4)

    def work(_):
        together.wait(10)
        got = []
        try:
            while numbers := take(issue, now, 4)[1]:
                got += numbers
        finally:
            connections.close_all()
        return got

    with ThreadPoolExecutor(4) as pool:
        got = [pk for pks in pool.map(work, range(4)) for pk in pks]
    assert len(got) == len(set(got)) == 60


def test_what_was_put_off_goes_before_the_rest_once_its_time_has_come(sending, now):
    issue = sending(4)
    late, later, *rest = issue.messages.order_by("-pk")
    for message, minutes in ((late, 1), (later, 2)):
        Message.objects.filter(pk=message.pk).update(state=State.DEFERRED, retry_at=now + timedelta(minutes=minutes))
    assert take(issue, now, 1)[1] == [rest[-1].pk]
    assert take(issue, now + timedelta(minutes=1), 1)[1] == [late.pk]
    assert take(issue, now + timedelta(minutes=5), 2)[1] == [later.pk, rest[0].pk]


def test_only_messages_of_the_route_asked_for_are_taken(sending, now):
    issue = sending(3)
    bulk = issue.messages.order_by("pk")[1]
    Message.objects.filter(pk=bulk.pk).update(route="bulk")
    hold = Hold(uuid4(), "bulk", now, now + LEASE)
    assert [one.number for one in Message.take(issue, ["bulk"], 10, hold, Audience(("readers",)))] == [bulk.pk]
    bulk.refresh_from_db()
    assert (bulk.state, bulk.transport, bulk.attempts) == ("submitting", "bulk", 1)


@pytest.mark.parametrize("status", [Issue.Status.PAUSED, Issue.Status.CANCELLED, Issue.Status.SENT])
def test_of_an_issue_that_was_stopped_nothing_is_taken(sending, now, status):
    issue = sending(2)
    Issue.objects.filter(pk=issue.pk).update(status=status)
    assert take(issue, now)[1] == []


def take_on(issue, now, reached, size=2, routes=("",)):
    """Take a sheet as a lane does that remembers how far it came."""
    hold = Hold(uuid4(), "fake", now, now + LEASE)
    return [one.number for one in Message.take(issue, routes, size, hold, Audience(("readers",)), reached=reached)]


def test_a_lane_goes_on_where_it_was_and_comes_back_for_what_was_put_back_behind_it(sending, now):
    issue, reached = sending(5), {}
    numbers = list(issue.messages.order_by("pk").values_list("pk", flat=True))
    assert take_on(issue, now, reached) == numbers[:2]
    Message.objects.filter(pk=numbers[0]).update(state=State.PENDING)
    assert take_on(issue, now, reached) == numbers[2:4]
    assert take_on(issue, now, reached) == [numbers[0], numbers[4]]
    assert take_on(issue, now, reached) == []


def test_what_is_put_back_is_found_by_a_lane_that_had_come_to_the_end(sending, now):
    issue, reached = sending(3), {}
    numbers = list(issue.messages.order_by("pk").values_list("pk", flat=True))
    assert take_on(issue, now, reached, 10) == numbers
    Message.objects.filter(pk=numbers[1]).update(state=State.PENDING)
    assert take_on(issue, now, reached, 10) == [numbers[1]]


def test_a_lane_does_not_pass_over_what_it_had_no_room_for(sending, now):
    issue, reached = sending(5), {}
    numbers = list(issue.messages.order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(pk__in=numbers[:3]).update(route="bulk")
    found = [take_on(issue, now, reached, 2, ("bulk", "")) for _ in range(4)]
    assert found == [numbers[:2], [numbers[2], numbers[3]], [numbers[4]], []]


def test_fields_are_left_out_only_where_nobody_asks_for_them(sending, now):
    issue = sending(2)
    Subscriber.objects.update(fields={"city": "Bonn"}, name="Ada")
    hold, audience = Hold(uuid4(), "fake", now, now + LEASE), Audience(("readers",))
    (asked,) = Message.take(issue, [""], 1, hold, audience)
    (not_asked,) = Message.take(issue, [""], 1, hold, audience, fields=False)
    assert (asked.name, asked.fields) == ("Ada", {"city": "Bonn"})
    assert (not_asked.name, not_asked.fields) == ("Ada", {})


def test_an_address_corrected_after_the_freeze_is_the_one_written_to(sending, now):
    issue = sending(1)
    person = issue.messages.get().subscriber
    person.email = person.key = "corrected@example.org"
    person.save()
    due = Message.take(issue, [""], 10, Hold(uuid4(), "fake", now, now + LEASE), Audience(("readers",)))
    assert [one.email for one in due] == ["corrected@example.org"]


# ── holding on ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lease_that_lapsed_is_held_on_to_unless_somebody_has_settled_it_meanwhile(sending, now):
    issue = sending(2)
    claim, (mine, settled) = take(issue, now)
    later = now + LEASE * 2
    assert Message.lapse(later, LEASE) == 2
    Message.objects.filter(pk=settled).update(state=State.PENDING, claim=None, lease_until=None)
    assert Message.renew(claim, [mine, settled], later + LEASE) == {mine}
    assert Message.lapse(later, LEASE) == 0
    assert states(issue) == {"pending": 1, "submitting": 1}


# ── who has left ─────────────────────────────────────────────────────────────────────────────────────────────────────


def depart(person, now):
    leave(person, ["readers"], occasion("asked to", now))


def suppress(person, now):
    make_suppression(person.email)


def erase(person, now):
    person.delete()


@pytest.mark.parametrize("going", [depart, suppress, erase])
@pytest.mark.parametrize("when", ["before", "after"])
def test_who_left_since_the_freeze_is_withheld_with_the_reason(sending, make_sender, now, going, when):
    """Before their sheet was taken, or after it, while others of the same sheet were on the wire."""
    issue = sending(4)
    gone = issue.messages.order_by("pk")[2]
    if when == "before":
        going(gone.subscriber, now)
    transport = FakeTransport(*([lambda: going(gone.subscriber, now)] if when == "after" else []))
    assert make_sender(issue, transport).step()
    gone.refresh_from_db()
    assert gone.state == State.WITHHELD
    assert "since the audience was frozen" in gone.reason
    assert (gone.claim, gone.lease_until, gone.attempts) == (None, None, 0)
    assert states(issue) == {"submitted": 3, "withheld": 1}
    assert len(transport.calls) == 3


# ── clocks that were ahead ───────────────────────────────────────────────────────────────────────────────────────────

YEAR = timedelta(days=365)


def test_what_a_dead_machine_held_whose_clock_was_far_ahead_is_uncertain_at_once(sending, now):
    issue = sending(2)
    claim, _ = take(issue, now + YEAR, 1)
    assert Message.lapse(now, LEASE) == 1
    assert Message.lapse(now, LEASE) == 0
    assert states(issue) == {"pending": 1, "uncertain": 1}
    # Its late answer is still one.
    assert Message.held_by(claim).count() == 1


def test_a_lease_that_is_only_a_little_ahead_is_left_alone(sending, now):
    issue = sending(1)
    take(issue, now + timedelta(minutes=1), 1)
    assert Message.lapse(now, LEASE) == 0


def test_what_was_put_off_by_a_clock_far_ahead_is_tried_again_and_nothing_else_is(sending, now):
    issue = sending(3)
    first, longest = timedelta(minutes=5), timedelta(hours=4)
    for row, wait in zip(issue.messages.order_by("pk"), (YEAR, timedelta(hours=4), None), strict=True):
        state = "deferred" if wait else "submitted"
        Message.objects.filter(pk=row.pk).update(state=state, retry_at=wait and now + wait)
    assert Message.bring_back(issue, now, first, longest) == 1
    assert Message.bring_back(issue, now, first, longest) == 0
    found = list(issue.messages.order_by("pk").values_list("state", "retry_at"))
    assert found == [("deferred", now + first), ("deferred", now + timedelta(hours=4)), ("submitted", None)]


def test_the_next_look_for_work_mends_both(sending, config, clock, now):
    issue = sending(3)
    take(issue, now + YEAR, 1)
    rest = issue.messages.filter(state="pending").order_by("pk")
    Message.objects.filter(pk=rest[0].pk).update(state="deferred", retry_at=now + YEAR)
    ctx = pipeline.Context(config, KEY, clock)
    pipeline.send_messages(ctx)
    assert states(issue) == {"deferred": 1, "submitted": 1, "uncertain": 1}
    clock.forward(hours=1)
    pipeline.send_messages(ctx)
    assert states(issue) == {"submitted": 2, "uncertain": 1}


# ── lapses and late answers ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_on_the_wire_when_a_worker_fell_silent_is_uncertain_and_never_sent_again(sending, now):
    issue = sending(2)
    take(issue, now, 1)
    later = now + LEASE + timedelta(seconds=1)
    assert Message.lapse(now, LEASE) == 0
    assert Message.lapse(later, LEASE) == 1
    assert states(issue) == {"pending": 1, "uncertain": 1}
    assert len(take(issue, later + timedelta(days=9))[1]) == 1


@pytest.mark.parametrize("answer", [State.SUBMITTED, State.FAILED, State.DEFERRED, State.PENDING])
def test_a_late_answer_still_settles_an_uncertain_message(sending, now, answer):
    issue = sending(1)
    claim, (number,) = take(issue, now)
    Message.lapse(now + LEASE * 2, LEASE)
    assert Message.settle(claim, [Verdict(number, answer, "late")], now) == 1
    assert states(issue) == {answer.value: 1}


def test_a_late_answer_does_not_overrule_what_the_receiving_side_has_said(sending, now):
    issue = sending(1)
    claim, (number,) = take(issue, now)
    Message.lapse(now + LEASE * 2, LEASE)
    issue.messages.update(state=State.DELIVERED)
    assert Message.settle(claim, [Verdict(number, State.FAILED, "late")], now) == 0
    assert Message.settle(claim, [Verdict(number, State.PENDING)], now) == 0


def test_an_answer_for_another_workers_message_counts_for_nothing(sending, now):
    issue = sending(2)
    (mine, _), (_, (theirs,)) = take(issue, now, 1), take(issue, now, 1)
    assert Message.settle(mine, [Verdict(theirs, State.SUBMITTED, "ok")], now) == 0


@pytest.mark.parametrize("at_once", [1, 5], ids=["alike", "each its own"])
def test_a_sheet_is_settled_each_message_with_its_own_words(sending, now, at_once):
    issue = sending(5)
    claim, numbers = take(issue, now)
    again = now + timedelta(hours=1)
    verdicts = [
        Verdict(numbers[0], State.SUBMITTED, "250 ok “ça va” 🚀"),
        Verdict(numbers[1], State.BOUNCED, "550 5.1.1 <ada@example.org> nobody"),
        Verdict(numbers[2], State.DEFERRED, "451 later", again),
        Verdict(numbers[3], State.PENDING),
        Verdict(numbers[4], State.WITHHELD, "left"),
    ]
    Message.objects.filter(pk=numbers[1]).update(subscriber=None)  # erased meanwhile
    sheets = [verdicts[at : at + at_once] for at in range(0, 5, at_once)]
    assert sum(Message.settle(claim, sheet, now) for sheet in sheets) == 5
    fields = ("state", "reason", "retry_at", "attempts", "submitted_at", "claim", "lease_until", "transport")
    assert list(issue.messages.order_by("pk").values_list(*fields)) == [
        ("submitted", "250 ok “ça va” 🚀", None, 1, now, None, None, "fake"),
        ("bounced", "550 5.1.1 <(address)> nobody", None, 1, None, None, None, "fake"),
        ("deferred", "451 later", again, 1, None, None, None, "fake"),
        ("pending", "", None, 0, None, None, None, "fake"),
        ("withheld", "left", None, 0, None, None, None, "fake"),
    ]
    assert Message.settle(claim, verdicts, now) == 0


@pytest.mark.parametrize("answer", [State.DEFERRED, TransportDown("gone")])
def test_a_late_answer_that_leaves_work_reopens_an_issue_called_sent_without_it(
    sending, make_sender, clock, now, answer
):
    issue = sending(1)

    def meanwhile():
        Message.lapse(now + LEASE * 2, LEASE)
        Issue.objects.get(pk=issue.pk).go(Issue.Status.SENT, finished_at=now)
        return answer

    make_sender(issue, FakeTransport(meanwhile)).step()
    issue.refresh_from_db()
    assert (issue.status, issue.finished_at) == (Issue.Status.SENDING, None)
    clock.forward(minutes=2)
    make_sender(issue, FakeTransport()).step()
    assert states(issue) == {"submitted": 1}
