"""Mails made to do harm: each is seen to within seconds, nobody is suppressed by it, and the next one has its turn."""

import time

import pytest

from newsletter.models import Message, Payload
from newsletter.track.mail.keeping import keep
from newsletter.track.payloads import understand
from tests.factories import NOW
from tests.track.mail import samples
from tests.track.mail.conftest import BOUNCES, LIMIT, kinds
from tests.track.replies.test_hostile import HOSTILE, nested

pytestmark = pytest.mark.django_db

SECONDS = 8
"""Of the processor, for a mail of 2 MB; by the clock it depends on who else is at work."""
REPORT = b'Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"\n\n--=_r\n'
STATUS = REPORT + b"Content-Type: message/delivery-status\n\nX: y\n\n"
FIELDS = b"Final-Recipient: rfc822; maja@example.org\nAction: failed\nStatus: 5.1.1\n"
DAEMON = b"From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n"


def within(number):
    return b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (number, number)


MADE = {
    **HOSTILE,
    "2,000 deep": nested(2_000),
    "reports within reports": b"".join(map(within, range(900))),
    "groups by the thousand": STATUS + (FIELDS + b"\n") * 15_000 + b"--=_r--\n",
    "one endless field": STATUS + b"Diagnostic-Code: smtp; " + b"5.1.1 " * 300_000,
    "an address of nothing but signs": STATUS + b"Final-Recipient: rfc822; " + b"@" * 1_800_000 + b"\nAction: failed\n",
    "a body of brackets": DAEMON + b"<" * 1_800_000,
    "a body of blanks": DAEMON + b" " * 1_800_000 + b"x",
    "the reader in every line": DAEMON + b"<maja@example.org>:\n" * 90_000,
    "an unsubscribe address without end": STATUS + FIELDS + b"--=_r\nContent-Type: text/rfc822-headers\n\n"
    b"List-Unsubscribe: " + b"<http://127.0.0.1:8000/u/" * 70_000,
    "senders of letters alone": STATUS + FIELDS + b"--=_r\nContent-Type: text/rfc822-headers\n\n"
    + (b"Return-Path: " + b"a" * 19_000 + b"\n") * 6 + b"--=_r--\n",
    "senders of letters alone, in every group": STATUS + (b"Return-Path: " + b"a" * 19_000 + b"\n\n") * 90,
    "recipients of letters alone": STATUS + (FIELDS + b"Original-Recipient: " + b"a" * 19_000 + b"\n\n") * 90,
    "answers of letters alone": STATUS + (FIELDS + b"Diagnostic-Code: smtp; " + b"a" * 19_000 + b"\n\n") * 90,
    "nothing but line ends": b"\n" * 1_900_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE)
def test_a_mail_made_to_keep_us_busy_is_done_with_in_seconds(arrive, message, kind):
    began = time.thread_time()
    row = arrive(MADE[kind], to=BOUNCES)
    assert time.thread_time() - began < SECONDS
    assert row.done_at
    assert kinds() == []
    message.refresh_from_db()
    assert message.state == Message.State.SUBMITTED


@pytest.mark.parametrize("kind", MADE)
def test_nor_does_it_with_an_address_that_is_ours(arrive, message, back, kind):
    began = time.thread_time()
    row = arrive(MADE[kind], to=back)
    assert time.thread_time() - began < SECONDS
    assert row.done_at


def test_the_next_mail_has_its_turn(config, settings, back, message):
    for data in (nested(2_000), b"\0", samples.postfix(back)):
        keep(data, NOW, LIMIT)
    while Payload.see_to(lambda one: understand(one, config, NOW), NOW):
        pass
    assert kinds() == ["bounced"]
    assert not Payload.objects.filter(done_at=None).exists()


def test_an_envelope_cannot_bring_lines_of_its_own(db):
    row = keep(b"Subject: x\n\nx", NOW, LIMIT, to="x@y\r\nX: z", sender="a\r\n\r\nb")
    assert row.data == b"Return-Path: <a b>\r\nX-Original-To: x@y X: z\r\nSubject: x\n\nx"
