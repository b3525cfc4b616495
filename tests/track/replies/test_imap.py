"""A mailbox on a real IMAP server: what arrives is taken, what lies there is never touched."""

import os
from threading import Event

import pytest

from newsletter.models import MailboxMark, Rejected, Reply
from newsletter.track.replies import fetch_replies
from tests.factories import NOW
from tests.track.replies.conftest import ADDRESS
from tests.track.replies.dovecot import PASSWORD, USER, dovecot

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
    """Look into the mailbox once, as the job does."""

    def go(stop=None, **changes):
        imap = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "username": USER, "password": PASSWORD}
        letter = {"replies": {"address": ADDRESS, "moderation": "none"}}
        replies = {"imap": {**imap, **changes.pop("imap", {})}, **changes}
        settings.NEWSLETTER = make_config(newsletters={"weekly": letter}, track={"replies": replies})
        return fetch_replies(settings.NEWSLETTER, lambda: NOW, stop or Event())

    return go


def test_what_arrives_is_taken_once_and_nothing_is_touched(mailbox, look, mail):
    for at in range(3):
        mailbox.deliver(mail(f"Words {at}", Message_ID=f"<{at}@x>").as_bytes())
    assert look() == 3
    assert look() == 0
    assert sorted(Reply.objects.values_list("text", flat=True)) == ["Words 0", "Words 1", "Words 2"]
    mailbox.deliver(mail("Words 3", Message_ID="<3@x>").as_bytes())
    assert look() == 1
    assert [flags for flags in mailbox.flags() if b"Seen" in flags or b"Deleted" in flags] == []
    assert len(mailbox.flags()) == 4


def test_the_same_mail_twice_in_the_mailbox_is_one_reply(mailbox, look, mail):
    for _ in range(2):
        mailbox.deliver(mail().as_bytes())
    assert look() == 2
    assert Reply.objects.count() == 1


def test_a_mailbox_that_is_numbered_anew_is_read_anew_without_harm(mailbox, look, mail):
    mailbox.deliver(mail().as_bytes())
    look()
    MailboxMark.objects.update(validity=1, last_uid=10**9)
    assert look() == 1
    assert Reply.objects.count() == 1


def test_of_a_mail_over_the_limit_only_the_headers_are_read(mailbox, look, mail):
    large = mail("Lovely!")
    large.add_attachment(b"\0" * 3_000_000, maintype="image", subtype="png", filename="whale.png")
    mailbox.deliver(large.as_bytes())
    assert look(max_bytes="1 MB") == 1
    reply = Reply.objects.get()
    assert (reply.state, reply.text) == ("held", "")
    assert "too large to be read whole" in reply.note


@pytest.mark.parametrize(
    "data",
    [b"\r\n", b"\xff\xfe\r\n", b"To: =?x?q?\r\n\r\n", b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n"],
)
def test_a_broken_mail_does_not_keep_the_next_from_being_read(mailbox, look, mail, data):
    mailbox.deliver(data)
    mailbox.deliver(mail().as_bytes())
    assert look() == 2
    assert (Rejected.objects.count(), Reply.objects.count()) == (1, 1)


def test_a_wish_to_stop_ends_between_two_mails(mailbox, look, mail):
    mailbox.deliver(mail().as_bytes())
    stop = Event()
    stop.set()
    assert look(stop) == 0
    assert look() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"folder": "No such folder"}, {"port": 9}, {"security": "starttls"}, {"security": "tls"}],
)
def test_a_server_that_will_not_have_us_is_tried_again_later(mailbox, look, mail, wrong, caplog):
    mailbox.deliver(mail().as_bytes())
    assert look(imap={**wrong, "timeout": "5s"}) == 0
    assert "cannot be read" in caplog.text
    assert PASSWORD not in caplog.text
    assert look() == 1


def test_another_folder_is_read_if_it_is_named(mailbox, look, mail):
    client = mailbox.login()
    client.create("Replies")
    client.logout()
    mailbox.deliver(mail().as_bytes(), "Replies")
    assert look(imap={"folder": "Replies"}) == 1
