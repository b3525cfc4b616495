"""`newsletter send --wait`: one process that sends by as many lanes as it may, and ends when it is asked to."""

import signal

import pytest

pytestmark = pytest.mark.processes

POST = """---
title: Tea
date: 2026-11-01 09:00
---

A cup is a map.
"""


def ready(publication, mailbox, readers, **settings):
    """An issue that is approved, to so many readers, by the mail server."""
    server = {"host": "127.0.0.1", "port": mailbox.port, "timeout": "60s", "connections": 3}
    publication.configure(send={"transport": "smtp", "smtp": server, **settings}, newsletter={"approval": "required"})
    publication.post("2026-11-01-tea.md", POST)
    people = publication.readers(readers)
    assert publication.command("migrate").returncode == 0
    name = publication.facts("compose", "daily")["issue"]
    assert publication.command("approve", name).returncode == 0
    return name, people


def test_it_sends_by_as_many_lanes_as_there_are_connections_for(publication, mailbox):
    name, people = ready(publication, mailbox, 60, workers=8, batch=5)
    mailbox.delay = 0.1
    sent = publication.command("send", name, "--wait", "--json")
    assert sent.returncode == 0, sent.stderr
    assert mailbox.counts == dict.fromkeys(people, 1)
    assert mailbox.most_in_hand == 3
    # One line tells of all of them.
    assert sent.stderr.splitlines()[-1] == f"{name}: 60 of 60"


@pytest.mark.alone
@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_time_though_the_mail_server_hangs_and_goes_on_when_called_again(publication, mailbox, asked):
    name, _ = ready(publication, mailbox, 9, workers=2, batch=2)
    mailbox.delay = 30
    process = publication.start("send", name, "--wait")
    publication.wait_for(lambda: mailbox.in_hand == 2, "a message on the wire of each lane")
    process.send_signal(asked)
    assert process.wait(10) == 1
    assert f"{name} is sending: it was stopped here; the same command goes on where it stopped" in publication.log()
    mailbox.delay = 0
    sent = publication.command("send", name, "--wait", "--json")
    assert sent.returncode == 0, sent.stderr
    # What the server had and did not answer is uncertain, and not sent again.
    states = publication.facts("issues")[0]["messages"]
    assert states["uncertain"] in (2, 4)
    assert states["submitted"] == 9 - states["uncertain"]
