"""A mailbox on a real IMAP server: what arrives is taken, what lies there is never touched."""

import os
from email.message import EmailMessage
from threading import Event

import pytest

from newsletter import pipeline, tokens
from newsletter.models import MailboxMark, Payload, Rejected, Reply
from newsletter.track.checking import check
from tests.factories import NOW
from tests.track.mail import samples
from tests.track.mail.conftest import BOUNCES, REPLIES, kinds
from tests.track.mail.dovecot import PASSWORD, USER, dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.processes, pytest.mark.xdist_group("imap")]


@pytest.fixture(scope="module")
def server():
    """Dovecot; where TEST_IMAP is `required`, as in CI, its absence is a failure."""
    try:
        with dovecot() as running:
            yield running
    except FileNotFoundError:
        if os.environ.get("TEST_IMAP") == "required":
            pytest.fail("dovecot is not installed: apt-get install dovecot-imapd")
        pytest.skip("dovecot is not installed (apt-get install dovecot-imapd)")


@pytest.fixture
def mailbox(server):
    """The server with an empty mailbox."""
    client = server.login()
    _, count = client.select("INBOX")
    if int(count[0]):
        client.store("1:*", "+FLAGS", "\\Deleted")
        client.expunge()
    client.logout()
    return server


@pytest.fixture
def look(mailbox, make_config, settings):
    """Look into the mailbox once and see to what was in it, as the jobs do."""

    def go(stop=None, imap=None, max_bytes=2_000_000, part="bounces"):
        server = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "username": USER, "password": PASSWORD}
        track = {"bounces": {"address": BOUNCES}, "replies": {}}
        track[part].update(imap={**server, **(imap or {})}, max_bytes=max_bytes)
        letter = {"replies": {"address": REPLIES, "moderation": "none"}}
        config = settings.NEWSLETTER = make_config(newsletters={"weekly": letter}, track=track)
        ctx = pipeline.Context(config, settings.SECRET_KEY, lambda: NOW, stop or Event())
        before = Payload.objects.count()
        {"bounces": pipeline.fetch_bounces, "replies": pipeline.fetch_replies}[part](ctx)
        pipeline.ingest(ctx)
        return Payload.objects.count() - before

    return go


@pytest.fixture
def reply_address(message, settings):
    token = tokens.sign_until(message.pk, NOW.replace(year=2027), settings.SECRET_KEY, tokens.REPLY)
    return REPLIES.replace("@", f"+{token}@")


def reply(to, text="Lovely!", number=1):
    return samples.away(to, text=text, Return_Path="<maja@example.org>", Auto_Submitted="", Subject="Re: A whale falls",
                        Message_ID=f"<{number}@phone.example.org>")  # fmt: skip


@pytest.mark.parametrize("part", ["bounces", "replies"])
def test_one_mailbox_may_hold_replies_bounces_and_complaints(
    mailbox, look, message, back, way_out, reply_address, part
):
    returned = samples.original(message.pk, way_out(message))
    for data in (
        reply(reply_address),
        samples.postfix(back),
        samples.away(back),
        samples.arf(BOUNCES, returned=returned),
    ):
        mailbox.deliver(data)
    assert look(part=part) == 4
    assert Reply.objects.get().text == "Lovely!"
    assert kinds() == ["bounced", "auto_reply", "complained"]
    assert not Payload.objects.exclude(fault="").exists()


def test_what_arrives_is_taken_once_and_nothing_is_touched(mailbox, look, reply_address):
    for at in range(3):
        mailbox.deliver(reply(reply_address, f"Words {at}", at))
    assert look() == 3
    assert look() == 0
    assert sorted(Reply.objects.values_list("text", flat=True)) == ["Words 0", "Words 1", "Words 2"]
    mailbox.deliver(reply(reply_address, "Words 3", 3))
    assert look() == 1
    assert [flags for flags in mailbox.flags() if b"Seen" in flags or b"Deleted" in flags] == []
    assert len(mailbox.flags()) == 4


def test_the_same_mail_twice_in_the_mailbox_counts_once(mailbox, look, reply_address, back):
    for data in (reply(reply_address), samples.postfix(back)) * 2:
        mailbox.deliver(data)
    assert look() == 4
    assert (Reply.objects.count(), kinds()) == (1, ["bounced"])


def test_a_mailbox_that_is_numbered_anew_is_read_anew_without_harm(mailbox, look, reply_address, back):
    mailbox.deliver(reply(reply_address))
    mailbox.deliver(samples.postfix(back))
    look()
    MailboxMark.objects.update(validity=1, last_uid=10**9)
    assert look() == 2
    assert (Reply.objects.count(), kinds()) == (1, ["bounced"])


def test_of_a_mail_over_the_limit_the_beginning_is_read(mailbox, look, reply_address):
    large = EmailMessage()
    large["From"], large["To"], large["Message-ID"] = "Maja <maja@example.org>", reply_address, "<1@x>"
    large.set_content("Lovely!")
    large.add_attachment(b"\0" * 3_000_000, maintype="image", subtype="png", filename="whale.png")
    mailbox.deliver(large.as_bytes())
    assert look(max_bytes="1 MB", part="replies") == 1
    found = Reply.objects.get()
    assert (found.state, found.text) == ("held", "Lovely!")
    assert "too large to be read whole" in found.note


def test_a_bounce_of_thirty_megabytes_is_understood(mailbox, look, back):
    mailbox.deliver(samples.postfix(back, returned=samples.original(1) + "\n" + "x" * 70 + ("\n" + "x" * 70) * 430_000,
                                    returned_as="message/rfc822"))  # fmt: skip
    assert look() == 1
    assert kinds() == ["bounced"]
    assert len(Payload.objects.get().data) < 2_000_100


@pytest.mark.parametrize(
    "data",
    [b"\r\n", b"\xff\xfe\r\n", b"To: =?x?q?\r\n\r\n", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"],
)
def test_a_broken_mail_does_not_keep_the_next_from_being_read(mailbox, look, reply_address, data):
    mailbox.deliver(data)
    mailbox.deliver(reply(reply_address))
    assert look() == 2
    assert (Rejected.objects.count(), Reply.objects.count()) == (1, 1)


def test_a_wish_to_stop_ends_between_two_mails(mailbox, look, reply_address):
    mailbox.deliver(reply(reply_address))
    stop = Event()
    stop.set()
    assert look(stop) == 0
    assert look() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"folder": "No such folder"}, {"port": 9}, {"security": "starttls"}, {"security": "tls"}],
)
def test_a_server_that_will_not_have_us_is_tried_again_later(mailbox, look, reply_address, wrong, caplog):
    mailbox.deliver(reply(reply_address))
    assert look(imap={**wrong, "timeout": "5s"}) == 0
    assert "cannot be read" in caplog.text
    assert PASSWORD not in caplog.text
    assert look() == 1


def test_another_folder_is_read_if_it_is_named(mailbox, look, reply_address):
    client = mailbox.login()
    client.create("Replies")
    client.logout()
    mailbox.deliver(reply(reply_address), "Replies")
    assert look(imap={"folder": "Replies"}) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [({}, ""), ({"password": "wrong"}, "cannot be read"), ({"folder": "Nowhere"}, "cannot be read"),
     ({"port": 1}, "cannot be read"), ({"host": ""}, "")],
    ids=["fine", "password", "folder", "port", "none"],
)  # fmt: skip
def test_check_says_whether_the_mailbox_can_be_read(mailbox, make_config, change, said):
    imap = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "username": USER, "password": PASSWORD}
    config = make_config(track={"bounces": {"address": BOUNCES, "imap": {**imap, **change}}})
    found = [problem for problem in check(config) if problem.key == "track.bounces.imap"]
    assert len(found) == bool(said)
    assert all(said in problem.reason and "wrong" not in problem.reason for problem in found)
