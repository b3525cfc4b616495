"""SMTP: how long a connection is kept, when a new one is made, and how far ahead a server is spoken to."""

import logging
import time
from collections import deque

import pytest

from newsletter.send.mailing import Reader
from newsletter.send.transports import Heard, State, TransportDown
from newsletter.send.transports.smtp import manners
from tests.send.conftest import hand_over
from tests.send.servers import CLOSE, DROP, HANG, LATE

READERS = [Reader(str(n), f"r{n}@example.org", f"r{n}", f"tok{n}") for n in range(12)]
ALL = [State.SUBMITTED] * 12


@pytest.fixture(autouse=True)
def _nothing_learned():
    """Ports are used again; what was learned about a server must not meet another test's."""
    manners._KNOWN.clear()


@pytest.fixture
def speak(smtp_server, transport_to, make_mailing):
    """Send to a server; give back what it saw and what became of the readers."""

    def go(server, *sheets, **settings):
        transport = transport_to(server.port, **{"timeout": "10s", **settings})
        found = []
        for sheet in sheets:
            found += [outcome.state for outcome in hand_over(transport, make_mailing(), sheet)]
        transport.close()
        return found

    return go


# ── recycling ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("apart", [False, True], ids=["one-sheet", "a-sheet-each"])
def test_a_connection_is_made_anew_after_as_many_messages_as_configured(smtp_server, speak, mode, apart):
    server = smtp_server(offers=("PIPELINING",))
    sheets = [[one] for one in READERS] if apart else [READERS]
    assert speak(server, *sheets, messages_per_connection=5, pipelining=mode) == ALL
    assert (server.connections, len(server.accepted), len(server.said("QUIT"))) == (3, 12, 3)


def test_a_server_that_hangs_up_after_so_many_without_a_word_is_left_before_that(smtp_server, speak, mode, caplog):
    caplog.set_level(logging.INFO)
    server = smtp_server(offers=("PIPELINING",), closes_after=3)
    states = speak(server, READERS, [READERS[0]] * 6, pipelining=mode)
    # What went out with the answer to the last one may have cost that answer: no more than until it was learned.
    assert states.count(State.UNCERTAIN) <= 2
    assert states.count(State.SUBMITTED) == 18 - states.count(State.UNCERTAIN)
    assert len(server.accepted) == 18
    assert caplog.text.count("hangs up after 3 messages") == 1
    assert server.connections == 6


def test_a_server_that_says_when_it_has_had_enough_costs_nothing(smtp_server, speak, mode):
    server = smtp_server(offers=("PIPELINING",), MAIL=[*["250 ok"] * 4, "421 4.7.0 enough"] * 2)
    assert speak(server, READERS, pipelining=mode) == ALL
    assert len(server.accepted) == 12


# ── between sheets ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_sheet_goes_by_the_same_connection(smtp_server, speak, mode):
    server = smtp_server(offers=("PIPELINING",))
    assert speak(server, READERS[:6], READERS[6:], pipelining=mode) == ALL
    assert server.connections == 1
    assert not server.said("NOOP")


def test_nothing_is_left_open_between_sheets(smtp_server, transport_to, make_mailing, mode):
    server = smtp_server(offers=("PIPELINING",), RCPT=["250 ok", "550 5.1.1 no such user"])
    transport = transport_to(server.port, pipelining=mode)
    hand_over(transport, make_mailing(), READERS[:2])
    assert len(server.said("RSET")) + server.dots == 1
    assert [one.state for one in hand_over(transport, make_mailing(), READERS[2:4])] == ALL[:2]
    assert server.connections == 1


def test_a_connection_kept_too_long_is_made_anew(smtp_server, speak, mode):
    server = smtp_server(offers=("PIPELINING",))
    assert speak(server, READERS[:1], READERS[1:2], pipelining=mode, keep_alive="0s") == ALL[:2]
    assert (server.connections, len(server.said("QUIT"))) == (2, 2)


@pytest.mark.parametrize("answer", ["250 ok", "421 4.4.2 timed out", DROP, HANG])
def test_after_a_nap_the_server_is_asked_whether_it_is_there(smtp_server, transport_to, make_mailing, answer):
    server = smtp_server(NOOP=[answer])
    transport = transport_to(server.port, timeout="200ms" if answer == HANG else "10s")
    hand_over(transport, make_mailing(), READERS[:1])
    transport._rested = time.monotonic() - 6
    assert [one.state for one in hand_over(transport, make_mailing(), READERS[1:2])] == ALL[:1]
    assert len(server.said("NOOP")) == 1
    assert server.connections == (1 if answer == "250 ok" else 2)


@pytest.mark.parametrize("farewell", ["421 4.4.2 idle too long", CLOSE])
def test_a_server_that_leaves_between_sheets_is_not_asked_anything(smtp_server, transport_to, make_mailing, farewell):
    # The answer to a lone RSET, the last thing in a sheet, is where this server says goodbye.
    server = smtp_server(DATA=["451 4.7.1 later"], RSET=["250 ok\r\n" + farewell if "421" in farewell else farewell])
    transport = transport_to(server.port)
    hand_over(transport, make_mailing(), READERS[:1])
    assert [one.state for one in hand_over(transport, make_mailing(), READERS[1:2])] == ALL[:1]
    assert server.connections == 2


def test_a_transport_that_was_closed_can_be_used_again(smtp_server, transport_to, make_mailing):
    server = smtp_server()
    transport = transport_to(server.port)
    for reader in READERS[:2]:
        assert hand_over(transport, make_mailing(), [reader])[0].state == State.SUBMITTED
        transport.close()
        transport.close()
    assert (server.connections, len(server.said("QUIT"))) == (2, 2)


@pytest.mark.parametrize("answer", [HANG, DROP, "500 what?"])
def test_goodbye_takes_no_longer_than_it_may(smtp_server, transport_to, make_mailing, answer):
    server = smtp_server(QUIT=[answer])
    transport = transport_to(server.port, timeout="200ms")
    hand_over(transport, make_mailing(), READERS[:1])
    start = time.monotonic()
    transport.close()
    assert time.monotonic() - start < 1


# ── how far ahead ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_goes_out_together_with_the_next_envelope(smtp_server, speak):
    server = smtp_server(offers=("PIPELINING",), TEXT=[LATE + "250 ok"] * 11)
    assert speak(server, READERS) == ALL


def test_the_commands_of_a_message_go_out_together(smtp_server, speak):
    server = smtp_server(offers=("PIPELINING",), MAIL=[LATE + "250 ok"] * 12, RCPT=[LATE + "250 ok"] * 12)
    assert speak(server, READERS, pipelining="commands") == ALL


@pytest.mark.parametrize(("offers", "settings"), [((), {}), (("PIPELINING",), {"pipelining": "off"})])
def test_a_server_that_does_not_offer_it_is_never_spoken_to_ahead(smtp_server, speak, offers, settings):
    server = smtp_server(offers=offers, deaf=True, MAIL=[LATE + "250 ok"])
    with pytest.raises(TransportDown, match="timed out"):
        speak(server, READERS, timeout="100ms", **settings)
    assert server.commands[-1].startswith("MAIL")


def test_a_server_that_loses_what_comes_with_a_text_is_spoken_to_in_two_trips(smtp_server, speak, caplog):
    server = smtp_server(offers=("PIPELINING",), deaf=True)
    assert speak(server, READERS, timeout="300ms", messages_per_connection=4) == ALL
    assert len(server.accepted) == 12
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(said) == 1
    assert "gets out of step: from now on, a message's commands together, its text apart" in said[0]


@pytest.mark.parametrize("answer", [DROP, CLOSE, HANG, "503 5.5.1 one at a time", "554 5.5.0 synchronization error"])
def test_a_server_that_cannot_take_commands_together_gets_one_at_a_time(smtp_server, speak, caplog, answer):
    """Twice a new connection breaks at its first MAIL, and each time the same message goes through on another."""
    mails = [answer, *["250 ok"] * 4, answer]
    server = smtp_server(offers=("PIPELINING",), MAIL=mails)
    patience = "200ms" if answer == HANG else "10s"
    assert speak(server, READERS, timeout=patience, messages_per_connection=4) == ALL
    assert len(server.accepted) == 12
    assert caplog.text.count("from now on, one command at a time") == 1


def test_one_break_does_not_make_a_server_slow(smtp_server, speak, caplog):
    server = smtp_server(offers=("PIPELINING",), MAIL=[DROP])
    assert speak(server, READERS, messages_per_connection=4) == ALL
    server.script["TEXT"] = deque([LATE + "250 ok"] * 3)
    assert speak(server, READERS[:4]) == ALL[:4]
    assert not caplog.records


def test_a_server_that_is_down_is_not_taken_for_one_that_cannot_pipeline(smtp_server, transport_to, make_mailing):
    server = smtp_server(offers=("PIPELINING",), MAIL=[DROP] * 6)
    transport = transport_to(server.port)
    for _ in range(3):
        with pytest.raises(TransportDown):
            hand_over(transport, make_mailing(), READERS)
    server.script["TEXT"] = deque([LATE + "250 ok"] * 11)
    assert [one.state for one in hand_over(transport, make_mailing(), READERS)] == ALL


def test_an_answer_too_many_is_noticed_before_a_text_goes_out(smtp_server, transport_to, make_mailing):
    """A server that answers more often than it was asked is out of step: its 354 may be another message's."""
    server = smtp_server(offers=("PIPELINING",), DATA=["354 go on\r\n250 ok"] * 2)
    journal = Heard()
    with pytest.raises(TransportDown, match="before its text"):
        transport_to(server.port).submit(make_mailing(), READERS, journal)
    assert journal.begun == []
