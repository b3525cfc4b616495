"""SendGrid in the ledger: what the journal hears and when, and what becomes of the rows."""

import pytest

from newsletter.models import Issue, Message
from newsletter.models.hearing import Word, hear
from newsletter.send.mailing import Reader
from newsletter.send.transports import Heard, Outcome, State, TransportDown, sendgrid
from subscribers.audience import Audience
from subscribers.models import Subscriber, Subscription
from tests.factories import make_list
from tests.send.conftest import FakeTransport, errors, hand_over, send_all, states
from tests.send.servers import DROP, HANG

pytestmark = pytest.mark.usefixtures("no_proxy")


# ── the journal ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Noting(Heard):
    """Notes what it is told, and how many calls had come by then; allows so many calls."""

    def __init__(self, server, allowed=99):
        super().__init__()
        self.server, self.allowed, self.notes = server, allowed, []

    def begin(self, *refs):
        self.allowed -= 1
        self.notes.append(("begin", refs, len(self.server.calls)))
        return self.allowed >= 0 and super().begin(*refs)

    def unsent(self, *refs):
        self.notes.append(("unsent", refs, len(self.server.calls)))
        super().unsent(*refs)

    def answer(self, outcome):
        self.notes.append((str(outcome.state), (outcome.ref,), len(self.server.calls)))
        super().answer(outcome)

    def answer_all(self, refs, state, reason):
        for ref in refs:
            self.answer(Outcome(ref, state, reason))


FIVE = [Reader(str(number), f"r{number}@example.org", "", "t") for number in range(5)]


@pytest.fixture
def noted(sendgrid_config, make_mailing):
    def go(server, allowed=99, **settings):
        config = sendgrid_config(server.url, per_call=2, **settings)
        journal = Noting(server, allowed)
        try:
            sendgrid.open_transport("sendgrid", config).submit(make_mailing(config), FIVE, journal)
        except TransportDown:
            journal.notes.append(("down", (), len(server.calls)))
        return journal.notes

    return go


def test_a_call_is_begun_just_before_it_leaves_and_answered_just_after(api, noted):
    assert noted(api()) == [
        ("begin", ("0", "1"), 0), ("submitted", ("0",), 1), ("submitted", ("1",), 1),
        ("begin", ("2", "3"), 1), ("submitted", ("2",), 2), ("submitted", ("3",), 2),
        ("begin", ("4",), 2), ("submitted", ("4",), 3),
    ]  # fmt: skip


def test_readers_are_asked_for_only_once_the_call_before_theirs_is_answered(api, sendgrid_config, make_mailing):
    server, asked = api(), []
    config = sendgrid_config(server.url, per_call=2)

    def readers():
        for reader in FIVE:
            asked.append(len(server.calls))
            yield reader

    sendgrid.open_transport("sendgrid", config).submit(make_mailing(config), readers(), Heard())
    assert asked == [0, 0, 1, 1, 2]


def test_nothing_leaves_once_the_journal_says_stop(api, noted):
    assert [note for note in noted(api(), allowed=1) if note[0] != "submitted"] == [
        ("begin", ("0", "1"), 0), ("begin", ("2", "3"), 1),
    ]  # fmt: skip


def test_a_refused_call_is_unsent_and_those_after_it_were_never_begun(api, noted):
    assert noted(api((202, {}, None), (429, {}, errors("slow down"))))[3:] == [
        ("begin", ("2", "3"), 1), ("unsent", ("2", "3"), 2), ("down", (), 2),
    ]  # fmt: skip


def test_who_was_refused_alone_is_answered_before_the_rest_is_unsent(api, noted):
    refusal = (400, {}, errors("no", "personalizations.0.to"))
    assert noted(api(refusal, (503, {}, b""))) == [
        ("begin", ("0", "1"), 0), ("failed", ("0",), 1), ("unsent", ("1",), 2), ("down", (), 2),
    ]  # fmt: skip


def test_a_lost_answer_is_the_answer_and_the_next_call_goes_out(api, noted):
    states = [note[:2] for note in noted(api(DROP)) if note[0] not in ("begin", "submitted")]
    assert states == [("uncertain", ("0",)), ("uncertain", ("1",))]


def test_a_further_account_goes_by_its_own_name_and_settings(api, make_config, make_mailing):
    server = api((401, {}, errors("bad key")))
    other = {"kind": "sendgrid", "api_key": "SG.other", "host": server.url, "per_call": 7}
    transport = sendgrid.open_transport("second", make_config(send={"transports": {"second": other}}))
    with pytest.raises(TransportDown, match=r"check send\.transports\.second\.api_key"):
        hand_over(transport, make_mailing(), FIVE)
    assert (transport.name, transport.at_once) == ("second", 7)
    assert server.headers["Authorization"] == ["Bearer SG.other"]


# ── in the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────


def run(config, issue, clock):
    send_all(config, issue, clock)
    issue.refresh_from_db()


@pytest.mark.django_db
def test_a_thousand_and_one_readers_take_two_calls(api, sendgrid_config, sending, clock):
    server, issue = api(), sending(0)
    people = Subscriber.objects.bulk_create(
        Subscriber(email=f"r{n}@example.org", key=f"r{n}@example.org") for n in range(1001)
    )
    readers = make_list()
    Subscription.objects.bulk_create(Subscription(subscriber=one, list=readers, changed_at=clock.now) for one in people)
    Message.freeze(issue, Audience(("readers",)), clock.now)
    send_all(sendgrid_config(server.url), issue, clock, pulse=60)
    assert [len(call["personalizations"]) for call in server.calls] == [1000, 1]
    named = [one["custom_args"]["message"] for call in server.calls for one in call["personalizations"]]
    assert sorted(map(int, named)) == sorted(issue.messages.values_list("pk", flat=True))
    assert states(issue) == {"submitted": 1001}


@pytest.mark.django_db
def test_a_full_quota_burns_nothing(api, sendgrid_config, sending, clock):
    issue = sending(3)
    run(sendgrid_config(api((429, {}, errors("slow down"))).url), issue, clock)
    assert states(issue) == {"pending": 3}
    assert (issue.status, (issue.retry_at - clock.now).total_seconds()) == (Issue.Status.SENDING, 60)
    assert set(issue.messages.values_list("attempts", flat=True)) == {0}


@pytest.mark.django_db
def test_a_refused_key_pauses_the_issue(api, sendgrid_config, sending, clock):
    issue = sending(3)
    run(sendgrid_config(api((401, {}, errors("bad key"))).url), issue, clock)
    assert (issue.status, states(issue)) == (Issue.Status.PAUSED, {"pending": 3})
    assert "check send.sendgrid.api_key" in issue.reason


@pytest.mark.django_db
def test_events_that_come_before_the_answer_is_recorded_stand(sending, make_sender, clock):
    issue = sending(2)
    early = issue.messages.first()

    def meanwhile():
        hear([Word(early.pk, State.DELIVERED, "said early")], clock.now)

    make_sender(issue, FakeTransport(meanwhile, at_once=2)).step()
    assert states(issue) == {"delivered": 1, "submitted": 1}
    early.refresh_from_db()
    assert (early.reason, early.claim) == ("said early", None)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [DROP, HANG])
def test_a_call_whose_answer_is_lost_is_settled_by_its_events_and_nobody_gets_two(
    api, sendgrid_config, sending, clock, answer
):
    issue, server = sending(3), api(answer)
    run(sendgrid_config(server.url, timeout="500ms"), issue, clock)
    assert states(issue) == {"uncertain": 3}
    said = [Word(pk, State.SUBMITTED, "processed") for pk in issue.messages.values_list("pk", flat=True)]
    assert (hear(said, clock.now), hear(said, clock.now)) == (3, 0)
    clock.forward(hours=1)
    run(sendgrid_config(server.url), issue, clock)
    assert (issue.status, states(issue), len(server.calls)) == (Issue.Status.SENT, {"submitted": 3}, 1)
