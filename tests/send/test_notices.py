"""Service mails: sent once each with the ledger's care, whatever dies in between, and marked as what they are."""

import email
import email.policy
import json
from datetime import timedelta
from threading import Event

import pytest

from newsletter import holes, links, pipeline, tokens
from newsletter.models import Notice
from newsletter.render import RenderError, service_mail
from newsletter.send.mailing import Reader
from newsletter.send.notices import send_notices
from newsletter.send.transports import Outcome, State, TransportDown, outbox
from newsletter.send.transports.sendgrid.request import Letter
from tests.factories import NOW, make_list, make_notice, make_subscriber, make_suppression
from tests.send.conftest import KEY, FakeTransport, send_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(config, clock):
    def go(transport, config=config, stop=None, draw=service_mail):
        return send_notices(config, KEY, "weekly", draw, clock, stop or Event(), transport)

    return go


def states():
    return [(notice.state, notice.attempts) for notice in Notice.objects.order_by("pk")]


def test_what_is_due_is_sent_once(send):
    for _ in range(3):
        make_notice()
    transport = FakeTransport()
    assert send(transport) == 3
    assert send(transport) == 0
    assert len(transport.taken) == 3
    assert states() == [("submitted", 1)] * 3
    assert {tuple(notice.facts) for notice in Notice.objects.all()} == {()}


def test_a_dedupe_key_that_was_used_makes_no_second_mail():
    reader = make_subscriber()
    assert make_notice(subscriber=reader, dedupe="a").pk == make_notice(subscriber=reader, dedupe="a").pk
    assert make_notice(subscriber=reader).pk != make_notice(subscriber=reader).pk


def test_a_dead_server_leaves_all_of_it_for_later(send, clock):
    for _ in range(2):
        make_notice()
    assert send(FakeTransport(TransportDown("no server"))) == 0
    assert states() == [("pending", 0)] * 2
    assert send(FakeTransport()) == 0
    clock.forward(minutes=1)
    assert send(FakeTransport()) == 2


def test_a_refusal_is_final_and_keeps_its_reason(send):
    make_notice()
    send(FakeTransport(State.FAILED))
    assert states() == [("failed", 1)]
    assert Notice.objects.get().reason == "said failed"


def test_a_deferral_waits_longer_each_time_and_is_given_up(send, clock, make_config):
    config = make_config(send={"retry": {"first": "1m", "longest": "3m", "attempts": 3}})
    make_notice()
    for wait in (1, 2):
        send(FakeTransport(State.DEFERRED), config)
        assert Notice.objects.get().retry_at == clock() + timedelta(minutes=wait)
        clock.forward(minutes=wait)
    send(FakeTransport(State.DEFERRED), config)
    assert states() == [("failed", 3)]


def test_after_a_lost_answer_the_others_wait_so_that_not_all_are_lost(send, clock):
    for _ in range(3):
        make_notice()
    assert send(FakeTransport(State.UNCERTAIN)) == 0
    assert states() == [("uncertain", 1), ("pending", 0), ("pending", 0)]
    clock.forward(minutes=1)
    assert send(FakeTransport()) == 2
    assert states()[0] == ("uncertain", 1)


def test_an_unforeseen_fault_is_uncertain_and_the_rest_waits(send):
    make_notice()
    make_notice()
    with pytest.raises(ZeroDivisionError):
        send(FakeTransport(ZeroDivisionError("by nought")))
    assert states() == [("uncertain", 1), ("pending", 0)]
    assert "ZeroDivisionError" in Notice.objects.order_by("pk").first().reason


def test_what_was_on_the_wire_when_a_process_died_is_uncertain_and_never_sent_by_itself(send, config, clock):
    make_notice()
    claimed = Notice.claim_batch("weekly", 5, clock(), config.send.lease)[0]
    assert claimed.begin(clock(), config.send.lease)
    clock.forward(minutes=6)
    assert Notice.lapse(clock()) == 1
    assert send(FakeTransport()) == 0
    assert states() == [("uncertain", 1)]
    claimed.settle("submitted", "250 late", clock())
    assert states() == [("submitted", 1)]


def test_a_person_may_have_it_sent_again(send, clock):
    make_notice()
    gone = make_notice(until=NOW - timedelta(minutes=1))
    Notice.objects.update(state="uncertain")
    assert Notice.send_again(Notice.objects.all(), clock()) == 1
    assert send(FakeTransport()) == 1
    gone.refresh_from_db()
    assert gone.state == "uncertain"


def test_a_claim_that_another_holds_or_that_has_lapsed_sends_nothing(config, clock):
    make_notice()
    first = Notice.claim_batch("weekly", 5, clock(), config.send.lease)[0]
    assert Notice.claim_batch("weekly", 5, clock(), config.send.lease) == []
    clock.forward(minutes=6)
    second = Notice.claim_batch("weekly", 5, clock(), config.send.lease)[0]
    assert not first.begin(clock(), config.send.lease)
    assert second.begin(clock(), config.send.lease)
    assert not second.begin(clock(), config.send.lease)


def test_what_has_ended_or_must_not_be_written_to_is_not_sent(send):
    make_notice(until=NOW - timedelta(seconds=1))
    make_suppression("gone@example.org")
    make_notice(subscriber=make_subscriber("gone@example.org"))
    Notice.queue("sign_in", "weekly", "GONE@example.org", {}, NOW)
    transport = FakeTransport()
    assert send(transport) == 0
    assert transport.taken == []
    assert [state for state, _ in states()] == ["failed"] * 3


def test_a_mail_that_cannot_be_drawn_does_not_keep_the_next_from_going(send):
    make_notice(kind="report")
    make_notice()
    assert send(FakeTransport()) == 1
    failed = Notice.objects.order_by("pk").first()
    assert (failed.state, "cannot be drawn" in failed.reason) == ("failed", True)


def test_a_wish_to_stop_ends_between_two_mails(send):
    for _ in range(2):
        make_notice()
    stop = Event()
    assert send(FakeTransport(lambda: stop.set()), stop=stop) == 1
    assert states() == [("submitted", 1), ("pending", 0)]
    assert send(FakeTransport()) == 1


def test_the_job_sends_each_newsletters_and_passes_over_one_that_is_gone(make_config, clock, tmp_path):
    config = make_config(send={"outbox": {"path": str(tmp_path / "out")}})
    make_notice()
    make_notice(newsletter="gone")
    pipeline.send_notices(pipeline.Context(config, KEY, clock))
    assert [state for state, _ in states()] == ["submitted", "pending"]
    assert [file.name for file in (tmp_path / "out/weekly/notices").iterdir()] == [f"notice-{pk_of_first()}.eml"]


def pk_of_first():
    return Notice.objects.order_by("pk").first().pk


# ── headers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def read(config, send, make_config):
    """Send through the outbox and read what was written."""

    def go(**replies):
        chosen = make_config(newsletters={"weekly": {"replies": replies}}) if replies else config
        send(outbox.open_transport("outbox", chosen), chosen)
        file = next((chosen.outbox / "weekly" / "notices").glob("*.eml"))
        return email.message_from_bytes(file.read_bytes(), policy=email.policy.default)

    return go


def test_it_says_that_no_person_wrote_it_and_is_no_list_mail(read):
    reader = make_subscriber("maja@example.org", name="Maja")
    notice = make_notice(subscriber=reader, name="Maja")
    message = read()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["To"] == "Maja <maja@example.org>"
    assert message["Message-ID"] == f"<notice-{notice.pk}.weekly.notices@news.example.org>"
    for header in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Precedence", "Feedback-ID", "Reply-To"):
        assert message[header] is None
    assert "http://127.0.0.1:8000/sign-in/x" in message.get_body(("plain",)).get_content()
    assert "http://127.0.0.1:8000/sign-in/x" in message.get_body(("html",)).get_content()
    assert message.defects == []


def test_an_answer_can_be_answered(read):
    make_notice(answers_to="abc234")
    assert read(address="reply@in.example.org")["Reply-To"] == "reply+abc234@in.example.org"


def test_nothing_else_can(read):
    make_notice()
    assert read(address="reply@in.example.org")["Reply-To"] is None


def test_facts_are_words_and_nothing_more(config):
    facts = {"issue_title": "<b>&", "issue_url": "https://example.org/?a=1&b=2", "your_words": "<script>\n{{ x }}",
             "answer": "Line <i>\n\nSecond", "answered_by": "Ada", "public": True}  # fmt: skip
    drawn = service_mail("answer", config, "weekly", facts)
    assert "<script>" not in drawn.html
    assert "{{ x }}" in drawn.text
    assert "Line &lt;i&gt;" in drawn.html
    with pytest.raises(RenderError):
        service_mail("answer", config, "nobody", facts)


# ── a reader's own reply address in an issue's mail ───────────────────────────────────────────────────────────────────


def test_each_message_bears_its_readers_reply_address(make_config, sending, clock):
    config = make_config(newsletters={"weekly": {"replies": {"address": "reply@in.example.org"}}})
    issue = sending(2)
    send_all(config, issue, clock)
    files = sorted((config.outbox / "weekly" / issue.slug).glob("*.eml"))
    found = {email.message_from_bytes(file.read_bytes())["Reply-To"] for file in files}
    assert len(found) == 2
    for address in found:
        token = address.removeprefix("reply+").removesuffix("@in.example.org")
        assert issue.messages.filter(pk=tokens.read_until(token, [KEY], tokens.REPLY, clock())).exists()


def test_sendgrid_is_given_one_address_with_a_hole(make_config, make_mailing):
    config = make_config(newsletters={"weekly": {"replies": {"address": "reply@in.example.org"}}})
    mailing = make_mailing(config)
    hole = holes.hole(mailing.marker, "reply")
    request = json.loads(Letter(mailing, Reader("1", "a@example.org", "", ""), "ours").request([]))
    assert request["reply_to"] == {"email": links.reply_address("reply@in.example.org", hole)}
    assert len(request["reply_to"]["email"].partition("@")[0]) <= 64


def test_an_answer_that_is_lost_is_uncertain(send):
    make_notice()

    class Silent(FakeTransport):
        def submit(self, mailing, readers, journal):
            journal.answer(Outcome(readers[0].ref, State.UNCERTAIN, "the answer was lost"))

    assert send(Silent()) == 0
    assert states() == [("uncertain", 1)]


def test_what_fails_before_it_leaves_is_never_called_uncertain(send):
    """A worker that dies over a template or an address has announced nothing."""
    Notice.objects.filter(pk=make_notice().pk).update(subscriber=None, to="nobody at all")
    make_notice()

    def dies(*given):
        assert Notice.objects.order_by("pk").last().state == "pending"
        raise RenderError("no such template")

    assert send(FakeTransport(), draw=dies) == 0
    assert states() == [("failed", 0), ("failed", 0)]


def test_a_refused_key_is_left_in_peace_by_the_mail_that_met_it_too(send, clock):
    make_notice()
    send(FakeTransport(TransportDown("wrong key", permanent=True)))
    assert Notice.objects.get().retry_at == clock() + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("own", "list_speaks", "said", "wanted"),
    [
        ("ar", "de", {}, "هذا الرابط يكفي"),
        ("", "de", {}, "dieser Link genügt"),
        ("tlh", "de", {}, "dieser Link genügt"),
        ("", "", {"language": "fr"}, "ce lien suffit"),
        ("he", "", {"language": "fr"}, "הקישור הזה מספיק"),
        ("", "", {}, "this link is enough"),
    ],
)
def test_a_mail_to_one_person_is_in_their_language_else_in_that_of_their_list(send, own, list_speaks, said, wanted):
    make_list("readers", language=list_speaks)
    facts = {"sign_in_url": "http://127.0.0.1:8000/sign-in/x", "expires": "09:00", "purpose": "entering"}
    make_notice(subscriber=make_subscriber(language=own), facts={**facts, **said})
    texts = []

    def draw(*given):
        texts.append(service_mail(*given).text)
        return service_mail(*given)

    assert send(FakeTransport(), draw=draw) == 1
    assert wanted in " ".join(texts[0].split())
