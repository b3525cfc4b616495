"""A report that a real Postfix writes, brought by it to a mail server of our own."""

import smtplib
import time

import pytest

from newsletter import pipeline
from newsletter.models import Message, Payload
from newsletter.track.mail.listener import listening
from tests.factories import NOW
from tests.processes.conftest import free_port
from tests.track.mail.conftest import BOUNCES, REPLIES, events, kinds
from tests.track.mail.postfix import postfix
from tests.track.mail.samples import READER, original

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def bounced(settings, make_config):
    """Have Postfix take a message for somebody whom it does not know, and see to what it says; give the row."""

    def go(sender, data, **refusal):
        track = {"bounces": {"address": BOUNCES}, "smtp": {"listen": "127.0.0.1:0"}}
        letter = {"replies": {"address": REPLIES}}
        config = settings.NEWSLETTER = make_config(newsletters={"weekly": letter}, track=track)
        port = free_port()
        try:
            with listening(config, lambda: NOW) as back, postfix(port, back, **refusal) as log:
                with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
                    client.sendmail(sender, [READER], data)
                until = time.monotonic() + 120
                while not Payload.objects.exists():
                    assert time.monotonic() < until, log.read_text()
                    time.sleep(0.1)
        except (FileNotFoundError, PermissionError) as error:
            pytest.skip(f"no Postfix can be run: {error}")
        pipeline.ingest(pipeline.Context(config, settings.SECRET_KEY, lambda: NOW))
        return Payload.objects.get()

    return go


def test_its_report_is_known_by_the_address_it_comes_to(bounced, message, back):
    row = bounced(back, f"{original(message.pk)}\nHello\n")
    assert (kinds(), row.fault) == (["bounced"], ""), row.data.decode()
    assert events()[0].detail == "5.1.1 User unknown"
    message.refresh_from_db()
    assert message.state == Message.State.BOUNCED


def test_its_report_is_known_by_the_headers_that_it_returns(bounced, message, way_out):
    row = bounced(BOUNCES, f"{original(message.pk, way_out(message))}\nHello\n")
    assert (kinds(), row.fault) == (["bounced"], ""), row.data.decode()


def test_what_it_refuses_for_its_policy_is_about_us(bounced, message, back):
    bounced(back, f"{original(message.pk)}\nHello\n", status="5.7.1", words="we do not want this")
    assert kinds() == ["blocked"]


def test_headers_of_somebody_elses_mail_say_nothing(bounced, message):
    row = bounced(BOUNCES, f"{original(message.pk)}\nHello\n")
    assert kinds() == []
    assert f"it names the message {message.pk}" in row.fault
