"""A newsletter whose bounces come to an address of ours, a message of it, and a way to take what comes back."""

from collections import namedtuple
from datetime import timedelta

import pytest

from newsletter import links, tokens
from newsletter.models import Event, Payload
from newsletter.track.mail.keeping import keep
from newsletter.track.payloads import understand
from tests.factories import NOW, make_message, make_subscriber
from tests.track.mail.samples import READER

BOUNCES = "bounces@in.example.org"
REPLIES = "reply@in.example.org"
LIMIT = 2_000_000

Known = namedtuple("Known", "kind detail")


@pytest.fixture(autouse=True)
def config(settings, make_config):
    settings.NEWSLETTER = make_config(
        newsletters={"weekly": {"replies": {"address": REPLIES, "moderation": "none"}}},
        track={"bounces": {"address": BOUNCES}},
    )
    return settings.NEWSLETTER


@pytest.fixture
def message(db):
    return make_message(subscriber=make_subscriber(READER, name="Maja"))


@pytest.fixture
def bounce_address(settings):
    """The address in the envelope of a message, good for a while."""

    def make(message, until=NOW + timedelta(days=90), purpose=tokens.BOUNCE, key=settings.SECRET_KEY):
        return links.bounce_address(BOUNCES, tokens.sign_until(message.pk, until, key, purpose))

    return make


@pytest.fixture
def back(message, bounce_address):
    return bounce_address(message)


@pytest.fixture
def way_out(settings, config):
    """The way to unsubscribe in a message."""
    return lambda message: links.unsubscribe(config, tokens.sign(message.pk, settings.SECRET_KEY))


@pytest.fixture
def arrive(config, settings):
    """Take a mail, as any way in does; what comes back is the row that it was kept in."""

    def take(data, now=NOW, **envelope):
        row = keep(data, now, LIMIT, **envelope)
        assert Payload.see_to(lambda one: understand(one, config, now), now)
        row.refresh_from_db()
        return row

    return take


def events():
    return [Known(one.kind, one.detail) for one in Event.objects.order_by("pk")]


def kinds():
    return [one.kind for one in events()]
