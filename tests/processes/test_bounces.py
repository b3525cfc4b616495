"""A message goes out, and what its server says afterwards comes back: by the running program alone."""

import signal
import smtplib

import pytest

from tests.processes.conftest import free_port
from tests.track.mail import samples

pytestmark = pytest.mark.processes
POST = "---\ntitle: Tea\ndate: 2026-11-01 09:00\n---\n\nNews.\n"


def bring(port, to, data):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail("", [to], data)


def states(publication):
    """The states of all messages, the address of each before it."""
    return publication.row(
        "SELECT COUNT(*) FROM newsletter_message m JOIN subscribers_subscriber s ON s.id = m.subscriber_id"
        " WHERE m.state = 'bounced' AND s.email = 'reader0@people.example.org'"
    )


def test_a_bounce_that_was_answered_for_is_not_lost_by_kill_nine(publication, mailbox):
    port = free_port()
    publication.configure(
        send={"transport": "smtp", "smtp": {"host": "127.0.0.1", "port": mailbox.port}},
        track={"bounces": {"address": "bounces@in.example.org"}, "smtp": {"listen": f"127.0.0.1:{port}"}},
    )
    readers = publication.readers(2)
    publication.post("2026-11-01-tea.md", POST)
    running = publication.start("run")
    publication.wait_for(lambda: set(mailbox.senders) == readers, "both mails")
    first, second = (mailbox.senders[f"reader{at}@people.example.org"] for at in range(2))
    assert first != second
    bring(port, first, samples.postfix("nobody", reader="reader0@people.example.org"))
    running.send_signal(signal.SIGKILL)
    running.wait(10)
    assert publication.row("SELECT COUNT(*) FROM newsletter_payload") == (1,)
    running = publication.start("run")
    publication.wait_for(lambda: states(publication) == (1,), "the bounce")
    assert publication.row("SELECT COUNT(*) FROM newsletter_message WHERE state = 'bounced'") == (1,)
    running.send_signal(signal.SIGTERM)
    assert running.wait(15) == 0, publication.log()


def test_an_address_that_is_taken_is_told_before_anything_starts(publication, mailbox):
    publication.configure(
        track={"bounces": {"address": "bounces@in.example.org"}, "smtp": {"listen": f"127.0.0.1:{mailbox.port}"}}
    )
    publication.readers(1)
    done = publication.command("run")
    assert done.returncode == 1
    assert f"another program listens on 127.0.0.1:{mailbox.port}, the address of track.smtp.listen" in done.stderr
