"""What people do about failed and uncertain messages: once however often it is pressed, and safe while it sends."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from newsletter import send
from newsletter.models import Issue, Message, TransitionRefused, Verdict, repairing
from newsletter.models.reasons import gist, says
from tests.factories import NOW, make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
State, Status = Message.State, Issue.Status


def failed(issue, reason="550 no", **fields):
    return make_message(issue, state=fields.pop("state", State.FAILED), reason=reason, attempts=3, **fields)


def uncertain(issue, **fields):
    return make_message(issue, state=State.UNCERTAIN, reason="the answer was lost", claim=uuid.uuid4(), **fields)


def states(issue):
    return Message.counts(issue)


def test_what_failed_goes_again_with_all_its_attempts_before_it():
    issue = make_sent_issue()
    message = failed(issue, retry_at=NOW)
    make_message(issue)
    assert repairing.retry(issue) == 1
    message.refresh_from_db()
    assert (message.state, message.attempts, message.reason, message.retry_at) == ("pending", 0, "", None)
    assert states(issue) == {"pending": 1, "submitted": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [(Status.SENT, Status.SENDING), (Status.SENDING, Status.SENDING), (Status.PAUSED, Status.PAUSED)],
)
def test_a_sent_issue_goes_on_and_a_paused_one_stays_paused(before, after):
    issue = make_sent_issue(status=before)
    failed(issue)
    assert repairing.retry(issue) == 1
    assert issue.status == after
    assert issue.finished_at is None


def test_pressing_twice_does_it_once():
    issue = make_sent_issue()
    failed(issue)
    lost = uncertain(issue)
    assert [repairing.retry(issue), repairing.retry(issue)] == [1, 0]
    assert [repairing.give_up(issue, "ada"), repairing.arrived(issue, "bob", NOW), repairing.resend(issue)] == [1, 0, 0]
    lost.refresh_from_db()
    assert (lost.state, lost.reason) == ("failed", "given up by ada; before: the answer was lost")


def test_an_issue_with_nothing_to_retry_stays_sent():
    issue = make_sent_issue()
    make_message(issue)
    assert repairing.retry(issue) == 0
    assert (issue.status, issue.finished_at) == ("sent", NOW)


def test_a_cancelled_issue_sends_nothing_more():
    issue = make_sent_issue(status=Status.CANCELLED)
    failed(issue)
    lost = uncertain(issue)
    for again in (repairing.retry, repairing.resend):
        with pytest.raises(TransitionRefused, match="is cancelled: nothing of it is sent any more"):
            again(issue)
    assert states(issue) == {"failed": 1, "uncertain": 1}
    # What became of it can still be said.
    assert repairing.arrived(issue, "ada", NOW, [lost.pk]) == 1


def test_bounced_and_complained_go_again_only_by_number():
    issue = make_sent_issue()
    bounced = failed(issue, state=State.BOUNCED)
    complained = failed(issue, state=State.COMPLAINED)
    assert repairing.retry(issue) == 0
    assert repairing.retry(issue, saying="550") == 0
    assert repairing.retry(issue, [bounced.pk]) == 1
    assert states(issue) == {"complained": 1, "pending": 1}
    assert repairing.retry(issue, [complained.pk]) == 1


def test_messages_of_one_reason_go_again():
    issue = make_sent_issue()
    for queue in ("4DkXyZ1q2w", "4DkXyZ9q9w"):
        failed(issue, f"554 5.7.1 quota exceeded for <a@example.org> ({queue})")
    failed(issue, "550 5.1.1 no such user")
    reason = gist(Message.objects.filter(reason__contains="quota").first().reason)
    assert repairing.retry(issue, saying=reason) == 2
    assert repairing.retry(issue, saying="NO SUCH") == 1


def test_numbers_of_another_issue_are_left_alone():
    issue, other = make_sent_issue(), make_sent_issue()
    message = failed(other)
    lost = uncertain(other)
    assert repairing.retry(issue, [message.pk]) == 0
    assert repairing.give_up(issue, "ada", [lost.pk]) == 0
    assert states(other) == {"failed": 1, "uncertain": 1}


def test_nobody_is_no_number_and_means_nobody():
    issue = make_sent_issue()
    failed(issue)
    assert repairing.retry(issue, []) == 0


def test_what_a_person_gave_up_goes_again_only_if_it_is_meant():
    issue = make_sent_issue()
    lost = uncertain(issue)
    repairing.give_up(issue, "ada")
    assert repairing.retry(issue) == 0
    assert repairing.retry(issue, [lost.pk]) == 1
    Message.objects.update(state=State.FAILED, reason="given up by ada; before: lost")
    assert repairing.retry(issue, saying="given up by ada") == 1


def test_an_erased_person_is_not_written_to_again():
    issue = make_sent_issue()
    failed(issue, subscriber=make_subscriber())
    uncertain(issue)
    Message.objects.update(subscriber=None)
    assert (repairing.retry(issue), repairing.resend(issue)) == (0, 0)


def test_what_is_known_to_have_arrived_is_submitted():
    issue = make_sent_issue()
    lost, other = uncertain(issue), uncertain(issue)
    assert repairing.arrived(issue, "ada", NOW, [lost.pk]) == 1
    lost.refresh_from_db()
    assert (lost.state, lost.reason, lost.submitted_at) == ("submitted", "it arrived, says ada", NOW)
    other.refresh_from_db()
    assert other.state == "uncertain"


@pytest.mark.parametrize("decide", ["resend", "give_up", "arrived"])
def test_a_late_answer_does_not_overrule_a_person(decide):
    issue = make_sent_issue(status=Status.SENDING)
    lost = uncertain(issue)
    {
        "resend": lambda: repairing.resend(issue),
        "give_up": lambda: repairing.give_up(issue, "ada"),
        "arrived": lambda: repairing.arrived(issue, "ada", NOW),
    }[decide]()
    before = states(issue)
    for late in (Verdict(lost.pk, "submitted", "250 ok"), Verdict(lost.pk, "pending")):
        assert Message.settle(lost.claim, [late], NOW) == 0
    assert not Message.held_by(lost.claim).exists()
    assert states(issue) == before


def test_what_a_worker_has_in_hand_is_left_to_it():
    issue = make_sent_issue(status=Status.SENDING)
    for state in (State.PENDING, State.SUBMITTING, State.DEFERRED):
        make_message(issue, state=state, claim=uuid.uuid4(), lease_until=NOW + timedelta(minutes=5))
    before = list(Message.objects.order_by("pk").values())
    assert [repairing.retry(issue), repairing.resend(issue), repairing.give_up(issue, "ada")] == [0, 0, 0]
    assert repairing.retry(issue, [row["id"] for row in before]) == 0
    assert list(Message.objects.order_by("pk").values()) == before


def test_an_issue_is_not_called_sent_over_what_was_put_back():
    issue = make_sent_issue(status=Status.SENDING)
    failed(issue)
    repairing.retry(issue)
    assert not send.finish(issue, timezone.now())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 <ada@example.org>: user unknown", "550 5.1.1 …: user unknown"),
        ("451 try later, queue 4DkXyZ1q2w", "451 try later, queue …"),
        ("421 from [192.0.2.7] too many", "421 from … too many"),
        ("550-5.7.26 see https://example.org/mail/81126?p=x d2e1a72fcca58-1f2 - gsmtp",
         "550-5.7.26 see https://example.org/mail/… … - gsmtp"),
        ("552 5.2.2  mailbox\n full", "552 5.2.2 mailbox full"),
        ("authentication failed", "authentication failed"),
        ("", ""),
    ],
    ids=["address", "queue", "network", "page", "spaces", "words", "nothing"],
)  # fmt: skip
def test_what_differs_from_answer_to_answer_is_left_out_of_its_kind(answer, kind):
    assert gist(answer) == kind
    assert says(answer, kind)


def test_a_long_reason_is_cut():
    assert len(gist("no " * 200)) <= 160


@pytest.mark.django_db(transaction=True)
def test_of_people_who_press_at_the_same_moment_one_does_it():
    issue = make_sent_issue()
    for _ in range(5):
        failed(issue)
        uncertain(issue)
    presses = [
        lambda one: repairing.retry(one),
        lambda one: repairing.give_up(one, "ada"),
        lambda one: repairing.arrived(one, "bob", NOW),
        lambda one: repairing.resend(one),
    ]

    def press(act):
        try:
            return act(Issue.objects.get(pk=issue.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(press, presses * 2))
    assert sum(done[0::4]) == 5
    assert sum(done) == 10
    assert sum(states(issue).values()) == 10
    issue.refresh_from_db()
    assert issue.status == "sending"
