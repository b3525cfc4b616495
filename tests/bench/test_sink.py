"""The mail server that measurements are made with: what it takes, it must count right."""

import socket
import time
from contextlib import closing

import pytest

from newsletter.bench.sink import HEAD, Sink, Talk, Trouble

TEXT = b"Message-ID: <7.weekly@example.org>\r\nSubject: x\r\n\r\nDear reader,\r\n..dots\r\n"
MAIL = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"


@pytest.fixture
def converse(tmp_path):
    """Say these parts one after another to a server of these options; return what it answered, and the server."""
    servers = []

    def go(*parts, **options):
        sink = Sink(0, **options)
        servers.append(sink)
        near, far = _pair()
        heard = b""
        with closing(near):
            Talk(sink, far)
            for part in parts:
                near.sendall(part)
                for key, ready in sink.selector.select(5):
                    key.data(ready)
            near.settimeout(5)
            if far.fileno() >= 0:
                far.shutdown(socket.SHUT_WR)
            while data := near.recv(4096):
                heard += data
        return heard, sink

    yield go
    for sink in servers:
        sink.close()


def _pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        return near, listener.accept()[0]


def codes(heard):
    return [line[:3] for line in heard.decode().splitlines() if line[3:4] == " "]


def test_the_end_of_a_text_is_found_wherever_it_is_cut(converse):
    whole = TEXT + b".\r\nNOOP\r\n"
    for cut in range(len(TEXT) - 3, len(whole)):
        heard, sink = converse(MAIL, whole[:cut], whole[cut:])
        assert (codes(heard), sink.taken) == (["220", "250", "250", "354", "250", "250"], 1), f"cut at {cut}"


def test_the_end_is_found_when_it_comes_byte_by_byte(converse):
    heard, sink = converse(MAIL, TEXT, *(bytes([one]) for one in b".\r\nQUIT\r\n"))
    assert (codes(heard)[-2:], sink.taken) == (["250", "221"], 1)


def test_a_text_may_come_with_the_next_commands_and_a_lone_dot_is_an_empty_text(converse):
    heard, sink = converse(MAIL + TEXT + b".\r\n" + MAIL + b".\r\n" + MAIL + TEXT + b".\r\nQUIT\r\n")
    assert codes(heard) == ["220", *(["250", "250", "354", "250"] * 3), "221"]
    assert sink.taken == 3


def test_a_line_with_more_than_a_dot_ends_nothing(converse):
    _, sink = converse(MAIL, TEXT + b". \r\n.x\r\nx.\r\n\n.\n")
    assert sink.taken == 0


def test_each_message_is_in_the_log_before_it_is_answered(converse, tmp_path):
    log = tmp_path / "log"
    long = b"X-Long: " + b"x" * HEAD + b"\r\n"
    converse(MAIL + TEXT[:20], TEXT[20:] + b".\r\n" + MAIL + long + TEXT + b".\r\n", log=str(log))
    lines = [line.split(b"\t") for line in log.read_bytes().splitlines()]
    assert [(number, to) for number, to, _, _ in lines] == [
        (b"<7.weekly@example.org>", b"b@example.org"), (b"-", b"b@example.org"),
    ]  # fmt: skip
    assert all(abs(float(at) - time.time()) < 60 for _, _, at, _ in lines)


def test_the_same_addresses_are_refused_each_time_and_put_off_once(converse):
    rcpts = b"".join(b"RCPT TO:<reader%d@example.org>\r\n" % number for number in range(200))
    heard, _ = converse(b"MAIL FROM:<>\r\n" + rcpts, trouble=(trouble := Trouble(refuse=0.1, defer=0.2)))
    first = codes(heard)[2:]
    heard, _ = converse(b"MAIL FROM:<>\r\n" + rcpts, trouble=trouble)
    second = codes(heard)[2:]
    assert 10 < first.count("550") < 30
    assert 25 < first.count("451") < 55
    assert second == [code if code == "550" else "250" for code in first]


def test_without_a_recipient_there_is_no_text(converse):
    heard, _ = converse(b"MAIL FROM:<>\r\nDATA\r\nNOOP\r\n")
    assert codes(heard) == ["220", "250", "554", "250"]
