"""The form that asks for an address, and an answer that claims nothing that did not happen."""

import pytest

from subscribers.models import Subscriber
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db
PATH = "/subscribe/weekly/"


def sound(answer):
    page = Page(answer)
    assert faults(page.source) == []
    return page


def test_the_form_stands_on_a_page_of_its_own_and_under_every_page(client):
    for path in (PATH, "/", "/privacy/"):
        page = sound(client.get(path))
        assert [form["action"] for form in page.all("form") if form["method"] == "post"] == [PATH]


def test_an_address_is_answered_honestly_and_nothing_is_recorded(client):
    answer = client.post(PATH, {"email": "ada@example.org", "website": ""})
    page = sound(answer)
    assert answer.status_code == 503
    assert "You are not subscribed yet" in page.text()
    assert "no mail was sent to ada@example.org" in page.text()
    assert answer["Cache-Control"] == "no-store"
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@", "<b>@x.test", "a b@x.test", "x" * 400 + "@x.test", "a@x.test\nBcc: b@x.test"]
)
def test_what_is_no_address_is_asked_for_again(client, email):
    answer = client.post(PATH, {"email": email})
    page = sound(answer)
    assert answer.status_code == 422
    assert "Please look at the address" in page.text()
    assert 'aria-invalid="true"' in page.source


def test_a_program_that_fills_in_every_field_gets_nowhere(client):
    assert client.post(PATH, {"email": "ada@example.org", "website": "https://spam.test"}).status_code == 503


def test_the_form_needs_no_cookie(client):
    client.handler.enforce_csrf_checks = True
    assert client.post(PATH, {"email": "ada@example.org"}).status_code == 503


def test_with_several_newsletters_one_is_chosen(client, settings, make_config):
    assert client.get("/subscribe/")["Location"] == PATH
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    settings.NEWSLETTER = make_config(newsletters={"daily": {**weekly, "title": "The Daily"}})
    page = sound(client.get("/subscribe/"))
    assert {PATH, "/subscribe/daily/"} <= set(page.hrefs())


def test_there_is_no_form_for_an_unknown_newsletter(client):
    assert client.get("/subscribe/nobody/").status_code == 404
    assert client.post("/subscribe/nobody/", {"email": "ada@example.org"}).status_code == 404


@pytest.mark.parametrize(("opens", "clicks"), [(True, True), (False, False)])
def test_the_privacy_page_says_what_is_true_here(client, settings, make_config, opens, clicks):
    settings.NEWSLETTER = make_config(track={"opens": opens, "clicks": clicks})
    text = sound(client.get("/privacy/")).text()
    assert ("Each holds an invisible picture" in text) is opens
    assert ("Links in our mails lead past this site" in text) is clicks


def test_a_notice_of_the_publications_own_takes_its_place(client, settings, make_config):
    settings.NEWSLETTER = make_config(site={"privacy_url": "https://example.org/privacy"})
    assert "https://example.org/privacy" in Page(client.get("/")).hrefs()
