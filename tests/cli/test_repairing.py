"""`retry` and `settle`: what a person does about messages that failed, or whose answer was lost."""

import pytest

from newsletter.models import Message
from tests.factories import make_message, make_sent_issue, make_subscriber

pytestmark = pytest.mark.django_db
NAME = "weekly/2026-11-20"


@pytest.fixture
def sent(db):
    return make_sent_issue()


def put(issue, state, email="", reason=""):
    return make_message(issue, make_subscriber(email), state=state, reason=reason)


def test_retry_sends_again_what_failed(call, sent):
    put(sent, "failed")
    put(sent, "failed")
    result = call("retry", NAME)
    assert (result.code, result.out) == (0, f"✓ 2 messages of {NAME} are sent again\n")
    sent.refresh_from_db()
    assert sent.status == "sending"
    assert "there is nothing to do" in call("retry", NAME).out


def test_retry_of_a_paused_issue_says_that_it_waits(call, sent):
    put(sent, "failed")
    sent.go("paused", only=("sent",))
    assert call("retry", NAME).out == f"✓ 1 message of {NAME} is sent again once it is resumed\n"


def test_retry_takes_a_reason_or_addresses(call, sent):
    put(sent, "failed", reason="552 mailbox full")
    put(sent, "failed", reason="550 no such user")
    put(sent, "bounced", "ada@example.org", "550 no such user")
    assert "1 message of" in call("retry", NAME, "--reason", "Mailbox full").out
    assert "1 message of" in call("retry", NAME, "ADA@example.org").out
    assert Message.counts(sent) == {"failed": 1, "pending": 2}
    both = call("retry", NAME, "ada@example.org", "--reason", "x")
    assert both.code == 2
    unknown = call("retry", NAME, "nobody@example.org")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)
    assert f"{NAME} to nobody@example.org has not failed" in unknown.err


def test_retry_of_a_cancelled_issue_is_refused(call, sent):
    put(sent, "failed")
    sent.go("cancelled", only=("sent",))
    result = call("retry", NAME)
    assert (result.code, result.err) == (1, f"✗ {NAME} is cancelled: nothing of it is sent any more\n")


@pytest.mark.parametrize(
    ("way", "said", "state"),
    [("--give-up", "given up", "failed"), ("--arrived", "called submitted", "submitted")],
)
def test_settle_says_what_became_of_them(call, sent, way, said, state):
    put(sent, "uncertain", "ada@example.org")
    put(sent, "uncertain")
    assert call("settle", NAME, way, "ada@example.org").out == f"✓ 1 message of {NAME} is {said}\n"
    assert Message.counts(sent) == {state: 1, "uncertain": 1}
    assert call("settle", NAME, way).code == 0
    assert Message.counts(sent) == {state: 2}
    assert "(command line)" in Message.objects.first().reason
    assert "there is nothing to do" in call("settle", NAME, way).out


def test_sending_again_what_may_have_arrived_asks_first(call, sent):
    put(sent, "uncertain")
    result = call("settle", NAME, "--resend")
    assert result.code == 1
    assert "whoever got it gets it a second time; say --yes" in result.err
    assert Message.counts(sent) == {"uncertain": 1}
    assert call("settle", NAME, "--resend", "--yes").out == f"✓ 1 message of {NAME} is sent again\n"
    assert Message.counts(sent) == {"pending": 1}


def test_settle_wants_to_know_how(call, sent):
    assert call("settle", NAME).code == 2
