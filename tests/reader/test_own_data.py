"""A copy of one's data and one's erasure: both from one's own mailbox alone, and looking at a link does nothing."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from newsletter import tokens
from newsletter.models import Event, Message, Notice, Reply, SignIn, Turn
from newsletter.reader.replies import state
from newsletter.reader.signed_in import COOKIE
from subscribers.joining import join
from subscribers.models import Consent, Subscriber, Suppression
from tests.factories import make_link, make_message, make_reply, make_sent_issue, make_subscriber, occasion, token_of
from tests.mails import Mail
from tests.reader.doing import behind_the_answer
from tests.reader.talk import browser, replies_of, text_of

pytestmark = pytest.mark.django_db
PATH = "/preferences/data/"
KINDS = ["data", "erase"]


@pytest.fixture
def maja():
    return make_subscriber("maja@example.org", name="Maja Zedd", fields={"city": "Zurich"})


def ask(client, kind, email="maja@example.org"):
    answer = client.post(PATH, {"email": email, "ask": kind})
    behind_the_answer()
    return answer


def link(kind):
    facts = Notice.objects.filter(kind=kind).latest("pk").facts
    return facts[f"{kind}_url"].removeprefix("http://127.0.0.1:8000")


def mailed(kind):
    """The link, asked for by a browser that nobody is signed in with."""
    ask(browser(), kind)
    return link(kind)


def expired(kind, person):
    made = Notice.queue(kind, "weekly", person.email, {}, timezone.now(), subscriber=person)
    token = tokens.sign_until(made.pk, timezone.now() - timedelta(seconds=1), settings.SECRET_KEY, kind)
    return reverse("my-data-link" if kind == "data" else "erase-me", args=(token,))


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_is_mailed_that_works_for_a_day(maja, kind):
    answer = ask(browser(), kind, "MAJA@example.org")
    assert (answer.status_code, answer["Location"]) == (303, f"{PATH}?sent={kind}")
    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.subscriber, notice.newsletter) == (kind, maja.email, maja, "weekly")
    assert timedelta(hours=23) < notice.until - timezone.now() <= timedelta(days=1)
    assert browser().get(link(kind)).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_the_same_for_an_address_that_nobody_knows(maja, kind):
    known, stranger = (ask(browser(), kind, email) for email in ("maja@example.org", "nobody@example.org"))
    assert (known.status_code, known["Location"], known.content) == (
        stranger.status_code, stranger["Location"], stranger.content,
    )  # fmt: skip
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("kind", KINDS)
def test_being_signed_in_spares_typing_and_nothing_else(maja, kind):
    client = browser(maja)
    assert "maja@example.org" in text_of(client.get(PATH))
    ask(client, kind, "other@example.org")
    assert Notice.objects.get().to == "maja@example.org"
    assert Subscriber.objects.filter(pk=maja.pk).exists()


@pytest.mark.parametrize(
    "wrong", [{"ask": "data"}, {"ask": "data", "email": "no address"}, {"email": "maja@example.org"}]
)
def test_what_cannot_be_met_is_said_and_nothing_typed_is_lost(maja, wrong):
    answer = browser().post(PATH, wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in text_of(answer)
    assert wrong.get("email", "") in text_of(answer)
    assert not Notice.objects.exists()


def test_a_mailbox_cannot_be_flooded(maja):
    answers = [ask(browser(), "data").status_code for _ in range(4)]
    assert answers == [303, 303, 303, 422]
    assert Notice.objects.count() == 3


def test_a_network_cannot_ask_for_everybody(maja):
    now = timezone.now()
    for _ in range(20):
        Turn.take("own data 127.0.0.0/24", 20, timedelta(hours=1), now)
    answer = ask(browser(), "erase")
    assert (answer.status_code, "asked for too often" in text_of(answer)) == (422, True)


@pytest.mark.parametrize("kind", KINDS)
def test_looking_at_the_link_does_nothing(maja, kind):
    path = mailed(kind)
    before = list(Consent.objects.values()), Subscriber.objects.count()
    for method in (browser().get, browser().head):
        answer = method(path)
        assert (answer.status_code, answer["Content-Type"][:9]) == (200, "text/html")
        assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
    assert (list(Consent.objects.values()), Subscriber.objects.count()) == before


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_site_can_press_the_button(maja, client, kind):
    path = mailed(kind)
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post(path, headers=headers).status_code == 403
        assert client.post(PATH, {"email": maja.email, "ask": kind}, headers=headers).status_code == 403
    assert Subscriber.objects.get().pk == maja.pk


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_for_anything_else_opens_neither(maja, kind):
    name = "my-data-link" if kind == "data" else "erase-me"
    other = "erase" if kind == "data" else "data"
    message = make_message(subscriber=maja)
    until = timezone.now() + timedelta(hours=1)
    good = mailed(kind).rpartition("/")[2]
    for token in (
        token_of(message), tokens.sign(maja.pk, settings.SECRET_KEY, tokens.SUBSCRIBER),
        mailed(other).rpartition("/")[2],
        tokens.sign_until(maja.pk, until, settings.SECRET_KEY, tokens.SIGN_IN),
        tokens.sign_until(maja.pk, until, "another key", kind), good[:-1], good[:-2] + "aa",
    ):  # fmt: skip
        path = reverse(name, args=(token,))
        assert (browser(maja).get(path).status_code, browser(maja).post(path).status_code) == (404, 404), token
    assert Subscriber.objects.filter(pk=maja.pk).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_signed_with_the_key_of_before_still_works(maja, kind, settings):
    path = mailed(kind)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the key of today"
    assert browser().get(path).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_ends_after_its_day(maja, kind):
    path = expired(kind, maja)
    for method in (browser().get, browser().post):
        answer = method(path)
        assert (answer.status_code, "This link is over" in text_of(answer)) == (410, True)
    assert Subscriber.objects.filter(pk=maja.pk).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_sent_to_an_address_that_is_no_longer_the_readers_opens_nothing(maja, kind):
    path = mailed(kind)
    Subscriber.objects.update(email="m@example.org", key="m@example.org")
    assert (browser().get(path).status_code, browser().post(path).status_code) == (410, 410)
    assert Subscriber.objects.filter(pk=maja.pk).exists()


def test_the_copy_is_a_zip_and_is_noted(maja):
    make_message(subscriber=maja, issue=make_sent_issue())
    path = mailed("data")
    answer = browser().post(path)
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "application/zip", "no-store")
    assert answer["Content-Disposition"].startswith('attachment; filename="your-data-')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        facts = json.loads(archive.read("your-data.json"))
        page = archive.read("your-data.html").decode()
    assert (facts["person"][0]["name"], facts["messages"][0]["state"]) == ("Maja Zedd", "Submitted")
    assert "city: Zurich" in page
    assert path.rpartition("/")[2] not in page + json.dumps(facts)
    noted = Consent.objects.get()
    assert (noted.action, noted.subscriber, noted.source, noted.network) == ("exported", maja, "mail", "127.0.0.0")


def test_the_copy_can_be_had_again_but_not_without_end(maja):
    path = mailed("data")
    assert {browser().post(path).status_code for _ in range(10)} == {200}
    answer = browser().post(path)
    assert (answer.status_code, "again in" in text_of(answer)) == (429, True)


def test_erasing_says_before_what_goes_and_what_stays(maja):
    said = text_of(browser().get(mailed("erase")))
    assert "m•••@example.org" in said
    assert "maja@example.org" not in said
    for words in ("What goes", "What stays, and why", "fingerprint", "cannot be undone"):
        assert words in said
    assert 'name="replies"' not in said


def test_the_button_erases_signs_out_and_sends_nothing_more(maja):
    message = make_message(subscriber=maja, state="pending", issue=make_sent_issue())
    client, elsewhere = browser(maja), browser(maja)
    path = mailed("erase")
    answer = client.post(path)
    assert (answer.status_code, answer["Location"]) == (303, f"{path}?in=en")
    assert (answer.cookies[COOKIE].value, answer.cookies[COOKIE]["max-age"]) == ("", 0)
    assert "You are erased" in text_of(client.get(path))
    assert not Subscriber.objects.exists()
    assert (Notice.objects.count(), SignIn.objects.count()) == (0, 0)
    assert Message.objects.get(pk=message.pk).state == "withheld"
    assert Suppression.held(["maja@example.org"]) == {"maja@example.org": "erased"}
    assert elsewhere.get("/preferences/").status_code == 303, "a cookie of another browser opens nothing either"


def test_pressing_again_says_that_it_is_done(maja):
    path = mailed("erase")
    client = browser()
    client.post(path)
    consents = list(Consent.objects.values())
    assert client.post(path)["Location"] == path
    assert (client.get(path).status_code, "You are erased" in text_of(client.get(path))) == (200, True)
    assert list(Consent.objects.values()) == consents


def test_the_link_of_an_erased_reader_cannot_erase_who_has_come_back(maja):
    path = mailed("erase")
    browser().post(path)
    join("maja@example.org", "", ["readers"], occasion())
    browser().post(path)
    assert Subscriber.objects.get().key == "maja@example.org"


def test_a_link_to_data_that_was_mailed_before_an_erasure_is_over(maja):
    path = mailed("data")
    browser().post(mailed("erase"))
    assert browser().get(path).status_code == 410


@pytest.mark.parametrize(
    ("form", "left"),
    [({}, 0), ({"asked": "replies", "replies": "remove"}, 0), ({"asked": "replies"}, 1)],
)
def test_the_readers_words_go_unless_they_leave_them(maja, form, left):
    make_reply(subscriber=maja, text="A good read", author_name="Maja Zedd")
    path = mailed("erase")
    said = text_of(browser().get(path))
    assert 'name="replies" value="remove" checked' in said
    assert "my published reply too" in said
    browser().post(path, form)
    assert list(Reply.objects.values_list("text", "author_name")) == [("A good read", "")] * left


def test_words_that_are_left_lose_their_name_on_the_page_and_in_every_cache(maja):
    issue = make_reply(subscriber=maja, text="A good read", author_name="Maja Zedd").issue
    before = state(issue)
    assert "Maja Zedd" in text_of(browser().get(replies_of(issue)))
    browser().post(mailed("erase"), {"asked": "replies"})
    after = text_of(browser().get(replies_of(issue)))
    assert ("Maja Zedd" in after, "A good read" in after, "A reader" in after) == (False, True, True)
    assert state(issue) != before


def test_who_is_erased_can_still_follow_the_links_of_an_old_mail_and_is_not_seen_to(maja):
    message = make_message(subscriber=maja)
    mail, link = Mail(), make_link(message.issue)
    browser().post(mailed("erase"))
    assert mail.click(message, link).headers["Location"] == "https://example.org/stories/1"
    mail.open(message)
    assert mail.arrive() == 2
    assert not Event.objects.exists()


@pytest.mark.parametrize("page", ["/preferences/", "/privacy/"])
def test_the_way_there_is_shown(maja, page):
    assert f'href="{PATH}"' in text_of(browser(maja).get(page))


def test_nothing_is_mailed_in_the_name_of_a_newsletter_that_is_gone(maja, settings, make_config):
    settings.NEWSLETTER = make_config().model_copy(update={"newsletters": {}})
    assert ask(browser(), "data").status_code == 303
    assert not Notice.objects.exists()


def test_the_page_is_no_caches_and_no_search_engines():
    answer = browser().get(PATH)
    assert (answer["Cache-Control"], answer["X-Robots-Tag"]) == ("no-store", "noindex")
