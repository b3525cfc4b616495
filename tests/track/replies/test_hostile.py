"""Mails made to do harm: each is read within seconds, recorded, and in nobody's way."""

import time
from datetime import timedelta

import pytest

from newsletter.models import Rejected, Reply
from newsletter.track.replies.incoming import Incoming, decoded
from tests.factories import NOW
from tests.track.replies.test_sendgrid_inbound import post

pytestmark = pytest.mark.django_db

SECONDS = 8
"""For a mail of 2 MB; unbounded, several of these take minutes or end in a RecursionError."""


def nested(depth):
    parts = (f"Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n" for at in range(depth))
    return "".join(parts).encode() + b"Content-Type: text/plain\n\nhello\n"


HOSTILE = {
    "parts within parts": nested(5_000),
    "mails within mails": b"Content-Type: message/rfc822\n\n" * 60_000,
    "headers by the thousand": b"To: a@b.example\n" * 100_000 + b"\nhello",
    "parts by the thousand": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 300_000,
    "parameters by the thousand": b"Content-Type: text/plain; " + b"a=b;" * 400_000 + b"\n\nhello",
    "parameters of a part": b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; "
    + b"a=b;" * 400_000 + b"\n\nhello\n--b--\n",
    "a name in a thousand pieces": b"Content-Disposition: attachment; "
    + b"".join(b"filename*%d=b;" % number for number in range(80_000)) + b"\n\nhello",
    "comments within comments": b"Cc: " + b"(" * 1_900_000 + b"\n\nhello",
    "a codec that is not for texts": b"Content-Type: text/plain; charset=punycode\n\n-" + b"a9" * 900_000,
}  # fmt: skip


def hostile(kind, **headers):
    given = {"From": "Maja <maja@example.org>", "Message-ID": "<hostile@phone.example.org>", **headers}
    return "".join(f"{name}: {value}\n" for name, value in given.items()).encode() + HOSTILE[kind]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_mail_made_to_keep_us_busy_is_done_with_in_seconds(arrive, address, kind):
    began = time.monotonic()
    found = arrive(hostile(kind, To=address))
    assert time.monotonic() - began < SECONDS
    # It was for an address of ours, whatever else is in it: what could be read of it waits for staff.
    assert isinstance(found, Reply)
    assert found.state in ("held", "published")


@pytest.mark.parametrize("kind", ["parts within parts", "mails within mails", "comments within comments"])
def test_whoever_posts_such_a_mail_is_answered_and_does_not_bring_it_again(client, address, kind):
    assert post(client, {"email": hostile(kind, To=address)}).status_code == 200
    assert Reply.objects.count() + Rejected.objects.count() == 1


@pytest.mark.parametrize("kind", ["parameters by the thousand", "headers by the thousand"])
def test_such_headers_in_a_form_do_no_harm(client, address, kind):
    answer = post(client, {"headers": hostile(kind, To=address), "text": "Lovely issue!"})
    assert answer.status_code == 200
    assert Reply.objects.get().text == "Lovely issue!"


def test_a_long_header_leaves_the_body_readable(arrive, mail):
    assert arrive(b"X-Filler: " + b"x " * 100_000 + b"\n" + mail("Lovely issue!").as_bytes()).text == "Lovely issue!"


def test_a_from_of_nothing_but_brackets_is_no_address(arrive, mail):
    data = mail().as_bytes().replace(b"From: Maja <maja@example.org>", b"From: " + b"(" * 15_000)
    assert "From is no address" in arrive(data).note


@pytest.mark.parametrize("charset", ["punycode", "idna", "hex", "zlib", "unicode_escape", "undefined", "no-such", "\0"])
def test_a_charset_that_is_none_is_passed_over(charset):
    assert decoded("Schön".encode(), charset) == "Schön"


def test_a_field_nobody_asked_for_is_not_kept_in_memory(client, address):
    junk = {f"junk{number}": b"x" * 1_000_000 for number in range(20)}
    assert post(client, {"headers": f"To: {address}\nFrom: maja@example.org\n", "text": "Lovely!", **junk}).status_code
    assert Reply.objects.get().text == "Lovely!"


def test_a_flood_of_mails_from_one_reader_is_held_but_for_a_few(arrive, mail):
    found = [arrive(mail(f"Words {number}", Message_ID=f"<{number}@x>")) for number in range(Reply.PER_HOUR + 2)]
    assert [reply.state for reply in found] == ["published"] * Reply.PER_HOUR + ["held"] * 2
    assert "within an hour" in found[-1].note
    later = NOW + timedelta(hours=2)
    assert arrive(mail("Later", Message_ID="<later@x>"), now=later).state == "published"


def test_what_is_read_of_a_whole_mail_stays_whole():
    data = b"Subject: Hi\r\n\r\n" + b"-- \r\nsignature\r\n" * 5
    assert Incoming.of_bytes(data).cut is False
