"""The mailed link: looking does nothing, the button subscribes, and no other link opens that door."""

import time
from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone

from newsletter import tokens
from newsletter.config.audience import Subscribe
from newsletter.errands.wishes import OLD_SALT, SALT, Wish
from newsletter.models import Notice
from newsletter.render import service_mail
from subscribers.erasing import erase
from subscribers.joining import leave
from subscribers.models import Consent, List, Subscriber, Suppression
from subscribers.traces import Person
from tests.factories import make_list, make_subscriber, occasion
from tests.reader.doing import behind_the_answer
from tests.reader.joining import LINKS, ask, mailed, sound, stamp, standing

pytestmark = pytest.mark.django_db
OURS = {"Sec-Fetch-Site": "same-origin"}


def test_the_link_only_asks_and_the_button_subscribes_and_welcomes_once(client):
    ask(client)
    path = mailed()
    assert "Press the button" in sound(client.get(path)).text()
    assert client.head(path).status_code == 200
    assert standing("ada@example.org") == [("readers", "pending")]
    for _ in range(2):
        answer = client.post(path, {"name": " Ada \n Lovelace "}, headers=OURS)
        assert (answer.status_code, answer["Location"]) == (303, "/lists/readers/welcome/")
    assert "You are subscribed to The Weekly" in sound(client.get("/lists/readers/welcome/")).text()
    assert standing("ada@example.org") == [("readers", "active")]
    assert Subscriber.objects.get().name == "Ada Lovelace"
    assert Notice.objects.filter(kind="welcome").count() == 1


def test_what_is_kept_of_the_yes(client):
    ask(client)
    client.post(mailed(), headers=OURS, REMOTE_ADDR="2001:db8:1:2:3::4")
    kept = Consent.objects.get(action="confirmed")
    assert (kept.source, kept.network, kept.form) == ("mail", "2001:db8:1::", "/lists/readers/")
    assert kept.wording == Consent.objects.get(action="asked").wording


@pytest.mark.parametrize("how", ["leaves", "is erased"])
def test_whoever_ends_it_ends_the_link_too(client, how):
    ask(client)
    path = mailed()
    client.post(path, headers=OURS)
    person, later = Subscriber.objects.get(), timezone.now() + timedelta(seconds=2)
    if how == "leaves":
        leave(person, ["readers"], occasion("one click", later))
    else:
        erase(Person.of(person), occasion("asked to", later))
    assert client.get(path).status_code == client.post(path, headers=OURS).status_code == 410
    assert ("readers", "active") not in standing("ada@example.org")


def test_another_site_cannot_press_the_button(client):
    ask(client)
    assert client.post(mailed(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert standing("ada@example.org") == [("readers", "pending")]


def test_who_left_may_come_back(client):
    make_subscriber("ada@example.org", name="Ada").subscriptions.update(status="unsubscribed")
    ask(client)
    client.post(mailed(), {"name": "Somebody"}, headers=OURS)
    assert standing("ada@example.org") == [("readers", "active")]
    assert Subscriber.objects.get().name == "Ada"


@pytest.mark.parametrize("change", [lambda t: t[:-1] + "AB"[t[-1] == "A"], lambda t: t[: len(t) // 2], lambda t: "x"])
def test_a_link_that_is_forged_or_cut_short_is_not_there(client, change):
    ask(client)
    token = mailed().removeprefix("/confirm/")
    for method in (client.get, client.post):
        assert method(f"/confirm/{change(token)}", headers=OURS).status_code == 404
    assert standing("ada@example.org") == [("readers", "pending")]


def test_a_link_that_was_signed_for_something_else_is_not_there(client, settings):
    person = make_subscriber("ada@example.org", lists=())
    held = {"list": "readers", "newsletter": "weekly", "email": "ada@example.org"}
    others = [
        signing.dumps(held, salt="another"),
        tokens.sign(person.pk, settings.SECRET_KEY, tokens.SUBSCRIBER),
        tokens.sign(person.pk, settings.SECRET_KEY),
    ]
    assert {client.post(f"/confirm/{token}", headers=OURS).status_code for token in others} == {404}


def aged(held, salt=SALT):
    """A link that was signed a minute longer ago than links are good for."""
    old = signing.TimestampSigner(salt=salt)
    old.timestamp = lambda: signing.b62_encode(int(time.time() - Subscribe().valid.total_seconds() - 60))
    return old.sign(signing.b64_encode(signing.JSONSerializer().dumps(held)).decode())


def test_a_link_that_has_ended_says_so_and_how_long_it_was_good(client):
    for token in (
        aged({"list": "readers", "newsletter": "weekly", "email": "a@x.test"}),
        aged(["weekly", "a@x.test"], OLD_SALT),
    ):
        page = sound(answer := client.get(f"/confirm/{token}"))
        assert answer.status_code == 410
        assert "This link has ended" in page.text()
        assert "7 days" in page.text()


def test_a_link_from_before_a_key_rotation_works_while_the_old_key_is_listed(client, settings):
    ask(client)
    path, old = mailed(), settings.SECRET_KEY
    settings.SECRET_KEY = "a-new-key-of-sufficient-length"
    assert client.get(path).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [old]
    assert client.post(path, headers=OURS).status_code == 303
    assert standing("ada@example.org") == [("readers", "active")]


def test_a_link_of_the_release_before_still_subscribes(client):
    token = signing.dumps(["weekly", "Ada@example.org"], salt=OLD_SALT, compress=True)
    assert "Press the button" in sound(client.get(f"/confirm/{token}")).text()
    assert client.post(f"/confirm/{token}", headers=OURS).status_code == 303
    assert standing("ada@example.org") == [("readers", "active")]


def test_an_old_link_of_a_newsletter_that_is_gone_says_that_nobody_is_taken(client):
    token = signing.dumps(["gone", "ada@example.org"], salt=OLD_SALT, compress=True)
    assert "takes no sign-ups now" in closed(client.get(f"/confirm/{token}"))


def closed(answer):
    assert answer.status_code == 410
    return sound(answer).text()


def test_a_list_made_private_meanwhile_takes_nobody_and_says_so_kindly(client):
    make_list("readers")
    ask(client)
    List.objects.update(public=False)
    assert "takes no sign-ups now" in closed(client.get(mailed()))
    assert "takes no sign-ups now" in closed(client.post(mailed(), headers=OURS))
    assert standing("ada@example.org") == [("readers", "pending")]
    assert not Notice.objects.filter(kind="welcome").exists()
    List.objects.update(public=True)
    assert client.post(mailed(), headers=OURS).status_code == 303, "it was closed by mistake"


@pytest.mark.parametrize("opt_in", ["single", "double"])
def test_a_list_made_private_between_the_form_and_what_follows_takes_nobody(client, opt_in):
    make_list("readers", opt_in=opt_in)
    fields = {"email": "ada@example.org", "website": "", "stamp": stamp()}
    client.post("/subscribe/weekly/", fields, headers=OURS)
    List.objects.update(public=False)
    behind_the_answer()
    assert not Subscriber.objects.exists()
    assert not Notice.objects.exists()


def test_a_list_that_nothing_goes_to_any_more_takes_nobody(client, settings, make_config):
    token = Wish("gone", "weekly", "ada@example.org").token(settings.SECRET_KEY)
    assert "takes no sign-ups now" in closed(client.post(f"/confirm/{token}", headers=OURS))
    assert not Subscriber.objects.exists()


def test_an_address_that_bounced_gets_nothing_for_having_an_old_link(client):
    ask(client)
    Suppression.objects.create(key="ada@example.org", kind="bounced")
    client.post(mailed(), headers=OURS)
    assert Notice.objects.get(kind="welcome").hindrance(Notice.objects.get(kind="welcome").created_at)


def test_the_mails_can_be_drawn(client, settings):
    make_subscriber("known@example.org")
    ask(client)
    ask(client, "known@example.org")
    client.post(mailed(), headers=OURS)
    assert set(Notice.objects.values_list("kind", flat=True)) == {"confirm", "preferences", "welcome"}
    for notice in Notice.objects.all():
        mail = service_mail(notice.kind, settings.NEWSLETTER, notice.newsletter, notice.facts)
        assert "THE WEEKLY" in mail.text
        assert mailed(notice.kind) in mail.text
        assert LINKS[notice.kind]
