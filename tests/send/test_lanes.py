"""A lane among several transports: who carries what, who stands in, and what limits hold back."""

from collections import Counter
from datetime import timedelta
from threading import Event
from uuid import uuid4

import pytest
from django.db.models import Max

from newsletter import send
from newsletter.models import Issue, Notice, Sent, Slot, TransportState
from newsletter.send import limits
from tests.factories import make_edition, make_issue, make_staff, make_subscriber
from tests.send.conftest import KEY, MARKER, PAGE, PLAIN, Clock, FakeTransport, states, with_holes

pytestmark = pytest.mark.django_db
GMAIL = {"domains": ["gmail.com"], "to": "bulk"}


class Jumping(Event):
    """Asked to wait, it sets the clock forward instead."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.forward(seconds=timeout or 0)
        return self.is_set()


class Rival(Event):
    """Each time it is asked, a minute has passed, and somebody else has tried to get the lane's connection."""

    def __init__(self, config, clock: Clock) -> None:
        super().__init__()
        self.config, self.clock, self.name = config, clock, uuid4()
        self.tried, self.got = 0, False

    def is_set(self) -> bool:
        if Slot.objects.exists():
            self.clock.forward(minutes=1)
            self.tried += 1
            self.got |= limits.connect(self.config, "main", self.name, self.clock.now)
        return False


@pytest.fixture
def ways(make_config, tmp_path):
    """A configuration with the outboxes `main`, which is the newsletter's own, `bulk` and `spare`."""

    def make(*routes, without=(), failover=(), **settings):
        named = {
            name: {"kind": "outbox", "path": str(tmp_path / name), **settings.get(name, {})}
            for name in ("main", "bulk", "spare")
            if name not in without
        }
        send = {"transport": "main", "transports": named, "routes": list(routes), "failover": failover}
        return make_config(send=send)

    return make


@pytest.fixture
def started(now):
    """Start an issue to these people."""

    def go(config, *emails):
        for email in emails:
            make_subscriber(email)
        issue = make_issue(status=Issue.Status.SCHEDULED, send_at=now)
        issue.edition = make_edition(issue, html=with_holes(PAGE), text=with_holes(PLAIN), marker=MARKER)
        issue.save()
        assert send.start(config, issue, now)
        return issue

    return go


def turn(config, issue, clock, patience: timedelta = timedelta(0)):
    """Let a lane send what is due; return how many went by which transport, and how many wait."""
    until, more = clock.now + patience, True
    with send.Lane(config, KEY, clock, Jumping(clock)) as lane:
        while more or clock.now < until:
            issue.refresh_from_db()
            more = send.send_issue(lane, issue, sheets=5)
            if issue.status == Issue.Status.SENT:
                break
            if not more:
                clock.forward(seconds=2)  # as the pipeline looks again
    found = issue.messages.exclude(state="excluded").values_list("state", "transport")
    return Counter(transport if state == "submitted" else state for state, transport in found)


def test_a_connection_stays_the_lanes_own_however_long_a_sheet_takes(ways, started, clock):
    config = ways(main={"connections": 1})
    issue = started(config, *(f"p{number}@example.org" for number in range(12)))
    rival = Rival(config, clock)
    with send.Lane(config, KEY, clock, rival, pulse=0) as lane:
        send.send_issue(lane, issue, sheets=1)
    assert rival.tried > 12  # minutes, of which the connection is kept for five
    assert not rival.got
    assert states(issue) == {"submitted": 12}


def test_a_lane_that_has_lost_its_connection_leaves_the_rest_to_who_has_it(ways, started, clock):
    config = ways(main={"connections": 1})
    issue = started(config, *(f"p{number}@example.org" for number in range(12)))

    class Taken(Event):
        def is_set(self) -> bool:
            Slot.objects.update(holder=uuid4())
            return False

    with send.Lane(config, KEY, clock, Taken(), pulse=0) as lane:
        assert not send.send_issue(lane, issue)
    assert states(issue) == {"submitted": 1, "pending": 11}


def test_each_message_goes_by_its_route(ways, started, clock, tmp_path):
    config = ways(GMAIL)
    issue = started(config, "a@gmail.com", "b@gmail.com", "c@example.org")
    assert turn(config, issue, clock) == {"bulk": 2, "main": 1}
    assert [len(list((tmp_path / name).rglob("*.eml"))) for name in ("main", "bulk", "spare")] == [1, 2, 0]
    issue.refresh_from_db()
    assert issue.status == Issue.Status.SENT


def test_what_is_meant_for_a_resting_transport_waits_or_goes_by_its_stand_in(ways, started, clock):
    config = ways(GMAIL)
    issue = started(config, "a@gmail.com", "c@example.org")
    limits.rest("bulk", "out of reach", clock.now, clock.now)
    assert turn(config, issue, clock) == {"main": 1, "pending": 1}
    assert turn(ways({**GMAIL, "failover": ["spare"]}), issue, clock) == {"main": 1, "spare": 1}


def test_the_newsletters_own_transport_has_stand_ins_too(ways, started, clock):
    config = ways(failover=["spare", "bulk"])
    issue = started(config, "a@example.org")
    limits.rest("main", "out of reach", clock.now, clock.now)
    limits.rest("spare", "out of reach as well", clock.now, clock.now)
    assert turn(config, issue, clock) == {"bulk": 1}


def test_what_was_meant_for_a_transport_that_is_gone_goes_by_the_newsletters_own(ways, started, clock):
    issue = started(ways(GMAIL), "a@gmail.com", "b@example.org")
    assert turn(ways(without=["bulk"]), issue, clock) == {"main": 2}


def test_so_does_what_no_route_leads_to_any_more(ways, started, clock):
    issue = started(ways(GMAIL, {"domains": ["*.example.org"], "to": "spare"}), "a@gmail.com", "b@x.example.org")
    assert turn(ways(GMAIL), issue, clock) == {"bulk": 1, "main": 1}


def test_a_limit_holds_the_rest_back_without_burning_it(ways, started, clock):
    config = ways(main={"rate": ["3 per hour"]})
    issue = started(config, *(f"{number}@example.org" for number in range(5)))
    assert turn(config, issue, clock) == {"main": 3, "pending": 2}
    clock.forward(minutes=63)
    assert turn(config, issue, clock) == {"main": 5}
    assert sum(Sent.objects.values_list("number", flat=True)) == 5


def test_what_was_not_used_does_not_count(ways, started, clock):
    config = ways(main={"rate": ["100 per hour"], "warm_up": [100]})
    issue = started(config, "a@example.org")
    turn(config, issue, clock)
    assert sum(Sent.objects.values_list("number", flat=True)) == 1
    assert TransportState.objects.get().warm_up_sent == 1


def test_a_pace_is_waited_for(ways, started, clock):
    config, before = ways(main={"rate": "20/min"}), clock.now
    issue = started(config, *(f"{number}@example.org" for number in range(4)))
    assert turn(config, issue, clock, patience=timedelta(seconds=60)) == {"main": 4}
    assert clock.now - before >= timedelta(seconds=9)


def test_a_slow_transport_does_not_keep_another_waiting(ways, started, clock):
    config = ways(GMAIL, main={"rate": "60/min"})
    people = [f"{number}@{domain}" for number in range(5) for domain in ("example.org", "gmail.com")]
    issue = started(config, *people)
    assert turn(config, issue, clock, patience=timedelta(seconds=20)) == {"main": 5, "bulk": 5}
    went = dict(issue.messages.values_list("transport").annotate(Max("submitted_at")).order_by())
    assert went["bulk"] < went["main"]


def test_a_transport_that_only_stands_in_is_not_asked_meanwhile(ways, started, clock):
    config = ways(failover=["spare"], spare={"rate": "1/min"})
    issue = started(config, "a@example.org")
    assert turn(config, issue, clock) == {"main": 1}
    assert not TransportState.objects.filter(pk="spare", paced_until__isnull=False).exists()


def test_connections_are_given_back_when_a_lane_ends(ways, started, clock):
    config = ways()
    issue = started(config, "a@example.org")
    with send.Lane(config, KEY, clock, Event()) as lane:
        send.send_issue(lane, issue, sheets=1)
        assert Slot.objects.count() == 1
    assert Slot.objects.count() == 0


# ── a transport that only a person can let go on ──────────────────────────────────────────────────────────────────────


def stop(name, clock, reason="535 wrong password"):
    limits.rest(name, reason, None, clock.now)


def test_one_that_has_stopped_does_not_keep_the_others_from_going(ways, started, clock):
    make_staff("ada")
    config = ways(GMAIL, main={"rate": "60/min"})
    issue = started(config, "a@gmail.com", *(f"{number}@example.org" for number in range(6)))
    stop("bulk", clock)
    with send.Lane(config, KEY, clock, Jumping(clock)) as lane:
        for _ in range(2):
            send.send_issue(lane, Issue.objects.get(pk=issue.pk), sheets=1)
        lane._explain(issue)  # as another lane does, which finds nothing to send
        for _ in range(2):
            send.send_issue(lane, Issue.objects.get(pk=issue.pk), sheets=1)
    issue.refresh_from_db()
    assert states(issue)["pending"] > 1
    assert (issue.status, issue.retry_at) == (Issue.Status.SENDING, None)
    assert issue.reason == (
        "what only bulk may carry waits until somebody resumes it; the rest goes on: 535 wrong password"
    )
    assert Notice.objects.get().facts["goes_on"] is True


def test_once_nothing_else_is_left_the_issue_is_paused_and_nobody_is_told_twice(ways, started, clock):
    make_staff("ada")
    config = ways(GMAIL)
    issue = started(config, "a@gmail.com", "b@example.org")
    stop("bulk", clock)
    with send.Lane(config, KEY, clock, Event()) as lane:
        lane._explain(issue)
    assert Notice.objects.count() == 1
    assert turn(config, issue, clock) == {"main": 1, "pending": 1}
    issue.refresh_from_db()
    assert (issue.status, issue.reason) == (Issue.Status.PAUSED, "535 wrong password")
    assert Notice.objects.count() == 1

    # Resumed, and stopped by the same fault: that is news.
    send.resume(config, issue, clock.now)
    clock.forward(minutes=1)
    stop("bulk", clock)
    turn(config, issue, clock)
    assert Notice.objects.count() == 2


def test_what_others_will_try_again_is_still_something_to_send(ways, started, clock):
    config = ways(GMAIL)
    issue = started(config, "a@gmail.com", "b@example.org")
    issue.messages.filter(route="").update(state="deferred", retry_at=clock.now + timedelta(hours=1))
    stop("bulk", clock)
    assert turn(config, issue, clock) == {"deferred": 1, "pending": 1}
    assert Issue.objects.get().status == Issue.Status.SENDING
    clock.forward(hours=2)
    assert turn(config, issue, clock) == {"main": 1, "pending": 1}
    assert Issue.objects.get().status == Issue.Status.PAUSED


def test_a_stand_in_that_rests_for_a_while_is_waited_for(ways, started, clock):
    config = ways({**GMAIL, "failover": ["spare"]})
    issue = started(config, "a@gmail.com")
    stop("bulk", clock)
    limits.rest("spare", "out of reach", clock.now + timedelta(minutes=2), clock.now)
    assert turn(config, issue, clock) == {"pending": 1}
    assert Issue.objects.get().status == Issue.Status.SENDING
    clock.forward(minutes=3)
    assert turn(config, issue, clock) == {"spare": 1}


def test_a_transport_that_stopped_is_let_go_on_without_pausing_what_goes_by_others(ways, started, clock):
    config = ways(GMAIL)
    issue = started(config, "a@gmail.com", "b@example.org")
    stop("bulk", clock)
    with send.Lane(config, KEY, clock, Event()) as lane:
        lane._explain(issue)
    assert send.let_go_on(config, issue, clock.now) == ["bulk"]
    assert send.let_go_on(config, issue, clock.now) == []
    issue.refresh_from_db()
    assert (issue.status, issue.reason) == (Issue.Status.SENDING, "")
    assert turn(config, issue, clock) == {"bulk": 1, "main": 1}


# ── a machine that can keep no journal ────────────────────────────────────────────────────────────────────────────────


def test_a_lane_that_cannot_keep_a_journal_sends_nothing_and_says_why(sending, make_sender):
    issue = sending(2)
    transport = FakeTransport()
    sender = make_sender(issue, transport)
    sender.lane._journal.leave()  # as if the file had gone
    assert sender.step() is False
    issue.refresh_from_db()
    assert issue.reason.startswith("no journal can be kept, so nothing is sent")
    assert (transport.calls, states(issue)) == ([], {"pending": 2})


def test_a_machine_that_can_keep_no_journal_keeps_no_other_from_sending_and_goes_on_once_it_can(
    sending, make_config, clock
):
    config, issue = make_config(send={"transport": "outbox", "outbox": {"connections": 2}}), sending(2)
    with send.Lane(config, KEY, clock, Event()) as full, send.Lane(config, KEY, clock, Event()) as well:
        full._journal.leave()
        for _ in range(20):
            assert not send.send_issue(full, Issue.objects.get(pk=issue.pk))
            clock.forward(minutes=5)
        issue.refresh_from_db()
        assert (issue.status, issue.retry_at) == (Issue.Status.SENDING, None)
        send.send_issue(well, issue)
    issue.refresh_from_db()
    assert (issue.status, issue.reason, states(issue)) == (Issue.Status.SENT, "", {"submitted": 2})
