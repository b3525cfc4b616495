"""A tracked link leads on to its own address, byte for byte, and nowhere else."""

import pytest
from django.urls import reverse

from newsletter import tokens
from newsletter.models import Event
from newsletter.track.destination import location
from tests.factories import make_issue, make_link, make_message, make_sent_issue, token_of

pytestmark = pytest.mark.django_db


def path(message, link, token=None):
    return reverse("click", args=(link if isinstance(link, int) else link.pk, token or token_of(message)))


@pytest.fixture
def message():
    return make_message()


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://example.org/a?b=c&d=%20e#f", "https://example.org/a?b=c&d=%20e#f"),
        ('https://example.org/100%/%zz|{x}"<y>^`\\', 'https://example.org/100%/%zz|{x}"<y>^`\\'),
        ("https://example.org/🐋?q=ü#é", "https://example.org/%F0%9F%90%8B?q=%C3%BC#%C3%A9"),
        ("https://example.org/%C3%BC/ü", "https://example.org/%C3%BC/%C3%BC"),
        ("https://bücher.example/über", "https://xn--bcher-kva.example/%C3%BCber"),
        ("https://FAß.example:8443/", "https://xn--fa-hia.example:8443/"),
        ("https://食狮。中国/", "https://xn--85x722f.xn--fiqs8s/"),
        ("https://☕.example/", "https://xn--53h.example/"),
        ("https://jürgen:pässwort@bücher.example/", "https://j%C3%BCrgen:p%C3%A4sswort@xn--bcher-kva.example/"),
        ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80/x"),
        ("HTTPS://Example.org", "HTTPS://Example.org"),
        ("https://example.org/a b\r\nSet-Cookie: x=y", "https://example.org/a%20b%0D%0ASet-Cookie:%20x=y"),
    ],
)
def test_the_reader_arrives_at_the_very_address(client, message, written, sent):
    answer = client.get(path(message, make_link(message.issue, written)))
    assert (answer.status_code, answer["Location"]) == (302, sent)


def test_a_long_address_arrives_whole(client, message):
    url = "https://example.org/?q=" + "x" * 5000
    assert client.get(path(message, make_link(message.issue, url)))["Location"] == url


@pytest.mark.parametrize("written", ["javascript:alert(1)", "//evil.example", "https:///path", "data:text/html,x", ""])
def test_only_web_addresses_are_led_to(client, message, written):
    assert client.get(path(message, make_link(message.issue, written))).status_code == 404
    with pytest.raises(ValueError, match="not a web address"):
        location(written)


def test_a_click_is_recorded_with_what_was_clicked(client, message):
    link = make_link(message.issue)
    client.get(path(message, link))
    event = Event.objects.get()
    assert (event.kind, event.message, event.issue, event.link) == ("click", message, message.issue, link)


def test_every_click_counts(client, message):
    link = make_link(message.issue)
    for _ in range(3):
        client.get(path(message, link))
    assert Event.objects.count() == 3


def test_a_head_request_leads_on_and_records_nothing(client, message):
    answer = client.head(path(message, make_link(message.issue)))
    assert (answer.status_code, answer["Location"]) == (302, "https://example.org/stories/1")
    assert not Event.objects.exists()


def test_the_answer_is_kept_out_of_caches_and_search_engines(client, message):
    answer = client.get(path(message, make_link(message.issue)))
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")


def test_a_link_of_another_issue_is_not_followed(client, message):
    other = make_link(make_sent_issue(), "https://example.org/elsewhere")
    assert client.get(path(message, other)).status_code == 404
    assert not Event.objects.exists()


@pytest.mark.parametrize("token", ["x", "preview", "AAAA" * 7, "ü" * 27, "a" * 5000])
def test_a_forged_token_gets_a_friendly_page_and_no_redirect(client, message, token):
    answer = client.get(path(message, make_link(message.issue), token))
    assert answer.status_code == 404
    assert "Location" not in answer
    assert "There is nothing here" in answer.content.decode()


def test_a_truncated_token_gets_a_friendly_page(client, message):
    answer = client.get(path(message, make_link(message.issue), token_of(message)[:-1]))
    assert answer.status_code == 404


def test_a_token_for_another_purpose_is_refused(client, message, settings):
    token = tokens.sign(message.pk, settings.SECRET_KEY, purpose="erase")
    assert client.get(path(message, make_link(message.issue), token)).status_code == 404


def test_a_link_in_a_test_mail_leads_on_and_records_nothing(client, settings):
    issue = make_issue()
    link, token = make_link(issue), tokens.sign(issue.pk, settings.SECRET_KEY, purpose=tokens.TEST)
    answer = client.get(path(None, link, token))
    assert (answer.status_code, answer["Location"]) == (302, link.url)
    assert not Event.objects.exists()


def test_a_test_mails_token_follows_no_link_of_another_issue(client, message, settings):
    token = tokens.sign(make_issue().pk, settings.SECRET_KEY, purpose=tokens.TEST)
    assert client.get(path(None, make_link(message.issue), token)).status_code == 404


def test_a_message_of_the_same_number_is_not_opened_by_a_test_mails_token(client, message, settings):
    token = tokens.sign(message.pk, settings.SECRET_KEY, purpose=tokens.TEST)
    client.get(reverse("opened", args=(token,)))
    client.post(reverse("unsubscribe", args=(token,)))
    assert not Event.objects.exists()
    assert message.subscriber.subscriptions.get().status == "active"


def test_a_token_of_an_earlier_key_still_works(client, message, settings):
    settings.SECRET_KEY_FALLBACKS = ["an earlier key"]
    token = tokens.sign(message.pk, "an earlier key")
    assert client.get(path(message, make_link(message.issue), token)).status_code == 302


@pytest.mark.parametrize("number", [0, 2**63, 2**64, 10**40])
def test_a_link_number_that_cannot_be_is_not_found(client, message, number):
    assert client.get(path(message, number)).status_code == 404


def test_a_message_that_is_gone_is_not_found(client, message):
    address = path(message, make_link(message.issue))
    message.delete()
    assert client.get(address).status_code == 404


def test_nothing_is_recorded_where_clicks_are_not_measured(client, message, settings, make_config):
    settings.NEWSLETTER = make_config(track={"clicks": False})
    assert client.get(path(message, make_link(message.issue))).status_code == 302
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch", "options"])
def test_other_methods_are_refused(client, message, method):
    assert getattr(client, method)(path(message, make_link(message.issue))).status_code == 405
