"""SendGrid through its own SDK: what is asked, and what each answer, or none, comes to."""

import json
import logging
import socket
import time

import pytest

from newsletter.holes import hole
from newsletter.send.mailing import Reader
from newsletter.send.transports import State, TransportDown, sendgrid
from newsletter.send.transports.sendgrid.request import CALL, Letter
from newsletter.settings import QUIET
from tests.send.conftest import API_KEY, MARKER, errors, hand_over
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
    heavy, light = (letter.person(READERS[0])._replace(said="x" * weight) for weight in (CALL // 3, 1))
    calls = letter.calls([heavy] * 5 + [light] * 7, most=4)
    assert [len(call) for call in calls] == [2, 2, 4, 4]


@pytest.mark.parametrize(
    "name", ["Ada", "👩‍💻" * 100, "é<&" * 150, 'a"b\\c', "\ud800x"], ids=["short", "emoji", "escaped", "quotes", "half"]
)
def test_what_is_put_together_reads_as_the_json_that_was_meant(make_mailing, name):
    letter = Letter(make_mailing(), READERS[0], "ours")
    reader = Reader("123456789", "a@example.org", name, 't"' * 9)
    (said,) = json.loads(letter.request([letter.person(reader)]))["personalizations"]
    assert said["custom_args"]["message"] == "123456789"
    assert said["substitutions"][hole(MARKER, "name-html")] == reader.values["name-html"]
    assert said["headers"]["List-Unsubscribe"] == f"<http://127.0.0.1:8000/u/{reader.token}>"


def test_the_other_side_is_told_that_it_is_json(api, submit):
    server = api()
    submit(server.url)
    assert server.headers["Content-Type"] == ["application/json"]


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


# ── the answers ──────────────────────────────────────────────────────────────────────────────────────────────────────


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


@pytest.mark.parametrize("status", [200, 502, 504])
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
