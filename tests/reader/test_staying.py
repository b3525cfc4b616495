"""The page behind the button of the mail that asks whether somebody still reads."""

import pytest
from django.conf import settings

from newsletter import tokens
from newsletter.models import Message
from tests.factories import make_message, make_subscriber, token_of
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def asked(now):
    return make_subscriber("moira@example.org", status="asked", asked_at=now)


def link(person, purpose=tokens.STAY, key=None):
    return f"/stay/{tokens.sign(person.pk, key or settings.SECRET_KEY, purpose)}"


def test_looking_changes_nothing(client, asked):
    answer = client.get(link(asked))
    asked.refresh_from_db()
    assert (answer.status_code, asked.status, asked.consents.count()) == (200, "asked", 0)
    assert "The Weekly keeps coming to <strong" in answer.content.decode()
    assert "m•••@example.org" in answer.content.decode()
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
    assert faults(Page(answer).source) == []


@pytest.mark.parametrize("status", ["asked", "dormant"])
def test_the_button_brings_back_who_was_asked_and_who_was_let_go(client, asked, status):
    type(asked).objects.update(status=status)
    answer = client.post(link(asked), headers=HERE)
    asked.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, link(asked))
    assert (asked.status, asked.asked_at) == ("active", None)
    (kept,) = asked.consents.all()
    assert (kept.action, kept.source) == ("stayed", "mail")
    client.post(link(asked), headers=HERE)
    assert asked.consents.count() == 1
    assert "Good to have you" in client.get(link(asked)).content.decode()


def test_who_was_let_go_already_is_asked_whether_it_shall_come_again(client, asked):
    type(asked).objects.update(status="dormant")
    said = client.get(link(asked)).content.decode()
    assert "The Weekly comes again to" in said
    assert "we have stopped writing to you" in said


def test_who_is_on_no_list_any_more_is_told_so(client, asked):
    asked.subscriptions.update(status="unsubscribed")
    assert "Nothing is on its way to you" in client.get(link(asked)).content.decode()


def test_no_other_token_opens_it_and_it_opens_nothing_else(client, asked):
    message = make_message(subscriber=asked)
    for other in (token_of(message), tokens.sign(asked.pk, settings.SECRET_KEY, tokens.SUBSCRIBER), "x", "☃"):
        assert client.get(f"/stay/{other}").status_code == 404
    assert client.get(link(asked, key="another key")).status_code == 404
    token = link(asked).rpartition("/")[2]
    for path in (f"/p/{token}", f"/u/{token}", f"/l/{token}"):
        assert client.get(path).status_code == 404
    assert Message.objects.get().state == "submitted"


def test_no_other_site_can_press_it(client, asked):
    assert client.post(link(asked), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    asked.refresh_from_db()
    assert asked.status == "asked"


def test_search_engines_are_kept_out(client):
    assert "Disallow: /stay/" in client.get("/robots.txt").content.decode()
