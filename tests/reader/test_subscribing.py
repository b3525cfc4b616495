"""From the form to the list: an address is asked by mail, and put on a list by nobody but its owner."""

import time
from urllib.parse import urlsplit

import pytest
from django.core import signing

from newsletter.models import Notice
from newsletter.reader.subscribing import SALT, VALID
from newsletter.render import service_mail
from subscribers.models import Subscriber, Subscription
from tests.factories import make_subscriber
from tests.reader.pages import Page, faults

pytestmark = pytest.mark.django_db
PATH = "/subscribe/weekly/"
OURS = {"Sec-Fetch-Site": "same-origin"}
LINKS = {"confirm": ["confirm_url"], "welcome": ["preferences_url"], "preferences": ["preferences_url"]}


def sound(answer):
    page = Page(answer)
    assert faults(page.source) == []
    return page


def test_the_form_stands_on_a_page_of_its_own_and_under_every_page(client):
    for path in (PATH, "/", "/privacy/"):
        page = sound(client.get(path))
        assert [form["action"] for form in page.all("form") if form["method"] == "post"] == [PATH]


def ask(client, email="Ada@example.org", **fields):
    return client.post(PATH, {"email": email, "website": "", **fields})


def mailed(kind="confirm"):
    """The path of the link in the one mail of this kind that is waiting."""
    facts = Notice.objects.get(kind=kind).facts
    return urlsplit(next(value for name, value in facts.items() if name in LINKS[kind])).path


def standing(email):
    return list(Subscription.objects.filter(subscriber__key=email).values_list("list__name", "status"))


def test_an_address_is_written_to_and_on_no_list_before_it_is_confirmed(client):
    page = sound(answer := ask(client))
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "A mail is on its way to Ada@example.org" in page.text()
    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.newsletter) == ("confirm", "Ada@example.org", "weekly")
    assert not Subscriber.objects.exists()


def test_the_link_only_asks_and_the_button_subscribes_and_welcomes_once(client):
    ask(client)
    path = mailed()
    assert "Press the button" in sound(client.get(path)).text()
    assert not Subscriber.objects.exists()
    for _ in range(2):
        answer = client.post(path, {"name": " Ada \n Lovelace "}, headers=OURS)
        assert (answer.status_code, answer["Location"]) == (303, "/subscribe/weekly/welcome/")
    assert "You are subscribed to The Weekly" in sound(client.get("/subscribe/weekly/welcome/")).text()
    assert standing("ada@example.org") == [("readers", "active")]
    assert Subscriber.objects.get().name == "Ada Lovelace"
    assert Notice.objects.filter(kind="welcome").count() == 1


def test_another_site_cannot_press_the_button(client):
    ask(client)
    assert client.post(mailed(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert not Subscriber.objects.exists()


def test_a_link_that_is_forged_is_not_there_and_one_that_has_ended_says_so(client):
    ask(client)
    path = mailed()
    assert client.get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert client.get(f"/confirm/{signing.dumps(['weekly', 'a@x.test'], salt='another')}").status_code == 404
    old = signing.TimestampSigner(salt=SALT)
    old.timestamp = lambda: signing.b62_encode(int(time.time() - VALID.total_seconds() - 60))
    data = signing.JSONSerializer().dumps(["weekly", "ada@example.org"])
    token = old.sign(signing.b64_encode(data).decode())
    answer = client.get(f"/confirm/{token}")
    assert (answer.status_code, "This link has ended" in sound(answer).text()) == (410, True)


def test_the_answer_does_not_tell_who_is_a_subscriber(client):
    make_subscriber("known@example.org")
    texts = {sound(ask(client, email)).text().replace(email, "") for email in ("known@example.org", "new@example.org")}
    assert len(texts) == 1
    kinds = dict(Notice.objects.values_list("to", "kind"))
    assert kinds == {"known@example.org": "preferences", "new@example.org": "confirm"}


def test_who_left_may_come_back(client):
    person = make_subscriber("ada@example.org", name="Ada")
    person.subscriptions.update(status="unsubscribed")
    ask(client)
    client.post(mailed(), headers=OURS)
    assert standing("ada@example.org") == [("readers", "active")]


def test_a_mailbox_is_not_flooded(client):
    answers = [ask(client).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert Notice.objects.count() == 3


def test_a_network_is_not_let_ask_for_ever(client):
    codes = [ask(client, f"reader{n}@example.org").status_code for n in range(21)]
    assert codes == [200] * 20 + [429]


def test_the_mails_can_be_drawn(client, settings):
    make_subscriber("known@example.org")
    ask(client)
    ask(client, "known@example.org")
    client.post(mailed(), headers=OURS)
    for notice in Notice.objects.all():
        mail = service_mail(notice.kind, settings.NEWSLETTER, notice.newsletter, notice.facts)
        assert "THE WEEKLY" in mail.text
        assert urlsplit(notice.facts[LINKS[notice.kind][0]]).path in mail.text


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
    assert ask(client, website="https://spam.test").status_code == 200
    assert not Notice.objects.exists()


def test_the_form_needs_no_cookie(client):
    client.handler.enforce_csrf_checks = True
    assert client.post(PATH, {"email": "ada@example.org"}).status_code == 200


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
    assert "Signing in sets one cookie" in text
    assert "not taken, for 90 days" in text


def test_a_notice_of_the_publications_own_takes_its_place(client, settings, make_config):
    settings.NEWSLETTER = make_config(site={"privacy_url": "https://example.org/privacy"})
    assert "https://example.org/privacy" in Page(client.get("/")).hrefs()
