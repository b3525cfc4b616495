"""A reader's preferences: what the link in a mail may change, and what only somebody signed in may."""

import pytest
from django.urls import reverse

from newsletter import tokens
from newsletter.models import Issue
from subscribers.models import Subscription
from tests.factories import make_list, make_message, make_sent_issue, make_subscriber, token_of
from tests.reader.pages import Page, faults
from tests.reader.talk import browser

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def ada():
    return make_subscriber("ada@example.org", name="Ada Lovelace")


@pytest.fixture(autouse=True)
def two_newsletters(settings, make_config):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    other = {**weekly, "title": "The Daily", "lists": [{"name": "dailies", "title": "Daily readers"}]}
    settings.NEWSLETTER = make_config(newsletters={"daily": other})
    make_list("dailies")


def standing(person):
    return dict(person.subscriptions.values_list("list__name", "status"))


def link_of(person):
    return f"/p/{token_of(make_message(make_sent_issue(), person))}"


def page_of(answer):
    page = Page(answer)
    assert faults(page.source) == []
    return page


def test_the_link_in_a_mail_shows_lists_and_tells_nothing_else(client, ada):
    page = page_of(client.get(link_of(ada)))
    assert [box["value"] for box in page.all("input") if box["type"] == "checkbox"] == ["readers"]
    assert "a•••@example.org" in page.text()
    assert "Lovelace" not in page.source
    assert "ada@" not in page.source


def test_it_leaves_a_list_and_comes_back(client, ada):
    path = link_of(ada)
    answer = client.post(path, {}, headers=OURS)
    assert (answer.status_code, answer["Location"]) == (303, f"{path}?saved=1")
    assert standing(ada) == {"readers": "unsubscribed"}
    assert "Saved." in page_of(client.get(answer["Location"])).text()
    client.post(path, {"list": "readers"}, headers=OURS)
    assert standing(ada) == {"readers": "active"}


def test_it_neither_joins_what_is_new_nor_changes_the_name(client, ada):
    client.post(link_of(ada), {"list": ["readers", "dailies"], "name": "Mallory"}, headers=OURS)
    ada.refresh_from_db()
    assert (standing(ada), ada.name) == ({"readers": "active"}, "Ada Lovelace")


def test_looking_changes_nothing_and_neither_does_another_site(client, ada):
    path = link_of(ada)
    client.get(path)
    client.head(path)
    assert client.post(path, {}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert standing(ada) == {"readers": "active"}


def test_who_is_signed_in_joins_and_is_called_as_they_wish(ada):
    me = browser(ada)
    page = page_of(me.get("/preferences/"))
    assert "ada@example.org" in page.text()
    assert me.post("/preferences/", {"list": ["dailies"], "name": " Ada \n L. "}, headers=OURS).status_code == 303
    ada.refresh_from_db()
    assert (standing(ada), ada.name) == ({"readers": "unsubscribed", "dailies": "active"}, "Ada L.")


def test_signed_in_as_one_person_the_link_of_another_is_still_only_a_link(ada):
    other = make_subscriber("bob@example.org", name="Bob")
    page = page_of(browser(ada).get(link_of(other)))
    assert "Bob" not in page.source


def test_who_is_not_signed_in_is_asked_to(client):
    answer = client.get("/preferences/")
    assert (answer.status_code, answer["Location"]) == (303, f"{reverse('sign-in')}?back=/preferences/")


def test_a_mail_that_belongs_to_no_issue_has_a_link_of_the_persons_own(client, settings, ada):
    token = tokens.sign(ada.pk, settings.SECRET_KEY, tokens.SUBSCRIBER)
    assert "a•••@example.org" in page_of(client.get(f"/p/{token}")).text()


def test_a_test_mails_link_changes_nothing(client, settings):
    issue = make_sent_issue()
    token = tokens.sign(issue.pk, settings.SECRET_KEY, tokens.TEST)
    assert "link in a test mail" in page_of(client.get(f"/p/{token}")).text()
    assert Issue.objects.count() == 1


@pytest.mark.parametrize("token", ["x", "A" * 27, ""])
def test_a_forged_link_is_not_there(client, token):
    assert client.get(f"/p/{token}").status_code == 404


def test_somebody_erased_has_no_page(client, ada):
    path = link_of(ada)
    Subscription.objects.all().delete()
    ada.delete()
    assert client.get(path).status_code == 404
