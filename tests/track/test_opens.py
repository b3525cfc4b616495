"""The pixel is always the pixel; only a good token counts."""

import pytest

from newsletter.models import Event
from tests.factories import make_message, token_of
from tests.mails import Mail, image

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    return make_message()


def test_an_open_is_recorded(mail, message):
    answer = mail.open(message, HTTP_USER_AGENT="Mail/1")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.headers["Cache-Control"] == "no-store"
    mail.arrive()
    event = Event.objects.get()
    assert (event.kind, event.message, event.issue, event.link) == ("open", message, message.issue, None)


def test_the_pixel_is_a_gif_of_43_bytes(mail, message):
    body = mail.open(message).body
    assert len(body) == 43
    assert body.startswith(b"GIF89a\x01\x00\x01\x00")


@pytest.mark.parametrize("token", ["x" * 27, "preview", "x", "ü" * 27])
def test_nobody_learns_whether_a_token_is_good(mail, message, token):
    assert mail.get(image(token)) == mail.open(message)
    assert mail.arrive() == 1


def test_the_pixel_of_a_message_that_is_gone_is_still_the_pixel(mail, message):
    path = image(token_of(message))
    message.delete()
    assert mail.get(path).status == 200
    mail.arrive()
    assert not Event.objects.exists()


def test_a_head_request_is_answered_without_the_image_and_taken_for_a_program(mail, message):
    answer = mail.head(image(token_of(message)))
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "43", b"")
    mail.arrive()
    assert Event.objects.get().judged == "bot"


def test_nothing_is_recorded_where_opens_are_not_measured(message, settings, make_config):
    settings.NEWSLETTER = make_config(track={"opens": False})
    mail = Mail()
    assert mail.open(message).status == 200
    assert mail.arrive() == 0


@pytest.mark.parametrize("agent", ["a\0b", "a\tb", "a\r\nb", "é" * 3000, "\x85\u2028"])
def test_whatever_a_program_calls_itself_it_is_recorded(mail, message, agent):
    mail.open(message, HTTP_USER_AGENT=agent.encode().decode("latin-1"))
    assert mail.arrive() == 1
    assert Event.objects.count() == 1
    assert mail.gate.ingester.bad == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(mail, message, method):
    assert mail.ask(method, image(token_of(message))).status == 405
