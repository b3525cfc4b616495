"""A newsletter that takes replies by mail, a message of it, and mails that answer it."""

from datetime import timedelta
from email.message import EmailMessage

import pytest

from newsletter import links, tokens
from newsletter.track.replies import Incoming, receive
from tests.factories import NOW, make_message, make_subscriber

ADDRESS = "reply@in.example.org"
SECRET = "a-secret-of-sixteen-letters"


@pytest.fixture(autouse=True)
def config(settings, make_config):
    """Replies arrive at an address, and nobody reads them first, unless a test says so."""
    settings.NEWSLETTER = make_config(
        newsletters={"weekly": {"replies": {"address": ADDRESS, "moderation": "none"}}},
        track={"replies": {"sendgrid": {"secret": SECRET}}},
    )
    return settings.NEWSLETTER


@pytest.fixture
def message(db):
    return make_message(subscriber=make_subscriber("maja@example.org", name="Maja"))


@pytest.fixture
def address(message, settings):
    """The reply address in the message, good for a while."""
    return address_of(message, settings.SECRET_KEY)


def address_of(message, key, until=NOW + timedelta(days=180), purpose=tokens.REPLY):
    return links.reply_address(ADDRESS, tokens.sign_until(message.pk, until, key, purpose))


@pytest.fixture
def mail(address):
    """A mail that answers; headers replace those that it has, and None takes one away."""

    def make(text="Lovely issue!", html="", **headers):
        given = {"From": "Maja <maja@example.org>", "To": address, "Subject": "Re: A whale falls",
                 "Message-ID": "<1@phone.example.org>", "Date": "Fri, 20 Nov 2026 07:30:00 +0000"}  # fmt: skip
        made = EmailMessage()
        for name, value in {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
            if value is not None:
                made[name] = value
        made.set_content(text)
        if html:
            made.add_alternative(html, subtype="html")
        return made

    return make


@pytest.fixture
def arrive(config, settings):
    """Take a mail, as any of the ways in does."""

    def take(made, now=NOW, **envelope):
        data = made if isinstance(made, bytes) else made.as_bytes()
        return receive(Incoming.of_bytes(data, **envelope), config, [settings.SECRET_KEY], now)

    return take
