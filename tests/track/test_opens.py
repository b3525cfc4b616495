"""The pixel is always the pixel; only a good token's GET counts."""

import pytest
from django.urls import reverse

from newsletter.models import Event
from tests.factories import make_message, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    return make_message()


def test_an_open_is_recorded(client, message):
    answer = client.get(reverse("opened", args=(token_of(message),)), headers={"User-Agent": "Mail/1"})
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "image/gif", "no-store")
    event = Event.objects.get()
    assert (event.kind, event.message, event.issue, event.judged) == ("open", message, message.issue, "human")


def test_the_pixel_is_a_gif_of_43_bytes(client, message):
    body = client.get(reverse("opened", args=(token_of(message),))).content
    assert len(body) == 43
    assert body.startswith(b"GIF89a\x01\x00\x01\x00")


def test_nobody_learns_whether_a_token_is_good(client, message):
    good = client.get(reverse("opened", args=(token_of(message),)))
    bad = client.get(reverse("opened", args=("x" * 27,)))
    assert (bad.status_code, bad.content, bad.headers) == (200, good.content, good.headers)
    assert Event.objects.count() == 1


def test_the_pixel_of_a_message_that_is_gone_is_still_the_pixel(client, message):
    token = token_of(message)
    message.delete()
    assert client.get(reverse("opened", args=(token,))).status_code == 200


def test_a_head_request_records_nothing(client, message):
    assert client.head(reverse("opened", args=(token_of(message),))).status_code == 200
    assert not Event.objects.exists()


def test_nothing_is_recorded_where_opens_are_not_measured(client, message, settings, make_config):
    settings.NEWSLETTER = make_config(track={"opens": False})
    assert client.get(reverse("opened", args=(token_of(message),))).status_code == 200
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(client, message, method):
    assert getattr(client, method)(reverse("opened", args=(token_of(message),))).status_code == 405
