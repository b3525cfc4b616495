"""SendGrid through its own SDK: what is asked, and what each answer, or none, comes to."""

import json
import logging
import socket
import time
from dataclasses import replace

import pytest

from newsletter.holes import hole
from newsletter.models import Issue, Message
from newsletter.models.hearing import Word, hear
from newsletter.send.mailing import Reader
from newsletter.send.transports import Heard, State, TransportDown, sendgrid
from newsletter.send.transports.sendgrid.request import CALL, Letter
from newsletter.settings import QUIET
from subscribers.audience import Audience
from subscribers.models import Subscriber, Subscription
from tests.factories import make_list
from tests.send.conftest import API_KEY, MARKER, FakeTransport, hand_over, send_all, states
from tests.send.servers import DROP, HANG

pytestmark = pytest.mark.usefixtures("no_proxy")
READERS = [Reader("11", "ada@example.org", "Ada <3", "tok11"), Reader("12", "bob@example.org", "", "tok12")]


@pytest.fixture
def submit(sendgrid_config, make_mailing):
    def go(url, readers=READERS, **settings):
        config = sendgrid_config(url, **settings)
        return hand_over(
            sendgrid.open_transport("sendgrid", config), make_mailing(config, subject="Hello {name}"), readers
        )

    return go


# ── the request ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_call_carries_every_reader_with_their_own_values(api, submit, make_mailing):
    server = api()
    outcomes = submit(server.url)
    assert [(one.ref, one.state, one.reason) for one in outcomes] == [
        (ref, State.SUBMITTED, "accepted (202) abc123") for ref in ("11", "12")
    ]
    (call,) = server.calls
    mailing = make_mailing(subject="Hello {name}")
    assert {name: call[name] for name in ("from", "subject", "content", "categories")} == {
        "from": {"email": "weekly@news.example.org", "name": "The Weekly"},
        "subject": f"Hello {hole(MARKER, 'name')}",
        "content": [{"type": "text/plain", "value": mailing.text}, {"type": "text/html", "value": mailing.html}],
        "categories": ["weekly", "weekly-2026-11-20"],
    }
    first, second = call["personalizations"]
    assert first == {
        "to": [{"email": "ada@example.org", "name": "Ada <3"}],
        "substitutions": {
            f"{MARKER}-token-o": "tok11",
            f"{MARKER}-email-html-o": "ada@example.org",
            f"{MARKER}-name-o": "Ada <3",
            f"{MARKER}-name-html-o": "Ada &lt;3",
        },
        "headers": {"List-Unsubscribe": "<http://127.0.0.1:8000/u/tok11>"},
        "custom_args": {"message": "11", "site": "http://127.0.0.1:8000"},
    }
    assert second["to"] == [{"email": "bob@example.org"}]


def test_the_issues_own_headers_go_along_and_sendgrids_tracking_is_off(api, submit):
    server = api()
    submit(server.url)
    (call,) = server.calls
    assert call["headers"] == {
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "<weekly.news.example.org>",
        "Feedback-ID": "weekly-2026-11-20:weekly:newsletter:news-example-org",
        "Precedence": "bulk",
    }
    off = {"enable": False}
    assert call["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False}, "open_tracking": off, "subscription_tracking": off,
    }  # fmt: skip
    assert server.headers["Authorization"] == [f"Bearer {API_KEY}"]


def test_their_tracking_is_switched_on_only_by_config(api, submit):
    server = api()
    submit(server.url, tracking="theirs")
    assert server.calls[0]["tracking_settings"] == {
        "click_tracking": {"enable": True, "enable_text": True},
        "open_tracking": {"enable": True},
        "subscription_tracking": {"enable": False},
    }


def test_a_reader_has_two_substitutions_where_the_text_needs_no_more(api, sendgrid_config, make_mailing):
    server = api()
    config = sendgrid_config(server.url)
    mailing = make_mailing(config, html="{name-html} {token} {token}", text="{token}")
    hand_over(sendgrid.open_transport("sendgrid", config), mailing, READERS)
    found = [one["substitutions"] for one in server.calls[0]["personalizations"]]
    assert found == [
        {hole(MARKER, "token"): "tok11", hole(MARKER, "name-html"): "Ada &lt;3"},
        {hole(MARKER, "token"): "tok12", hole(MARKER, "name-html"): ""},
    ]


def test_answers_by_mail_find_their_way_by_a_substitution(api, sendgrid_config, make_mailing):
    server = api()
    config = sendgrid_config(server.url)
    letter = config.newsletters["weekly"]
    letter = letter.model_copy(
        update={"replies": letter.replies.model_copy(update={"address": "talk@news.example.org"})}
    )
    config = config.model_copy(update={"newsletters": {"weekly": letter}})
    reader = Reader("1", "a@example.org", "", "t", reply="back1")
    hand_over(sendgrid.open_transport("sendgrid", config), make_mailing(config), [reader])
    (call,) = server.calls
    assert call["reply_to"] == {"email": f"talk+{hole(MARKER, 'reply')}@news.example.org"}
    assert call["personalizations"][0]["substitutions"][hole(MARKER, "reply")] == "back1"


@pytest.mark.parametrize(
    ("name", "said"),
    [("Byron, Ada", '"Byron, Ada"'), ("A; B", '"A; B"'), ('"Q", \\', '"\\"Q\\", \\\\"'), ("Dr. Who", "Dr. Who")],
    ids=["comma", "semicolon", "quotes", "dot"],
)
def test_what_sendgrid_would_take_for_another_recipient_is_quoted(api, submit, name, said):
    server = api()
    submit(server.url, [Reader("1", "a@example.org", name, "t")])
    assert server.calls[0]["personalizations"][0]["to"] == [{"email": "a@example.org", "name": said}]


def test_a_call_is_kept_below_what_it_may_weigh(config, make_mailing):
    letter = Letter(make_mailing(), READERS[0], "ours")
    heavy, light = (replace(letter.person(READERS[0]), weight=weight) for weight in (CALL // 3, 1))
    calls = letter.calls([heavy] * 5 + [light] * 7, most=4)
    assert [len(call) for call in calls] == [2, 2, 4, 4]


@pytest.mark.parametrize("name", ["Ada", "👩‍💻" * 100, "é<&" * 150], ids=["short", "emoji", "escaped"])
def test_a_reader_never_weighs_more_than_was_reckoned(make_mailing, name):
    person = Letter(make_mailing(), READERS[0], "ours").person(Reader("123456789", "a@example.org", name, "t" * 27))
    assert len(json.dumps(person.said)) <= person.weight


def test_an_international_domain_goes_in_ascii_and_an_impossible_address_fails_alone(api, submit):
    server = api()
    readers = [Reader("1", "zoë@example.org", "", "t"), Reader("2", "a@bücher.example", "", "t")]
    outcomes = submit(server.url, readers)
    assert [(one.ref, one.state) for one in outcomes] == [("1", State.FAILED), ("2", State.SUBMITTED)]
    assert "not ASCII" in outcomes[0].reason
    assert [one["to"][0]["email"] for one in server.calls[0]["personalizations"]] == ["a@xn--bcher-kva.example"]


def test_nobody_left_to_ask_for_means_no_call(api, submit):
    server = api()
    assert [one.state for one in submit(server.url, [Reader("1", "zoë@example.org", "", "t")])] == [State.FAILED]
    assert server.calls == []


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


def run(config, issue, clock):
    send_all(config, issue, clock)
    issue.refresh_from_db()


# ── the answers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def errors(message, field=None):
    return {"errors": [{"message": message, "field": field, "help": None}]}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "the request is at fault"),
        (401, "check send.sendgrid.api_key"),
        (403, "may not send mail"),
        (413, "lower send.sendgrid.per_call"),
        (405, "will not mend itself"),
    ],
)
def test_a_refusal_of_the_whole_call_is_permanent_and_says_what_to_do(api, submit, status, words):
    server = api((status, {}, errors("because of this")))
    with pytest.raises(TransportDown, match=f"SendGrid answered {status}: because of this .*{words}") as down:
        submit(server.url)
    assert down.value.permanent
    assert len(server.calls) == 1
    assert API_KEY not in str(down.value)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"X-RateLimit-Reset": lambda: str(int(time.time()) + 90)}, 80, 91),
        ({"x-ratelimit-reset": lambda: str(int(time.time()) - 90)}, 1, 1),
        ({"X-RateLimit-Reset": lambda: str(int(time.time()) + 10**6)}, 3600, 3600),
        ({"X-RateLimit-Reset": lambda: "soon"}, 60, 60),
        ({}, 60, 60),
    ],
)
def test_too_many_requests_rests_until_the_limit_is_reset(api, submit, headers, low, high):
    headers = {name: value() for name, value in headers.items()}
    with pytest.raises(TransportDown, match="429") as down:
        submit(api((429, headers, errors("too many requests"))).url)
    assert not down.value.permanent
    assert low <= down.value.wait.total_seconds() <= high


@pytest.mark.parametrize("body", [errors("internal"), b"<html>", b"", [], {"errors": None}, {"errors": ["text"]}])
@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_theirs_is_tried_again_whatever_page_comes_with_it(api, submit, status, body):
    with pytest.raises(TransportDown, match=f"SendGrid answered {status}") as down:
        submit(api((status, {}, body)).url)
    assert not down.value.permanent


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_heard_nothing_leaves_the_call_uncertain(api, submit, status):
    assert {one.state for one in submit(api((status, {}, b"")).url)} == {State.UNCERTAIN}


@pytest.mark.parametrize("answer", [HANG, DROP])
def test_an_answer_that_never_comes_leaves_the_call_uncertain(api, submit, answer):
    server = api(answer)
    outcomes = submit(server.url, timeout="300ms" if answer == HANG else "10s")
    assert [one.state for one in outcomes] == [State.UNCERTAIN] * 2
    assert "answer was lost" in outcomes[0].reason
    assert len(server.calls) == 1


def test_nobody_there_means_that_nothing_was_sent(submit):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(TransportDown, match="cannot be reached") as down:
        submit(f"http://127.0.0.1:{port}")
    assert not down.value.permanent


def test_a_connection_that_cannot_be_made_in_time_means_that_nothing_was_sent(submit):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:  # nobody accepts: once the queue is full, the next must wait
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(TransportDown, match="cannot be reached: timed out"):
            submit(f"http://127.0.0.1:{full.getsockname()[1]}", timeout="200ms")
        for one in waiting:
            one.close()


def test_recipients_that_sendgrid_names_fail_alone_and_the_rest_go(api, submit):
    server = api((400, {}, errors("Does not contain a valid address.", "personalizations.1.to.0.email")))
    outcomes = {one.ref: (one.state, one.reason) for one in submit(server.url)}
    assert outcomes == {
        "11": (State.SUBMITTED, "accepted (202) abc123"),
        "12": (State.FAILED, "SendGrid: Does not contain a valid address."),
    }
    assert [len(call["personalizations"]) for call in server.calls] == [2, 1]


def test_a_fault_outside_the_recipients_is_not_blamed_on_them(api, submit):
    server = api((400, {}, errors("too long", "personalizations.1.substitutions")))
    with pytest.raises(TransportDown):
        submit(server.url)


def test_sendgrid_may_not_refuse_reader_after_reader_for_ever(api, submit):
    refusal = (400, {}, errors("no", "personalizations.0.to"))
    readers = [Reader(str(n), f"r{n}@example.org", "", "t") for n in range(20)]
    server = api(*[refusal] * 20)
    with pytest.raises(TransportDown, match="refused recipients 5 times over") as down:
        submit(server.url, readers)
    assert (down.value.permanent, len(server.calls)) == (True, 5)


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
        hand_over(transport, make_mailing(), READERS)
    assert (transport.name, transport.at_once) == ("second", 7)
    assert server.headers["Authorization"] == ["Bearer SG.other"]


# ── in the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── the key ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", [(202, {}, b""), (401, {}, errors("bad key"))])
def test_the_key_is_never_logged_even_at_debug(api, submit, sendgrid_config, caplog, answer):
    server = api(answer, (200, {}, {"scopes": []}))
    with caplog.at_level(logging.DEBUG):
        try:
            submit(server.url)
        except TransportDown:
            logging.getLogger("test").debug("refused", exc_info=True)
        sendgrid.check("sendgrid", sendgrid_config(server.url))
    assert "python_http_client" in QUIET
    assert API_KEY not in caplog.text
    assert all(API_KEY not in str(vars(record)) for record in caplog.records)


def test_a_key_with_a_line_break_at_its_end_still_works(api, submit):
    server = api()
    submit(server.url, api_key=f"{API_KEY}\n")
    assert server.headers["Authorization"] == [f"Bearer {API_KEY}"]


@pytest.mark.parametrize("key", [f"{API_KEY}\nX: y", f"{API_KEY}…"])
def test_a_key_that_no_header_may_hold_is_named_but_not_shown(api, submit, sendgrid_config, key):
    server = api()
    with pytest.raises(TransportDown, match=r"check send\.sendgrid\.api_key") as down:
        submit(server.url, api_key=key)
    assert down.value.permanent
    assert API_KEY not in str(down.value)
    assert API_KEY not in sendgrid.check("sendgrid", sendgrid_config(server.url, api_key=key))


def test_check_asks_what_the_key_may_do_and_sends_nothing(api, sendgrid_config):
    server = api((200, {}, {"scopes": ["mail.send"]}), (401, {}, errors("bad key")), (200, {}, b"<html>"))
    config = sendgrid_config(server.url)
    assert sendgrid.check("sendgrid", config) == ""
    assert "check send.sendgrid.api_key" in sendgrid.check("sendgrid", config)
    assert sendgrid.check("sendgrid", config) != ""
    assert server.calls == []
