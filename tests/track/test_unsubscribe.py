"""The way out: GET asks, POST does it, once and for all lists of the newsletter."""

import pytest
from django.test import Client
from django.urls import reverse

from newsletter import tokens
from newsletter.models import Event
from newsletter.track.views import masked
from subscribers.models import Subscription
from tests.factories import make_list, make_message, make_sent_issue, make_subscriber, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    return make_message(subscriber=make_subscriber("maja@example.org"))


def path(message):
    return reverse("unsubscribe", args=(token_of(message),))


def statuses(subscriber):
    return dict(subscriber.subscriptions.values_list("list__name", "status"))


@pytest.mark.parametrize("method", ["get", "head"])
def test_asking_changes_nothing(client, message, method):
    before = list(Subscription.objects.values())
    assert getattr(client, method)(path(message)).status_code == 200
    assert list(Subscription.objects.values()) == before
    assert not Event.objects.exists()


def test_the_page_says_who_and_from_what_and_offers_a_button(client, message):
    page = client.get(path(message)).content.decode()
    assert "m•••@example.org" in page
    assert "maja@" not in page
    assert "The Weekly" in page
    assert '<form method="post">' in page


def test_posting_ends_the_subscription(client, message):
    answer = client.post(path(message))
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.content.decode()
    subscription = message.subscriber.subscriptions.get()
    assert subscription.status == "unsubscribed"
    assert subscription.how == f"the link in {message.issue}"
    event = Event.objects.get()
    assert (event.kind, event.message, event.issue) == ("unsubscribe", message, message.issue)


def test_a_mail_provider_unsubscribes_with_one_click_and_without_a_cookie(message):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(path(message), "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert statuses(message.subscriber) == {"readers": "unsubscribed"}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"List-Unsubscribe=One-Click"])
@pytest.mark.parametrize("kind", ["multipart/form-data", "application/json", "multipart/form-data; boundary=x"])
def test_whatever_a_provider_posts_it_unsubscribes(client, message, body, kind):
    assert client.generic("POST", path(message), body, kind).status_code == 200
    assert statuses(message.subscriber) == {"readers": "unsubscribed"}


def test_posting_twice_says_the_same_and_records_one_event(client, message):
    first, second = client.post(path(message)), client.post(path(message))
    assert (second.status_code, second.content) == (200, first.content)
    assert Event.objects.count() == 1


def test_who_has_left_already_is_told_so_and_not_that_they_stay(client, message):
    left = client.post(path(message)).content
    page = client.get(path(message))
    assert page.content == left
    assert "stay subscribed" not in page.content.decode()


def test_all_lists_of_the_newsletter_are_left_and_no_other(client, settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"lists": ["readers", "friends"]}})
    message = make_message(subscriber=make_subscriber(lists=("readers", "friends", "shop")))
    client.post(path(message))
    assert statuses(message.subscriber) == {"readers": "unsubscribed", "friends": "unsubscribed", "shop": "active"}


def test_every_list_is_left_when_the_newsletter_is_no_longer_configured(client):
    message = make_message(make_sent_issue(newsletter="gone"), make_subscriber(lists=("readers", "shop")))
    make_list("others")
    assert "Test Times" in client.get(path(message)).content.decode()
    client.post(path(message))
    assert statuses(message.subscriber) == {"readers": "unsubscribed", "shop": "unsubscribed"}


def test_nobody_else_is_unsubscribed(client, message):
    other = make_subscriber()
    client.post(path(message))
    assert statuses(other) == {"readers": "active"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_who_was_erased_gets_a_friendly_answer(client, message, method):
    address = path(message)
    message.subscriber.delete()
    answer = getattr(client, method)(address)
    assert answer.status_code == 200
    assert "no longer with us" in answer.content.decode()
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["x", "x" * 27, "preview"])
def test_a_forged_token_changes_nothing(client, message, method, token):
    answer = getattr(client, method)(reverse("unsubscribe", args=(token,)))
    assert answer.status_code == 404
    assert statuses(message.subscriber) == {"readers": "active"}


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_the_way_out_of_a_test_mail_says_so_and_changes_nothing(client, message, settings, method):
    token = tokens.sign(message.issue_id, settings.SECRET_KEY, purpose=tokens.TEST)
    answer = getattr(client, method)(reverse("unsubscribe", args=(token,)))
    assert answer.status_code == 200
    assert method == "head" or "This was a test mail" in answer.content.decode()
    assert "<form" not in answer.content.decode()
    assert statuses(message.subscriber) == {"readers": "active"}
    assert not Event.objects.exists()


def test_the_page_is_kept_out_of_caches_and_search_engines(client, message):
    for answer in (client.get(path(message)), client.post(path(message))):
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(client, message, method):
    assert getattr(client, method)(path(message)).status_code == 405


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("maja@example.org", "m•••@example.org"),
        ("a@b.example", "a•••@b.example"),
        ('"x@y"@b.example', '"•••@b.example'),
    ],
)
def test_an_address_is_masked(address, shown):
    assert masked(address) == shown


@pytest.mark.django_db(transaction=True)
def test_posting_works_without_a_transaction_around_it(client, message):
    assert client.post(path(message)).status_code == 200
    assert statuses(message.subscriber) == {"readers": "unsubscribed"}


def test_newsletters_that_go_to_the_same_list_are_named_before_and_after(client, settings, make_config):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    elsewhere = {**weekly, "title": "The Other", "lists": ["others"]}
    daily = {**weekly, "title": "The Daily"}
    settings.NEWSLETTER = make_config(newsletters={"daily": daily, "other": elsewhere})
    path = f"/u/{token_of(make_message())}"
    before, after = client.get(path).content.decode(), client.post(path).content.decode()
    assert "It also ends The Daily, which goes to the same list" in before
    assert "no more mail from The Weekly" in after
    assert "It also ended The Daily, which goes to the same list" in after
    assert "The Other" not in before + after


def test_the_way_back_is_on_the_page(client):
    token = token_of(make_message())
    page = client.post(f"/u/{token}").content.decode()
    assert f'href="/p/{token}"' in page
    assert client.get(f"/p/{token}").status_code == 200
