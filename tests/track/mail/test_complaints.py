"""Feedback reports: who called a message spam, if something we signed says which message it was."""

from datetime import timedelta

import pytest

from newsletter.models import Message
from subscribers.models import Subscriber
from tests.factories import NOW
from tests.track.mail import samples
from tests.track.mail.conftest import BOUNCES, events, kinds

pytestmark = pytest.mark.django_db


def test_a_complaint_is_known_by_what_it_returns(arrive, message, way_out):
    row = arrive(samples.arf(BOUNCES, returned=samples.original(message.pk, way_out(message))))
    assert events() == [("complained", "abuse SomeGenerator/1.0")]
    assert (row.fault, row.events) == ("", 1)
    message.refresh_from_db()
    assert message.state == Message.State.COMPLAINED


def test_returned_headers_alone_are_enough(arrive, message, way_out):
    returned = samples.original(message.pk, way_out(message))
    arrive(samples.arf(BOUNCES, returned=returned, returned_as="text/rfc822-headers"))
    assert kinds() == ["complained"]


def test_a_way_out_that_a_relay_has_folded_is_read(arrive, message, way_out):
    folded = way_out(message)[:30] + "\n " + way_out(message)[30:]
    arrive(samples.arf(BOUNCES, returned=samples.original(message.pk, folded)))
    assert kinds() == ["complained"]


def test_without_the_original_the_sender_of_the_envelope_is_enough(arrive, message, back):
    fields = f"Original-Mail-From: <{back}>\nOriginal-Rcpt-To: <maja@example.org>"
    arrive(samples.arf(BOUNCES, fields))
    assert kinds() == ["complained"]


@pytest.mark.parametrize("fields", ["", "Original-Rcpt-To: <maja@example.org>", "Original-Mail-From: <x@example.net>"])
def test_without_anything_of_ours_nothing_happens_and_staff_are_told(arrive, message, fields):
    row = arrive(samples.arf(BOUNCES, fields))
    assert (events(), row.fault[:21]) == ([], "nothing in it that we")
    assert row.data


def test_a_message_id_alone_does_not_make_a_complaint(arrive, message):
    row = arrive(samples.arf(BOUNCES, returned=samples.original(message.pk)))
    assert events() == []
    assert f"it names the message {message.pk}" in row.fault


def test_an_ended_sender_in_it_does_nothing(arrive, message, bounce_address):
    ended = bounce_address(message, until=NOW - timedelta(days=1))
    row = arrive(samples.arf(BOUNCES, f"Original-Mail-From: <{ended}>"))
    assert (events(), bool(row.fault)) == ([], True)


def test_a_complaint_that_is_taken_back_is_none(arrive, message, way_out):
    row = arrive(samples.arf(BOUNCES, kind="not-spam", returned=samples.original(message.pk, way_out(message))))
    assert (events(), row.fault) == ([], "")


def test_who_asks_a_provider_to_be_left_in_peace_is_heard(arrive, message, way_out):
    arrive(samples.arf(BOUNCES, kind="opt-out", returned=samples.original(message.pk, way_out(message))))
    assert kinds() == ["unsubscribe"]


@pytest.mark.parametrize("kind", ["auth-failure", "virus", "nonsense", ""])
def test_what_is_no_complaint_is_shown_to_staff(arrive, message, way_out, kind):
    row = arrive(samples.arf(BOUNCES, kind=kind, returned=samples.original(message.pk, way_out(message))))
    assert events() == []
    assert "feedback report" in row.fault


def test_the_same_complaint_twice_is_one(arrive, message, way_out):
    returned = samples.original(message.pk, way_out(message))
    for _ in range(2):
        arrive(samples.arf(BOUNCES, returned=returned))
    assert kinds() == ["complained"]


def test_a_complaint_at_a_reply_address_is_recognised_there(arrive, message, way_out):
    arrive(samples.arf("reply@in.example.org", returned=samples.original(message.pk, way_out(message))))
    assert kinds() == ["complained"]


def test_of_somebody_erased_nothing_is_kept(arrive, message, way_out):
    returned = samples.original(message.pk, way_out(message))
    Subscriber.objects.all().delete()
    row = arrive(samples.arf(BOUNCES, returned=returned))
    assert (events(), row.fault, row.data) == ([], "", b"")
