"""A site that takes SendGrid's events, and what posts them there and lets them be understood."""

import json

import pytest
from django.urls import include, path
from django.utils import timezone

from newsletter import urls
from newsletter.settings import from_config
from newsletter.track.payloads import ingest_payloads
from tests.track.webhooks.providers import KEY, SECRET, WAYS
from tests.track.webhooks.signing import PATH, PRIVATE, public, signed

KEYS = {"track": {"sendgrid": {"verification_key": public(PRIVATE)}}}


@pytest.fixture(autouse=True)
def config(settings, make_config):
    settings.NEWSLETTER = make_config(**KEYS)
    return settings.NEWSLETTER


@pytest.fixture
def theirs(settings, make_config):
    """A site that leaves it to SendGrid to count opens and clicks."""
    settings.NEWSLETTER = make_config(track={**KEYS["track"], "opens": False, "clicks": False})
    return settings.NEWSLETTER


@pytest.fixture
def post(client, settings):
    """Post events and have them understood; return the answer's status."""

    def go(events, headers=None, understand=True):
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        headers = signed(body) if headers is None else headers
        status = client.post(PATH, body, content_type="application/json", **headers).status_code
        if understand:
            ingest_payloads(settings.NEWSLETTER, timezone.now)
        return status

    return go


@pytest.fixture
def provider(client, settings, make_config):
    """Post to the webhook of a provider that Anymail knows, and have it understood; return the answer's status."""
    anymail = pytest.importorskip("newsletter.track.webhooks.anymail")

    def go(name, told, understand=True, counts=True, **extra):
        """`counts` says whether our own pixel and links are in the mails."""
        way = {"provider": name, "secret": SECRET if name == "postmark" else None,
               "settings": {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}}  # fmt: skip
        settings.NEWSLETTER = make_config(track={"opens": counts, "clicks": counts, "anymail": way})
        settings.ANYMAIL = from_config(settings.NEWSLETTER)["ANYMAIL"]
        hooks = path("hooks/anymail/", include((anymail.urls(settings.NEWSLETTER), "anymail-events")))
        settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [*urls.urlpatterns, hooks]})
        body, headers = WAYS[name](told if isinstance(told, bytes) else json.dumps(told).encode(), **extra)
        where = f"/hooks/anymail/{name}/tracking/"
        status = client.post(where, body, content_type="application/json", **headers).status_code
        if understand:
            ingest_payloads(settings.NEWSLETTER, timezone.now)
        return status

    return go
