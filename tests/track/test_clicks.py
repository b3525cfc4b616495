"""A tracked link leads on to an address of ours, byte for byte, and nowhere else; what was seen counts once."""

import pytest
from django.urls import reverse

from newsletter import tokens
from newsletter.models import Event
from newsletter.track.destination import location
from tests.factories import make_issue, make_link, make_message, make_sent_issue, token_of
from tests.mails import Mail, click, image

pytestmark = pytest.mark.django_db


def path(message, link, token=None):
    return click(link, token or token_of(message))


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
def test_the_reader_arrives_at_the_very_address(mail, message, written, sent):
    answer = mail.get(path(message, make_link(message.issue, written)))
    assert (answer.status, answer.headers["Location"]) == (302, sent)


def test_a_long_address_arrives_whole(mail, message):
    url = "https://example.org/?q=" + "x" * 5000
    assert mail.get(path(message, make_link(message.issue, url))).headers["Location"] == url


@pytest.mark.parametrize("written", ["javascript:alert(1)", "//evil.example", "https:///path", "data:text/html,x", ""])
def test_only_web_addresses_are_led_to(mail, message, written):
    assert mail.get(path(message, make_link(message.issue, written))).status == 404
    with pytest.raises(ValueError, match="not a web address"):
        location(written)


def test_a_click_is_recorded_with_what_was_clicked(mail, message):
    link = make_link(message.issue)
    mail.click(message, link, HTTP_USER_AGENT="Mail/1")
    assert not Event.objects.exists()
    assert mail.arrive() == 1
    event = Event.objects.get()
    assert (event.kind, event.message, event.issue, event.link) == ("click", message, message.issue, link)
    assert (event.judged, event.provisional, event.source, event.key) == ("human", True, "", "")
    assert event.network == "127.0.0.0/24"


def test_every_click_counts_and_none_twice(mail, message):
    link = make_link(message.issue)
    for _ in range(3):
        mail.click(message, link)
    assert [mail.arrive(), mail.arrive()] == [3, 0]
    assert Event.objects.count() == 3


def test_a_head_request_leads_on_and_is_taken_for_a_program(mail, message):
    answer = mail.head(path(message, make_link(message.issue)))
    assert (answer.status, answer.headers["Location"]) == (302, "https://example.org/stories/1")
    mail.arrive()
    assert (Event.objects.get().judged, Event.objects.get().reasons) == ("bot", "head")


@pytest.mark.parametrize("name", ["HTTP_PURPOSE", "HTTP_SEC_PURPOSE"])
def test_what_a_browser_fetches_beforehand_is_noted_as_that(message, name, settings):
    mail, seen = Mail(), []
    mail.gate.door._keep = seen.append
    mail.click(message, make_link(message.issue), **{name: "Prefetch;prerender"})
    assert [hit.purpose for hit in seen] == ["prefetch"]


def test_the_answer_is_kept_out_of_caches_and_search_engines(mail, message):
    answer = mail.get(path(message, make_link(message.issue)))
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")


def test_a_link_of_another_issue_leads_where_that_mail_does_and_counts_nothing(mail, message):
    other = make_link(make_sent_issue(), "https://example.org/elsewhere")
    assert mail.click(message, other).headers["Location"] == "https://example.org/elsewhere"
    assert mail.arrive() == 1
    assert not Event.objects.exists()
    assert mail.gate.ingester.strange == 1


def test_nothing_leads_to_an_address_that_is_in_no_mail(mail, message):
    make_link(message.issue)
    answer = mail.get(path(message, make_link(message.issue)) + "?url=https://evil.example/")
    assert answer.headers["Location"] == "https://example.org/stories/1"
    assert mail.get(path(message, 987654321)).status == 404
    assert mail.get(f"/c/https://evil.example/{token_of(message)}").status == 404


@pytest.mark.parametrize("token", ["x", "preview", "AAAA" * 7, "ü" * 27, "a" * 5000])
def test_a_forged_token_gets_a_friendly_page_and_no_redirect(mail, message, token):
    answer = mail.get(path(message, make_link(message.issue), token))
    assert answer.status == 404
    assert "Location" not in answer.headers
    assert "There is nothing here" in answer.body.decode()


def test_a_truncated_token_gets_a_friendly_page(mail, message):
    answer = mail.get(path(message, make_link(message.issue), token_of(message)[:-1]))
    assert answer.status == 404


def test_a_token_for_another_purpose_is_refused(mail, message, settings):
    token = tokens.sign(message.pk, settings.SECRET_KEY, purpose="erase")
    assert mail.get(path(message, make_link(message.issue), token)).status == 404


def test_a_link_in_a_test_mail_leads_on_and_records_nothing(mail, settings):
    issue = make_issue()
    link, token = make_link(issue), tokens.sign(issue.pk, settings.SECRET_KEY, purpose=tokens.TEST)
    answer = mail.get(path(None, link, token))
    assert (answer.status, answer.headers["Location"]) == (302, link.url)
    assert mail.arrive() == 0


def test_a_test_mails_token_follows_no_link_of_another_issue(mail, message, settings):
    token = tokens.sign(make_issue().pk, settings.SECRET_KEY, purpose=tokens.TEST)
    assert mail.get(path(None, make_link(message.issue), token)).status == 404


def test_a_message_of_the_same_number_is_not_opened_by_a_test_mails_token(client, mail, message, settings):
    token = tokens.sign(message.pk, settings.SECRET_KEY, purpose=tokens.TEST)
    assert mail.get(image(token)).status == 200
    client.post(reverse("unsubscribe", args=(token,)))
    assert mail.arrive() == 0
    assert not Event.objects.exists()
    assert message.subscriber.subscriptions.get().status == "active"


def test_a_token_of_an_earlier_key_still_works(message, settings):
    settings.SECRET_KEY_FALLBACKS = ["an earlier key"]
    token = tokens.sign(message.pk, "an earlier key")
    assert Mail().get(path(message, make_link(message.issue), token)).status == 302


@pytest.mark.parametrize("number", [0, 2**63, 2**64, 10**40])
def test_a_link_number_that_cannot_be_is_not_found(mail, message, number):
    assert mail.get(path(message, number)).status == 404


def test_a_message_that_is_gone_still_leads_on_and_counts_nothing(mail, message):
    link, token = make_link(message.issue), token_of(message)
    message.delete()
    assert mail.get(click(link, token)).status == 302
    mail.arrive()
    assert not Event.objects.exists()
    assert mail.gate.ingester.strange == 1


def test_the_links_of_an_issue_that_is_gone_lead_nowhere(mail):
    message = make_message(make_issue())
    address = path(message, make_link(message.issue))
    message.issue.delete()
    assert mail.get(address).status == 404


def test_what_a_mail_program_adds_to_an_address_does_no_harm(mail, message):
    link, token = make_link(message.issue), token_of(message)
    assert mail.get(click(link, token) + "?utm_source=mail&fbclid=x").status == 302
    assert mail.get(click(link, token.replace("A", "%41"))).status == 302


def test_nothing_is_recorded_where_clicks_are_not_measured(message, settings, make_config):
    settings.NEWSLETTER = make_config(track={"clicks": False})
    mail = Mail()
    assert mail.click(message, make_link(message.issue)).status == 302
    assert mail.arrive() == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(mail, message, method):
    assert mail.ask(method, path(message, make_link(message.issue))).status == 405
