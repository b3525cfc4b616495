"""A mail server of our own, spoken to over a real connection: what it takes is a row before it says so."""

import smtplib
import socket
import threading
from contextlib import contextmanager

import pytest
from django.db import connection

from newsletter import pipeline
from newsletter.models import Payload, Reply
from newsletter.track.checking import check
from newsletter.track.mail.listener import listening
from tests.factories import NOW
from tests.track.mail import samples
from tests.track.mail.conftest import BOUNCES, REPLIES, kinds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def serve(settings, make_config):
    """The server, on a free port of the loopback."""

    @contextmanager
    def go(**changes):
        smtp = {"listen": "127.0.0.1:0", **changes}
        letter = {"replies": {"address": REPLIES, "moderation": "none"}}
        track = {"bounces": {"address": BOUNCES}, "smtp": smtp}
        config = settings.NEWSLETTER = make_config(newsletters={"weekly": letter}, track=track)
        with listening(config, lambda: NOW) as port:
            yield port

    return go


@pytest.fixture
def talk(serve):
    """A conversation with the server."""

    @contextmanager
    def go(**changes):
        with serve(**changes) as port, smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            yield client

    return go


@pytest.fixture
def ingest(settings):
    return lambda: pipeline.ingest(pipeline.Context(settings.NEWSLETTER, settings.SECRET_KEY, lambda: NOW))


def wire(data):
    """A mail with the line ends that SMTP asks for."""
    return data.replace(b"\n", b"\r\n")


def test_a_bounce_is_kept_as_it_came_and_then_understood(talk, ingest, back, message):
    data = wire(samples.postfix("undisclosed-recipients:;"))
    with talk() as client:
        client.sendmail("", [back], data)
        kept = Payload.objects.get()
        assert (kept.source, kept.done_at) == ("mail", None)
        assert kept.data.startswith(f"Return-Path: <>\r\nX-Original-To: {back}\r\n".encode())
        assert kept.data.endswith(b"\r\n" + data)
    ingest()
    assert kinds() == ["bounced"]


def test_a_reply_and_a_bounce_come_in_by_one_connection(talk, ingest, back, message):
    with talk() as client:
        client.sendmail("maja@example.org", [back.upper()], samples.away(
            "somebody", text="Lovely!", Return_Path="", Auto_Submitted="", Subject="Re: it"))  # fmt: skip
        client.sendmail("", [back], wire(samples.postfix("nobody")))
    ingest()
    assert (Reply.objects.get().text, kinds()) == ("Lovely!", ["bounced"])


def test_each_recipient_is_a_row_of_its_own(talk, back):
    with talk() as client:
        client.sendmail("", [back, REPLIES, BOUNCES, BOUNCES], wire(samples.postfix("nobody")))
    assert Payload.objects.count() == 3


@pytest.mark.parametrize(
    "address",
    [
        "maja@example.org",
        "postmaster@in.example.org",
        "bounces@elsewhere.example",
        "bounces",
        "bounces%x.test@in.example.org",
        '"bounces@in.example.org"@elsewhere.example',
        "@in.example.org:maja@example.org",
        "xbounces+abc@in.example.org",
        "bounces+a+b@in.example.org",
        "bounces+@evil@in.example.org",
    ],
)
def test_it_is_no_relay(talk, address):
    with talk() as client:
        client.ehlo()
        client.mail("somebody@example.org")
        code, _ = client.rcpt(address)
        assert 500 <= code < 600
    assert not Payload.objects.exists()


def test_without_a_recipient_of_ours_nothing_is_taken(talk):
    with talk() as client, pytest.raises(smtplib.SMTPRecipientsRefused):
        client.sendmail("", ["maja@example.org"], b"Subject: x\r\n\r\nx")
    assert not Payload.objects.exists()


def test_a_mail_that_is_too_large_is_refused_however_it_comes(talk, back):
    with talk(max_bytes="100 kB") as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:  # by its SIZE
            client.sendmail("", [back], b"x" * 70 + b"\r\n" + b"y" * 200_000)
        assert refused.value.smtp_code == 552
        client.ehlo_or_helo_if_needed()
        client.mail("")
        client.rcpt(back)
        assert client.data((b"y" * 70 + b"\r\n") * 3_000)[0] == 552
        client.sendmail("", [back], wire(samples.postfix("nobody")))
    assert Payload.objects.count() == 1


def test_of_thirty_megabytes_the_beginning_is_kept_and_understood(talk, ingest, back):
    returned = samples.original(1) + "\n" + ("x" * 70 + "\n") * 430_000
    with talk() as client:
        client.sendmail("", [back], wire(samples.postfix("nobody", returned=returned, returned_as="message/rfc822")))
    assert len(Payload.objects.get().data) < 2_000_200
    ingest()
    assert kinds() == ["bounced"]


def test_a_line_longer_than_allowed_and_bytes_of_any_kind_are_taken(talk, ingest, back, message):
    data = samples.postfix("nobody", words="x" * 60_000).replace(b"Remote-MTA", b"X-Y: \xff\xfe\x00\nRemote-MTA")
    with talk() as client:
        client.sendmail("", [back], wire(data))
    assert b"\xff\xfe\x00" in Payload.objects.get().data
    ingest()
    assert kinds() == ["bounced"]


def test_lines_that_begin_with_a_dot_keep_one(talk, back):
    with talk() as client:
        client.sendmail("", [back], b"Subject: x\r\n\r\n.one\r\n..two\r\n.\r\nend\r\n")
    assert Payload.objects.get().data.endswith(b"\r\n.one\r\n..two\r\n.\r\nend\r\n")


def test_a_mail_that_cannot_be_kept_is_not_taken(talk, back):
    """Its server brings it again; the next one is taken as before."""
    with talk() as client:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE newsletter_payload RENAME TO newsletter_away")
        try:
            with pytest.raises(smtplib.SMTPDataError) as refused:
                client.sendmail("", [back], wire(samples.postfix("nobody")))
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE newsletter_away RENAME TO newsletter_payload")
        assert refused.value.smtp_code == 451
        client.sendmail("", [back], wire(samples.postfix("nobody")))
    assert Payload.objects.count() == 1


def test_a_connection_that_breaks_off_in_the_middle_leaves_nothing(serve, back):
    with serve() as port, socket.create_connection(("127.0.0.1", port), 20) as raw:
        raw.sendall(f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{back}>\r\nDATA\r\nSubject: half of".encode())
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass
    assert not Payload.objects.exists()


def test_too_many_connections_are_asked_to_come_again(serve, back):
    with serve(connections=2) as port:
        first, second = (smtplib.SMTP("127.0.0.1", port, timeout=20) for _ in range(2))
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            smtplib.SMTP("127.0.0.1", port, timeout=20)
        assert refused.value.smtp_code == 421
        first.quit()
        second.sendmail("", [back], wire(samples.postfix("nobody")))
        second.quit()
        smtplib.SMTP("127.0.0.1", port, timeout=20).quit()
    assert Payload.objects.count() == 1


def test_many_at_once_are_all_kept(serve, back):
    with serve() as port:

        def bring(number):
            with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
                for at in range(5):
                    client.sendmail("", [back], samples.postfix("nobody", message_id=f"<{number}-{at}@x>"))

        threads = [threading.Thread(target=bring, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Payload.objects.count() == 30


def test_it_ends_while_somebody_is_connected(serve):
    with serve() as port:
        client = smtplib.SMTP("127.0.0.1", port, timeout=20)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    client.close()
    with pytest.raises(OSError, match="refused"):
        smtplib.SMTP("127.0.0.1", port, timeout=5)


def test_it_may_be_told_to_end_at_once(serve):
    for _ in range(20):
        with serve():
            pass


def test_without_an_address_nobody_listens(config):
    with listening(config, lambda: NOW) as port:
        assert port == 0


def test_an_address_that_is_taken_is_told_at_once(serve):
    with serve() as port, pytest.raises(OSError, match="in use"), serve(listen=f"127.0.0.1:{port}"):
        pass


def test_check_says_where_this_machine_cannot_listen_and_nothing_of_who_listens_already(make_config):
    def faults(place):
        config = make_config(track={"bounces": {"address": BOUNCES}, "smtp": {"listen": place}})
        return [problem.reason for problem in check(config) if problem.key == "track.smtp.listen"]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert faults(f"127.0.0.1:{taken.getsockname()[1]}") == []
    assert "cannot listen there" in faults("192.0.2.1:2525")[0]
