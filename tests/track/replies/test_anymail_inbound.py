"""Anymail's inbound signal, from the provider's post to the reply: Postmark's as an example of the thirteen."""

import base64
import json

import pytest
from django.test import Client
from django.urls import include, path

from newsletter import urls
from newsletter.config import load
from newsletter.config.problems import ConfigError
from newsletter.models import Reply
from newsletter.settings import from_config
from newsletter.track.replies import anymail

pytestmark = pytest.mark.django_db
SECRET = "someone:a-long-password"


@pytest.fixture
def posted(settings, make_config, config):
    """The settings that config.yaml would make, and the addresses of that one provider."""
    letter = {"replies": {"address": "reply@in.example.org", "moderation": "none"}}
    settings.NEWSLETTER = make_config(
        newsletters={"weekly": letter}, track={"replies": {"anymail": {"provider": "postmark", "secret": SECRET}}}
    )
    settings.ANYMAIL = from_config(settings.NEWSLETTER)["ANYMAIL"]
    hooks = path("hooks/anymail/", include((anymail.urls(settings.NEWSLETTER), "anymail")))
    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [*urls.urlpatterns, hooks]})

    def post(address, user=SECRET, where="postmark", **more):
        body = {"FromFull": {"Email": "maja@example.org", "Name": "Maja"}, "From": "maja@example.org",
                "To": address, "OriginalRecipient": address, "Subject": "Re: A whale falls", "MessageID": "x",
                "TextBody": "Lovely issue!", "HtmlBody": "", "Attachments": [],
                "Headers": [{"Name": "Message-ID", "Value": "<p@x>"}],
                **more}  # fmt: skip
        sign = base64.b64encode(user.encode()).decode()
        return Client().post(
            f"/hooks/anymail/{where}/inbound/", json.dumps(body), "application/json",
            headers={"Authorization": f"Basic {sign}"},
        )  # fmt: skip

    return post


def test_a_providers_post_becomes_a_reply(posted, address, message):
    assert posted(address).status_code == 200
    reply = Reply.objects.get()
    assert (reply.text, reply.subscriber, reply.state) == ("Lovely issue!", message.subscriber, "published")
    assert posted(address).status_code == 200
    assert Reply.objects.count() == 1


def test_a_post_without_the_secret_is_refused(posted, address):
    assert posted(address, user="someone:else").status_code == 400
    assert not Reply.objects.exists()


def test_no_other_provider_has_an_address_here(posted, address):
    assert posted(address, where="mailgun").status_code == 404


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{provider: postmark}", "the provider's posts need a secret"),
        ("{provider: postmark, secret: no-colon-in-this-one}", "this must be USER:PASSWORD"),
        ("{provider: pigeon}", "must be 'amazon_ses'"),
    ],
)
def test_a_configuration_that_would_let_anybody_in_is_refused(tmp_path, section, said):
    file = tmp_path / "config.yaml"
    file.write_text(f"track: {{replies: {{anymail: {section}}}}}")
    with pytest.raises(ConfigError, match=said):
        load(file, environ={})


def test_the_application_is_installed_only_where_it_is_used(make_config):
    assert "anymail" not in from_config(make_config())["INSTALLED_APPS"]
    used = make_config(track={"replies": {"anymail": {"provider": "postmark", "secret": SECRET}}})
    assert "anymail" in from_config(used)["INSTALLED_APPS"]
