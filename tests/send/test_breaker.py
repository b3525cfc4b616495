"""The breaker: a server that takes nothing is not taken for a list of bad addresses."""

from collections import deque
from datetime import timedelta

import pytest

from newsletter.config.sending import Breaker as Settings
from newsletter.models import Issue, Message
from newsletter.send import finish
from newsletter.send.breaker import Breaker
from newsletter.send.transports import Outcome, State
from tests.send.conftest import FakeTransport, states

S, F, B, D, U = State.SUBMITTED, State.FAILED, State.BOUNCED, State.DEFERRED, State.UNCERTAIN


def hears(*answers, **settings):
    """What the breaker says after the last of these answers; before it, nothing."""
    breaker = Breaker(Settings(**settings))
    said = [breaker.hear(Outcome(str(number), answer, "said so")) for number, answer in enumerate(answers)]
    assert not any(said[:-1])
    return said[-1]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([F] * 9, ""),
        ([F] * 10, "10 of the last 10 messages were refused, the latest with: said so"),
        ([F] * 5 + [B] * 5, "10 of the last 10 messages were refused"),
        ([S] * 11 + [F] * 10, ""),
        ([S] * 10 + [F] * 10, "10 of the last 20"),
        ([S, F] * 4 + [S] * 40, ""),
        ([D] * 10, "10 of the last 10 messages were put off"),
        ([S, D] * 4 + [F] * 5, ""),
        ([U], ""),
        ([S] * 18 + [U, U], "2 of the last 20 messages were left without an answer"),
        ([S] * 19 + [U, U], ""),
    ],
    ids=range(11),
)
def test_it_trips_at_a_share_of_the_latest_answers_and_not_before(answers, said):
    assert hears(*answers).startswith(said)
    assert bool(hears(*answers)) == bool(said)


def test_only_the_latest_answers_count():
    assert hears(*[S] * 1000, *[F] * 10, window=20)
    assert not hears(*[S] * 1000, *[F] * 9, window=20)


def test_share_and_least_can_be_set():
    assert hears(*[S] * 17, F, F, F, share=15, least=3)
    assert not hears(*[S] * 18, F, F, F, share=15, least=3)


@pytest.mark.django_db
@pytest.mark.parametrize("refusal", [F, B])
def test_a_server_that_refuses_everybody_pauses_the_issue_and_nobody_is_burnt(sending, make_sender, refusal):
    issue = sending(40)
    transport = FakeTransport(*[refusal] * 40)
    make_sender(issue, transport).step()
    issue.refresh_from_db()
    assert issue.status == Issue.Status.PAUSED
    assert issue.reason == f"10 of the last 10 messages were refused, the latest with: said {refusal}"
    assert (states(issue), len(transport.calls)) == ({"pending": 40}, 10)
    put_back = f"put back, as most were refused: said {refusal}"
    assert set(issue.messages.values_list("attempts", "reason", "claim")) == {(0, "", None), (0, put_back, None)}


@pytest.mark.django_db
def test_an_issue_gets_past_addresses_that_are_really_bad(sending, make_sender):
    """Those it begins with: refused once they are put back, refused twice they are recorded, and the others go."""
    issue = sending(40)
    make_sender(issue, FakeTransport(*[B] * 10)).step()
    assert states(issue) == {"pending": 40}
    issue.refresh_from_db()
    issue.go(Issue.Status.SENDING, reason="", retry_at=None)
    sender = make_sender(issue, FakeTransport(*[B] * 10))
    while sender.step():
        pass
    issue.refresh_from_db()
    assert (issue.status, states(issue)) == (Issue.Status.SENDING, {"bounced": 10, "submitted": 30})


@pytest.mark.django_db
def test_a_server_that_still_refuses_everybody_is_given_no_more_than_those_it_has_refused_before(sending, make_sender):
    issue = sending(40)
    for expected in ({"pending": 40}, {"failed": 10, "pending": 30}):
        sender = make_sender(issue, FakeTransport(*[F] * 40))
        while sender.step():
            pass
        assert states(issue) == expected
        issue.refresh_from_db()
        assert issue.status == Issue.Status.PAUSED
        issue.go(Issue.Status.SENDING, reason="", retry_at=None)


@pytest.mark.django_db
def test_refusals_of_an_earlier_sheet_are_put_back_too(sending, make_sender, make_config):
    config = make_config(send={"batch": 6})
    issue = sending(30)
    sender = make_sender(issue, FakeTransport(*[F] * 30), config)
    assert sender.step()
    assert states(issue) == {"failed": 6, "pending": 24}
    sender.step()
    assert states(issue) == {"pending": 30}


@pytest.mark.django_db
def test_an_issue_that_was_sent_goes_on_if_its_refusals_are_put_back_while_the_next_one_is_sent(
    sending, make_sender, clock
):
    first = sending(6)
    second = sending(4, slug="next", due_at=first.due_at + timedelta(days=1))
    turn = make_sender(first, FakeTransport(*[F] * 10))
    turn.step()
    assert finish(first, clock.now)
    turn.issue = Issue.objects.get(pk=second.pk)
    turn.step()
    first.refresh_from_db()
    assert (first.status, first.finished_at, states(first)) == (Issue.Status.SENDING, None, {"pending": 6})


@pytest.mark.django_db
def test_what_has_no_attempt_left_to_take_back_is_not_put_back(sending):
    """A provider may say that a message bounced which the ledger has not sent since a person put it back."""
    issue = sending(1)
    issue.messages.update(state=B)
    assert Message.spare(issue.messages.values_list("pk", flat=True)) == set()
    assert states(issue) == {"bounced": 1}


@pytest.mark.django_db
def test_a_bad_address_here_and_there_stops_nothing(sending, make_sender):
    issue = sending(10)
    transport = FakeTransport()
    transport.answers = deque([S, S, F, S, B, S, S, D, S, S])
    assert make_sender(issue, transport).step()
    assert states(issue) == {"submitted": 7, "failed": 1, "bounced": 1, "deferred": 1}


@pytest.mark.django_db
def test_a_server_that_puts_everybody_off_is_left_alone_for_a_while(sending, make_sender, clock):
    issue = sending(40)
    make_sender(issue, FakeTransport(*[D] * 40)).step()
    issue.refresh_from_db()
    assert issue.status == Issue.Status.SENDING
    assert issue.retry_at > clock.now
    assert "were put off" in issue.reason
    assert states(issue) == {"deferred": 10, "pending": 30}


@pytest.mark.django_db
def test_what_other_lanes_have_seen_refused_when_one_stops_the_issue_is_put_back_as_well(sending, make_sender):
    issue = sending(20)

    def stopped_elsewhere():
        Issue.objects.get(pk=issue.pk).go(Issue.Status.PAUSED, reason="refused")
        return F

    make_sender(issue, FakeTransport(F, F, stopped_elsewhere)).step()
    assert states(issue) == {"pending": 20}
