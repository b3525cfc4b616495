"""SMTP: whatever the server says or fails to say becomes the right outcome, however far ahead it is spoken to."""

import socket
import time

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.transports import Heard, State, TransportDown
from tests.send.conftest import hand_over
from tests.send.servers import CLOSE, DROP, EARLY, HANG, MIDWAY, STUCK

ADA, BOB, CY, DI = (
    Reader(str(n), f"{name}@example.org", name, f"tok{n}") for n, name in enumerate(("ada", "bob", "cy", "di"))
)
SUBMITTED, UNCERTAIN = State.SUBMITTED, State.UNCERTAIN
LONG = ("a long line of text" * 50 + "\n") * 8_000
"""More than the buffers of both sides hold."""
USUAL = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "TEXT": "250 ok"}


def patience(answer):
    return "400ms" if answer == HANG else "10s"


def tries(mode):
    """How often a server is asked that fails at once: the second time, without speaking ahead."""
    return 1 if mode == "off" else 2


# ── the good path ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_many_messages_share_a_connection_which_ends_with_goodbye(send):
    sheet = send(ADA, BOB, CY)
    sheet.transport.close()
    assert sheet.answers == [("0", SUBMITTED), ("1", SUBMITTED), ("2", SUBMITTED)]
    assert sheet.reasons == ["250 2.0.0 queued"] * 3
    assert sheet.journal.begun == ["0", "1", "2"]
    assert sheet.server.connections == 1
    assert sheet.server.said("RCPT") == [f"RCPT TO:<{reader.email}>" for reader in (ADA, BOB, CY)]
    assert sheet.server.commands[-1] == "QUIT"


def test_a_sheet_without_readers_says_nothing(send):
    sheet = send()
    assert (sheet.answers, sheet.server.connections) == ([], 0)


def test_each_reader_gets_the_text_that_is_theirs(send):
    sheet = send(ADA, BOB, CY, DI)
    assert [text.partition(b"\r\nTo: ")[2].split(b"\r\n")[0] for text in sheet.server.texts] == [
        b"ada <ada@example.org>", b"bob <bob@example.org>", b"cy <cy@example.org>", b"di <di@example.org>",
    ]  # fmt: skip


def test_lines_that_begin_with_a_dot_are_doubled_on_the_wire(send, make_mailing):
    sheet = send(ADA, BOB, mailing=make_mailing(text=".\n..two\nnone.\n.last", html="<p>\n.html</p>"))
    for text in sheet.server.texts:
        assert b"\r\n..\r\n...two\r\nnone.\r\n..last\r\n" in text
        assert b"<p>\r\n..html</p>\r\n" in text
        assert all(len(line) <= 1000 for line in text.splitlines(keepends=True))
        assert b"\n" not in text.replace(b"\r\n", b"")


def test_an_answer_of_several_lines_is_one_reason(send):
    sheet = send(ADA, BOB, TEXT=["550-5.7.1 Not today,\r\n550-5.7.1 says\x00 the\r\n550 5.7.1 filter."])
    assert sheet.states == [State.FAILED, SUBMITTED]
    assert sheet.reasons[0] == "550 5.7.1 Not today, says  the filter."


# ── before the text ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", ["421 4.3.2 closing", DROP, HANG, "nonsense", "299 2.0.0 what?", "200"])
@pytest.mark.parametrize("step", ["CONNECT", "EHLO"])
def test_a_server_that_does_not_greet_us_costs_nothing(send, step, answer):
    if answer.startswith("2") and step == "EHLO":
        pytest.skip("then it is asked with HELO, and answers that")
    sheet = send(ADA, timeout=patience(answer), **{step: [answer], "HELO": [answer]})
    assert (sheet.answers, sheet.journal.begun, sheet.server.texts) == ([], [], [])
    assert not sheet.down.permanent
    assert f"the mail server 127.0.0.1:{sheet.server.port}" in sheet.down.reason
    assert sheet.send(ADA).states == [SUBMITTED]


@pytest.mark.parametrize("answer", [DROP, HANG, "nonsense"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_before_the_text_a_server_that_goes_away_costs_nothing(send, mode, step, answer):
    sheet = send(ADA, BOB, timeout=patience(answer), **{step: [answer] * tries(mode)})
    assert (sheet.answers, sheet.journal.begun, sheet.server.texts) == ([], [], [])
    assert not sheet.down.permanent
    assert f"the mail server 127.0.0.1:{sheet.server.port} broke off" in sheet.down.reason
    assert sheet.send(ADA, BOB).states == [SUBMITTED, SUBMITTED]
    assert len(sheet.server.accepted) == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["421 4.7.0 too many messages", DROP, HANG, "nonsense"])
@pytest.mark.parametrize("apart", [False, True], ids=["one-sheet", "two-sheets"])
def test_a_used_connection_that_has_ended_is_replaced_at_once(send, step, answer, apart):
    script = {step: [USUAL[step], answer]}
    sheet = send(ADA, timeout=patience(answer), **script).send(BOB, CY) if apart else send(
        ADA, BOB, CY, timeout=patience(answer), **script
    )  # fmt: skip
    assert sheet.answers == [("0", SUBMITTED), ("1", SUBMITTED), ("2", SUBMITTED)]
    assert (sheet.server.connections, len(sheet.server.accepted)) == (2, 3)


def test_nobody_there_at_all_is_worth_waiting_for(transport_to, make_mailing):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(TransportDown, match="cannot be reached: Connection refused") as down:
        hand_over(transport_to(port), make_mailing(), [ADA])
    assert (down.value.permanent, down.value.wait.total_seconds()) == (False, 60)


@pytest.mark.parametrize(("answer", "permanent"), [("451 4.3.0 later", False), ("550 5.7.1 not you", True)])
@pytest.mark.parametrize("before", [0, 1])
def test_a_refused_sender_is_not_the_readers_fault(send, answer, permanent, before):
    sheet = send(ADA, BOB, MAIL=["250 ok"] * before + [answer] * 2)
    assert sheet.states == [SUBMITTED] * before
    assert f"refused the sender weekly@news.example.org: {answer}" in sheet.down.reason
    assert sheet.down.permanent is permanent
    assert len(sheet.server.texts) == before


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    ("step", "answer", "state"),
    [
        ("RCPT", "550 5.1.1 no such user", State.BOUNCED),
        ("RCPT", "550 5.1.10 null MX", State.BOUNCED),
        ("RCPT", "550 5.2.1 disabled", State.BOUNCED),
        ("RCPT", "501 5.1.3 bad address", State.BOUNCED),
        ("RCPT", "550 No such user here", State.BOUNCED),
        ("RCPT", "551 user has moved", State.BOUNCED),
        ("RCPT", "553 mailbox name not known", State.BOUNCED),
        ("RCPT", "550 5.7.1 we do not know you", State.FAILED),
        ("RCPT", "550 blocked (5.7.1)", State.FAILED),
        ("RCPT", "550 relaying denied", State.FAILED),
        ("RCPT", "554 no such user", State.FAILED),
        ("RCPT", "550 5.1.16 not so", State.FAILED),
        ("RCPT", "450 4.2.1 greylisted", State.DEFERRED),
        ("RCPT", "450 5.1.1 for the moment", State.DEFERRED),
        ("RCPT", "452 4.2.2 over quota", State.DEFERRED),
        ("RCPT", "552 5.2.2 mailbox full", State.DEFERRED),
        ("DATA", "451 4.7.1 try later", State.DEFERRED),
        ("DATA", "552 5.2.2 no room", State.DEFERRED),
        ("DATA", "554 5.5.1 no valid recipients", State.FAILED),
        ("DATA", "550 5.1.1 no such user", State.FAILED),
    ],
)
def test_a_refused_reader_is_passed_over_on_the_same_connection(send, step, answer, state, place):
    sheet = send(ADA, BOB, CY, **{step: [USUAL[step]] * place + [answer]})
    expected = [SUBMITTED] * 3
    expected[place] = state
    assert sheet.states == expected
    assert sheet.reasons[place] == answer
    assert len(sheet.journal.begun) == len(sheet.server.accepted) == 2
    assert sheet.server.connections == 1


def test_a_server_that_wants_a_text_though_it_refused_its_reader_gets_none(send, mode):
    sheet = send(ADA, BOB, CY, RCPT=["550 5.1.1 no such user", "250 ok", "550 5.1.1 nor this"])
    assert sheet.states == [State.BOUNCED, SUBMITTED, State.BOUNCED]
    assert sheet.server.dots == (0 if mode == "off" else 2)
    assert len(sheet.server.texts) == 1
    assert sheet.journal.begun == ["1"]
    assert sheet.server.connections == 1


def test_a_server_that_wants_no_text_for_a_refused_reader_is_set_back(send, mode):
    refused, data = "550 5.1.1 no such user", "554 5.5.1 no valid recipients"
    script = {"RCPT": [refused, "250 ok", refused]} | ({} if mode == "off" else {"DATA": [data, "354 go on", data]})
    sheet = send(ADA, BOB, CY, **script)
    assert sheet.states == [State.BOUNCED, SUBMITTED, State.BOUNCED]
    assert len(sheet.server.said("RSET")) == 2
    assert sheet.server.connections == 1


@pytest.mark.parametrize("answer", [DROP, HANG, "421 closing", "500 what?"])
def test_a_refusal_stands_even_if_the_server_goes_away_over_it(send, answer):
    refusal = {"DATA": ["451 4.7.1 not now"], "RSET": [answer]}
    sheet = send(ADA, BOB, timeout=patience(answer), **refusal)
    assert sheet.states == [State.DEFERRED, SUBMITTED]
    assert sheet.server.connections == 2


@pytest.mark.parametrize("answer", [CLOSE, HANG, "421 closing", "nonsense"])
def test_a_refused_reader_is_refused_whatever_comes_after(send, answer, mode):
    if mode == "off":
        pytest.skip("nothing was said after it")
    sheet = send(ADA, BOB, timeout=patience(answer), RCPT=["550 5.1.1 no such user"], DATA=[answer])
    assert sheet.states == [State.BOUNCED, SUBMITTED]
    assert sheet.server.connections == 2


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_server_that_closes_on_account_of_one_reader_defers_that_one(send, step):
    sheet = send(ADA, BOB, **{step: ["421 4.7.0 not this one"]})
    assert sheet.answers == [("0", State.DEFERRED), ("1", SUBMITTED)]
    assert sheet.reasons[0] == "421 4.7.0 not this one"
    assert sheet.server.connections == 2


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_server_that_closes_whomever_we_name_is_left_alone(send, step):
    sheet = send(ADA, BOB, CY, **{step: ["421 4.7.0 too busy"] * 9})
    assert sheet.answers == [("0", State.DEFERRED)]
    assert sheet.down.reason.endswith("broke off: 421 4.7.0 too busy")
    assert not sheet.down.permanent


def test_a_forwarding_address_is_accepted(send):
    assert send(ADA, RCPT=["251 2.1.5 will forward"]).states == [SUBMITTED]


# ── the text ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("answer", "state", "connections"),
    [
        ("250 2.0.0 ok", SUBMITTED, 1),
        ("251 taken", SUBMITTED, 1),
        ("451 4.3.0 later", State.DEFERRED, 1),
        ("421 4.3.2 closing", State.DEFERRED, 2),
        ("554 5.7.1 spam", State.FAILED, 1),
        ("550 5.1.1 no such user", State.FAILED, 1),
        ("552 5.3.4 too big", State.FAILED, 1),
        ("354 still waiting", UNCERTAIN, 2),
        ("nonsense", UNCERTAIN, 2),
        (DROP, UNCERTAIN, 2),
        (HANG, UNCERTAIN, 2),
    ],
)
def test_the_answer_to_the_text_decides(send, answer, state, connections, place):
    sheet = send(ADA, BOB, CY, timeout=patience(answer), TEXT=["250 2.0.0 ok"] * place + [answer])
    expected = [SUBMITTED] * 3
    expected[place] = state
    assert sheet.states == expected
    assert sheet.journal.begun == ["0", "1", "2"]
    assert sheet.server.connections == connections
    assert sheet.down is None


def test_a_connection_lost_within_the_text_leaves_it_uncertain_and_the_next_one_whole(send, make_mailing):
    sheet = send(ADA, BOB, DATA=[MIDWAY], mailing=make_mailing(text=LONG))
    assert sheet.answers == [("0", UNCERTAIN), ("1", SUBMITTED)]
    assert "may or may not have been sent" in sheet.reasons[0]
    assert len(sheet.server.texts) == 1


@pytest.mark.parametrize(
    ("way", "said", "state"),
    [(EARLY, "552 5.3.4 too big", State.FAILED), (STUCK, "452 4.3.1 full", State.DEFERRED)],
    ids=["and-hangs-up", "and-reads-no-more"],
)
def test_a_refusal_that_comes_while_we_write_is_heard(send, make_mailing, way, said, state):
    long = make_mailing(text=LONG)
    sheet = send(ADA, BOB, DATA=[way + said], mailing=long, timeout="1s")
    assert sheet.answers == [("0", state), ("1", SUBMITTED)]
    assert sheet.reasons[0] == said


def test_an_approval_of_what_was_not_read_is_none(send, make_mailing):
    long = make_mailing(text=LONG)
    sheet = send(ADA, BOB, DATA=[EARLY + "250 fine"], mailing=long)
    assert sheet.answers == [("0", UNCERTAIN), ("1", SUBMITTED)]


def test_a_server_that_swallows_one_text_after_another_is_stopped_before_the_list_is_lost(send):
    sheet = send(ADA, BOB, CY, DI, TEXT=[DROP] * 9)
    assert sheet.answers == [("0", UNCERTAIN), ("1", UNCERTAIN)]
    assert "takes messages without an answer" in sheet.down.reason
    assert sheet.journal.begun == ["0", "1"]


def test_answers_lost_here_and_there_stop_nothing(send):
    assert send(*[ADA] * 6, TEXT=["250 ok", DROP] * 3).states == [SUBMITTED, UNCERTAIN] * 3


def test_a_server_that_refuses_one_reader_after_another_is_not_judged_here(send):
    assert set(send(*[ADA] * 40, RCPT=["554 5.7.1 denied"] * 99).states) == {State.FAILED}


# ── the journal's word ───────────────────────────────────────────────────────────────────────────────────────────────


class Stopping(Heard):
    """Lets so many begin, and no more."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def begin(self, *refs):
        return len(self.begun) < self.most and super().begin(*refs)


@pytest.mark.parametrize("most", [0, 1, 2])
def test_nothing_goes_out_that_the_journal_does_not_let_begin(send, most):
    sheet = send(ADA, BOB, CY, DI, journal=Stopping(most))
    assert sheet.states == [SUBMITTED] * most
    assert sheet.down is None
    sheet.server.close()
    assert len(sheet.server.texts) == most
    assert "QUIT" not in sheet.server.commands


def test_a_message_begins_only_when_the_server_waits_for_its_text(send):
    class Watching(Heard):
        def begin(self, *refs):
            waiting.append((refs, len(self.outcomes)))
            return super().begin(*refs)

    waiting = []
    send(ADA, BOB, CY, RCPT=["250 ok", "550 5.1.1 no such user", "250 ok"], journal=Watching())
    assert waiting == [(("0",), 0), (("2",), 2)]


# ── readers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_smtp_cannot_carry_fails_with_the_reason(send):
    sheet = send(ADA, Reader("9", "zoë@example.org", "", "t"), Reader("10", "no address", "", "t"), BOB)
    assert sorted(sheet.answers) == [("0", SUBMITTED), ("1", SUBMITTED), ("10", State.FAILED), ("9", State.FAILED)]
    assert any("not ASCII" in reason for reason in sheet.reasons)
    assert len(sheet.server.said("RCPT")) == 2


def test_a_list_that_breaks_off_leaves_no_answer_unread(send):
    def breaking():
        yield ADA
        yield BOB
        raise LookupError("the database has gone")

    sheet = send()
    with pytest.raises(LookupError):
        sheet.transport.submit(sheet.mailing, breaking(), sheet.journal)
    assert set(sheet.journal.begun) == {outcome.ref for outcome in sheet.journal.outcomes}
    assert sheet.send(CY).answers[-1] == ("2", SUBMITTED)


def test_no_text_waits_long_for_the_next_reader(send):
    """While readers are slow in coming, what has come is sent and answered before the next one is asked for."""

    def slowly():
        for reader in (ADA, BOB, CY):
            time.sleep(0.26)
            known.append(len(sheet.journal.outcomes))
            yield reader

    sheet, known = send(), []
    sheet.transport.submit(sheet.mailing, slowly(), sheet.journal)
    assert known == [0, 1, 2]
    assert sheet.states == [SUBMITTED] * 3


def test_a_server_that_hangs_costs_no_more_than_the_time_out(send):
    start = time.monotonic()
    send(ADA, TEXT=[HANG], timeout="200ms")
    assert time.monotonic() - start < 4
