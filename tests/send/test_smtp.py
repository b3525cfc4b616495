"""SMTP: at each step, what the server says or fails to say becomes the right outcome."""

import socket
import time

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.transports import State, TransportDown
from tests.send.conftest import hand_over
from tests.send.servers import DROP, HANG, MIDWAY

ADA, BOB, CY = (Reader(str(n), f"{name}@example.org", name, f"tok{n}") for n, name in enumerate(("ada", "bob", "cy")))


def patience(answer):
    return "300ms" if answer == HANG else "10s"


# ── the good path ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_many_messages_share_a_connection_which_ends_with_goodbye(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server()
    transport = transport_to(server.port)
    outcomes = submit_by_smtp(transport, ADA, BOB, CY)
    transport.close()
    assert [(one.ref, one.state, one.reason) for one in outcomes] == [
        (ref, State.SUBMITTED, "250 2.0.0 queued") for ref in "012"
    ]
    assert server.connections == 1
    assert [line for line in server.commands if line.startswith("rcpt")] == [
        f"rcpt TO:<{reader.email}>" for reader in (ADA, BOB, CY)
    ]
    assert server.commands[-1] == "quit"


def test_a_connection_is_made_anew_after_as_many_messages_as_configured(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server()
    submit_by_smtp(transport_to(server.port, messages_per_connection=2), ADA, BOB, CY)
    assert (server.connections, len(server.accepted)) == (2, 3)


def test_lines_that_begin_with_a_dot_are_doubled_on_the_wire(smtp_server, transport_to, make_mailing):
    server = smtp_server()
    mailing = make_mailing(text=".\n..two\nnone.\n.last", html="<p>\n.html</p>")
    hand_over(transport_to(server.port), mailing, [ADA])
    (text,) = server.texts
    assert b"\r\n..\r\n...two\r\nnone.\r\n..last\r\n" in text
    assert b"<p>\r\n..html</p>\r\n" in text
    assert all(len(line) <= 1000 for line in text.splitlines(keepends=True))
    assert b"\n" not in text.replace(b"\r\n", b"")


# ── each step refuses, closes, drops or hangs ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", DROP, HANG, "nonsense"])
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_before_the_text_a_server_that_goes_away_costs_nothing(smtp_server, transport_to, submit_by_smtp, step, answer):
    server = smtp_server(**{step: [answer], "HELO": [answer]})
    transport = transport_to(server.port, timeout=patience(answer))
    with pytest.raises(TransportDown) as down:
        submit_by_smtp(transport, ADA)
    assert not down.value.permanent
    assert f"the mail server 127.0.0.1:{server.port}" in down.value.reason
    assert server.texts == []
    assert submit_by_smtp(transport, ADA)[0].state == State.SUBMITTED
    assert len(server.accepted) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["421 4.7.0 too many messages", DROP])
def test_a_kept_connection_that_has_ended_is_replaced_at_once(smtp_server, transport_to, submit_by_smtp, step, answer):
    usual = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on"}[step]
    server = smtp_server(**{step: [usual, answer]})
    assert [one.state for one in submit_by_smtp(transport_to(server.port), ADA, BOB)] == [State.SUBMITTED] * 2
    assert (server.connections, len(server.accepted)) == (2, 2)


def test_nobody_there_at_all_is_worth_waiting_for(transport_to, submit_by_smtp):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(TransportDown, match="cannot be reached: Connection refused") as down:
        submit_by_smtp(transport_to(port), ADA)
    assert (down.value.permanent, down.value.wait.total_seconds()) == (False, 60)


@pytest.mark.parametrize(("answer", "permanent"), [("451 4.3.0 later", False), ("550 5.7.1 not you", True)])
def test_a_refused_sender_is_not_the_readers_fault(smtp_server, transport_to, submit_by_smtp, answer, permanent):
    server = smtp_server(MAIL=[answer])
    with pytest.raises(TransportDown, match=rf"refused the sender weekly@news.example.org: {answer}") as down:
        submit_by_smtp(transport_to(server.port), ADA)
    assert down.value.permanent is permanent


@pytest.mark.parametrize(
    ("step", "answer", "state"),
    [
        ("RCPT", "550 5.1.1 no such user", State.FAILED),
        ("RCPT", "450 4.2.1 greylisted", State.DEFERRED),
        ("RCPT", "452 4.2.2 over quota", State.DEFERRED),
        ("RCPT", "552 5.2.2 mailbox full", State.DEFERRED),
        ("DATA", "451 4.7.1 try later", State.DEFERRED),
        ("DATA", "554 5.5.1 no valid recipients", State.FAILED),
    ],
)
def test_a_refused_reader_is_passed_over_on_the_same_connection(
    smtp_server, transport_to, submit_by_smtp, step, answer, state
):
    server = smtp_server(**{step: [answer]})
    first, second = submit_by_smtp(transport_to(server.port), ADA, BOB)
    assert (first.state, first.reason) == (state, answer)
    assert second.state == State.SUBMITTED
    assert server.connections == 1
    assert len(server.texts) == 1


def test_a_forwarding_address_is_accepted(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(RCPT=["251 2.1.5 will forward"])
    assert submit_by_smtp(transport_to(server.port), ADA)[0].state == State.SUBMITTED


@pytest.mark.parametrize("answer", [DROP, HANG, "421 closing", "500 what?"])
def test_a_refusal_stands_even_if_the_server_goes_away_over_it(smtp_server, transport_to, submit_by_smtp, answer):
    server = smtp_server(RCPT=["550 5.1.1 no such user"], RSET=[answer])
    transport = transport_to(server.port, timeout=patience(answer))
    assert [one.state for one in submit_by_smtp(transport, ADA, BOB)] == [State.FAILED, State.SUBMITTED]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "state", "connections"),
    [
        ("250 2.0.0 ok", State.SUBMITTED, 1),
        ("251 taken", State.SUBMITTED, 1),
        ("451 4.3.0 later", State.DEFERRED, 1),
        ("421 4.3.2 closing", State.DEFERRED, 2),
        ("554 5.7.1 spam", State.FAILED, 1),
        ("552 5.3.4 too big", State.FAILED, 1),
        ("354 still waiting", State.UNCERTAIN, 2),
        ("nonsense", State.UNCERTAIN, 2),
        (DROP, State.UNCERTAIN, 2),
        (HANG, State.UNCERTAIN, 2),
    ],
)
def test_the_answer_to_the_text_decides(smtp_server, transport_to, submit_by_smtp, answer, state, connections):
    server = smtp_server(TEXT=[answer])
    first, second = submit_by_smtp(transport_to(server.port, timeout=patience(answer)), ADA, BOB)
    assert first.state == state
    assert second.state == State.SUBMITTED
    assert server.connections == connections


def test_a_connection_lost_within_the_text_leaves_it_uncertain(smtp_server, transport_to, make_mailing):
    server = smtp_server(DATA=[MIDWAY])
    long = make_mailing(text="a line of text\n" * 500_000)
    outcome = hand_over(transport_to(server.port), long, [ADA])[0]
    assert (outcome.state, server.texts) == (State.UNCERTAIN, [])
    assert "may or may not have been sent" in outcome.reason


# ── a server that takes nothing from us ──────────────────────────────────────────────────────────────────────────────


def test_a_server_that_refuses_one_reader_after_another_is_stopped_before_the_list_is_burnt(
    smtp_server, transport_to, submit_by_smtp
):
    server = smtp_server(RCPT=["554 5.7.1 relay access denied"] * 99)
    transport = transport_to(server.port)
    assert {one.state for one in submit_by_smtp(transport, *[ADA] * 9)} == {State.FAILED}
    with pytest.raises(TransportDown) as down:
        submit_by_smtp(transport, ADA)
    assert "refused 10 messages in a row: 554 5.7.1 relay access denied" in down.value.reason
    assert down.value.permanent


def test_readers_who_do_not_exist_and_refusals_here_and_there_stop_nothing(smtp_server, transport_to, submit_by_smtp):
    denied, unknown = "554 5.7.1 denied", "550 5.1.1 no such user"
    server = smtp_server(RCPT=[unknown] * 20 + [denied] * 9 + ["250 ok"] + [denied] * 9)
    assert len(submit_by_smtp(transport_to(server.port), *[ADA] * 39)) == 39


def test_an_address_that_smtp_cannot_carry_fails_with_the_reason_before_anything_is_said(
    smtp_server, transport_to, submit_by_smtp
):
    server = smtp_server()
    outcome = submit_by_smtp(transport_to(server.port), Reader("9", "zoë@example.org", "", "t"))[0]
    assert outcome.state == State.FAILED
    assert "not ASCII" in outcome.reason
    assert server.commands == []


def test_a_server_that_hangs_costs_no_more_than_the_time_out(smtp_server, transport_to, submit_by_smtp):
    server = smtp_server(TEXT=[HANG])
    start = time.monotonic()
    submit_by_smtp(transport_to(server.port, timeout="200ms"), ADA)
    assert time.monotonic() - start < 8
