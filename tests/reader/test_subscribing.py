"""From the form to the mail: an address is asked, and put on a list by nobody but its owner."""

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from newsletter.models import Errand, Notice, Turn
from newsletter.reader.stamps import read
from newsletter.render import service_mail
from subscribers.joining import ask as ask_for
from subscribers.models import Consent, List, Subscriber, Suppression, hash_of
from tests.factories import make_list, make_message, make_sent_issue, make_subscriber, occasion, token_of
from tests.reader.doing import behind_the_answer
from tests.reader.joining import PATH, ask, mailed, sound, stamp, standing

pytestmark = pytest.mark.django_db
LIST = "/lists/readers/"
FROM_AFAR = {"Sec-Fetch-Site": "cross-site", "Origin": "https://blog.example.org"}


def confirm_mail():
    """The mail to confirm, as it is drawn."""
    return service_mail("confirm", settings.NEWSLETTER, "weekly", Notice.objects.get().facts)


def forms(page):
    return [form["action"] for form in page.all("form") if form["method"] == "post"]


def test_the_form_stands_on_pages_of_its_own_and_under_every_page(client):
    for path, action in ((PATH, PATH), (LIST, LIST), ("/", PATH), ("/privacy/", PATH)):
        assert forms(sound(client.get(path))) == [action]


def test_the_page_of_a_list_says_what_comes_and_shows_the_last_issue(client):
    make_list("readers", title="Whale watchers", description="One whale a week.\nAnd nothing else.")
    issue = make_sent_issue()
    page = sound(client.get(LIST))
    text = page.text()
    for said in ("Subscribe to Whale watchers", "One whale a week.", "The Weekly, every Friday", "A whale falls"):
        assert said in text
    assert f"/issues/weekly/{issue.slug}/" in page.hrefs()
    assert "Yes, I want to be on the list “Whale watchers” of Test Times" in text
    assert page.answer["Cache-Control"] == "no-store"


def test_it_speaks_the_language_of_the_list(client):
    make_list("readers", title="Walfreunde", language="de")
    page = sound(client.get(LIST))
    assert "Ihre E-Mail-Adresse" in page.text()
    assert "Ja, ich möchte auf die Liste „Walfreunde“ von Test Times" in page.text()
    ask(client, path=LIST)
    assert Notice.objects.get().facts["language"] == "de"


@pytest.mark.parametrize("path", ["/lists/nobody/", "/lists/private/", "/lists/unwritten/", "/lists/private/embed/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_list_that_is_private_or_unknown_or_that_nothing_goes_to_has_no_page(
    client, settings, make_config, path, method
):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"lists": ["readers", "private"]}})
    make_list("private", public=False)
    make_list("unwritten")
    assert getattr(client, method)(path).status_code in (404, 405)
    assert client.get(path).status_code == 404


def test_further_lists_begin_as_private(client, settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"lists": ["readers", "friends"]}})
    assert client.get("/lists/friends/").status_code == 404
    make_list("friends", public=True)
    assert client.get("/lists/friends/").status_code == 200


def test_a_newsletter_joins_the_first_of_its_lists_that_is_public(client, settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"lists": ["staff", "readers"]}})
    make_list("staff", public=False)
    make_list("readers")
    ask(client)
    assert standing("ada@example.org") == [("readers", "pending")]


def test_a_newsletter_whose_lists_are_all_private_says_so(client):
    make_list("readers", public=False)
    page = sound(client.get(PATH))
    assert "by invitation" in page.text()
    assert "It goes to those who were invited" in sound(client.get("/")).text()
    assert forms(page)[:1] != [PATH]
    assert ask(client).status_code == 404
    assert not Errand.objects.exists()


def test_an_address_is_written_to_and_waits_until_it_is_confirmed(client):
    page = sound(answer := ask(client))
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert "A mail is on its way to Ada@example.org" in page.text()
    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.newsletter) == ("confirm", "Ada@example.org", "weekly")
    assert standing("ada@example.org") == [("readers", "pending")]


def test_what_is_kept_of_the_asking(client):
    client.post(PATH, {"email": "ada@example.org", "stamp": stamp()}, REMOTE_ADDR="203.0.113.77")
    behind_the_answer()
    kept = Consent.objects.get()
    assert (kept.action, kept.source, kept.form, kept.network) == ("asked", "page", PATH, "203.0.113.0")
    assert kept.wording.text.startswith("Yes, I want to be on the list “The Weekly” of Test Times")
    assert kept.wording.text.endswith("/privacy/)")


def test_a_sentence_of_ones_own_is_shown_and_kept(client, settings, make_config):
    settings.NEWSLETTER = make_config(audience={"subscribe": {"consent": "I ask {publication} for {list}."}})
    assert "I ask Test Times for The Weekly." in sound(client.get(PATH)).text()
    ask(client)
    assert Consent.objects.get().wording.text.startswith("I ask Test Times for The Weekly. (")


def test_a_name_waits_in_the_link_until_it_is_confirmed(client):
    ask(client, name=" Ada \n Lovelace ")
    assert Subscriber.objects.get().name == ""
    assert 'value="Ada Lovelace"' in client.get(mailed()).content.decode()
    mail = confirm_mail()
    assert "Lovelace" not in mail.text + mail.html


def test_the_mail_says_whose_list_it_is_who_asked_and_what_to_do(client):
    make_list("readers", title="Whale watchers", description="One whale a week.")
    begun = sound(client.post(LIST, {"email": "ada@example.org"}, headers=FROM_AFAR))
    ask(client, path=LIST, stamp=stamp(site="https://blog.example.org"))
    mail = confirm_mail()
    for said in ("Whale watchers is a list of Test Times", "One whale a week.", "form on https://blog.example.org",
                 "If it was not you, do nothing"):  # fmt: skip
        assert said in " ".join(mail.text.split()), said
        assert said.partition(" https")[0] in mail.html
    assert begun.answer.status_code == 200


@pytest.mark.parametrize("language", ["de", "fr", "es", "ar"])
def test_the_mail_speaks_the_language_of_the_list(client, language):
    make_list("readers", language=language)
    ask(client)
    mail = confirm_mail()
    assert f'lang="{language}"' in mail.html
    assert "Please confirm" not in mail.subject


def test_a_mail_queued_by_the_release_before_is_still_drawn(settings):
    facts = {
        "list_title": "The Weekly",
        "confirm_url": "https://x.test/confirm/t",
        "requested_at": "2026-11-20T07:00:00",
    }
    assert "https://x.test/confirm/t" in service_mail("confirm", settings.NEWSLETTER, "weekly", facts).text


def test_the_answer_tells_nobody_who_is_known(client):
    make_subscriber("known@example.org")
    left = make_subscriber("left@example.org")
    left.subscriptions.update(status="unsubscribed")
    ask_for("waits@example.org", ["readers"], occasion())
    Suppression.objects.create(key="bad@example.org", kind="bounced")
    Suppression.objects.create(hash=hash_of("gone@example.org"), kind="erased")
    who = ("known", "left", "waits", "bad", "gone", "new")
    texts = {sound(ask(client, f"{one}@example.org")).text().replace(f"{one}@", "") for one in who}
    assert len(texts) == 1
    kinds = {to.partition("@")[0]: kind for to, kind in Notice.objects.values_list("to", "kind")}
    assert kinds == {"known": "preferences", "left": "confirm", "waits": "confirm", "gone": "confirm", "new": "confirm"}


def test_the_answer_asks_the_database_the_same_whoever_it_is(client):
    make_subscriber("known@example.org")
    Suppression.objects.create(key="bad@example.org", kind="bounced")
    counts = set()
    for one in ("known", "bad", "new"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.post(PATH, {"email": f"{one}@example.org", "stamp": stamp()})
        counts.add(len(asked))
        Turn.objects.all().delete()
    assert len(counts) == 1
    assert Errand.objects.count() == 3


def test_of_somebody_who_was_erased_nothing_is_written_down_before_they_confirm(client):
    Suppression.objects.create(hash=hash_of("gone@example.org"), kind="erased")
    ask(client, "gone@example.org")
    assert not Subscriber.objects.exists()
    assert not Consent.objects.exists()
    client.post(mailed(), headers={"Sec-Fetch-Site": "same-origin"})
    assert standing("gone@example.org") == [("readers", "active")]
    assert not Suppression.objects.exists()


def test_with_single_opt_in_an_address_is_on_the_list_at_once(client):
    make_list("readers", opt_in="single")
    page = sound(ask(client, name="Ada"))
    assert "it says what comes next" in page.text()
    assert standing("ada@example.org") == [("readers", "active")]
    assert [notice.kind for notice in Notice.objects.all()] == ["welcome"]
    assert (Subscriber.objects.get().name, Consent.objects.get().action) == ("Ada", "joined")


@pytest.mark.parametrize("what", ["left", "left another", "erased", "bounced"])
def test_nobody_is_put_back_by_somebody_else_even_with_single_opt_in(client, what):
    make_list("readers", opt_in="single")
    if what.startswith("left"):
        person = make_subscriber("ada@example.org", lists=("readers" if what == "left" else "others",))
        person.subscriptions.update(status="unsubscribed")
    elif what == "erased":
        Suppression.objects.create(hash=hash_of("ada@example.org"), kind="erased")
    else:
        Suppression.objects.create(key="ada@example.org", kind="bounced")
    sound(ask(client))
    assert ("readers", "active") not in standing("ada@example.org")
    assert [notice.kind for notice in Notice.objects.all()] == ([] if what == "bounced" else ["confirm"])


def test_somebody_who_fell_silent_is_asked_and_is_alive_again(client):
    person = make_subscriber("ada@example.org", status=Subscriber.Status.DORMANT)
    ask(client)
    client.post(mailed(), headers={"Sec-Fetch-Site": "same-origin"})
    person.refresh_from_db()
    assert (person.status, standing("ada@example.org")) == ("active", [("readers", "active")])
    assert Consent.objects.filter(action="stayed").count() == 1


def test_a_form_without_a_fresh_stamp_leads_to_one_more_button(client):
    for given in ({}, {"stamp": "forged"}, {"stamp": stamp("another")}):
        page = sound(client.post(PATH, {"email": "ada@example.org", **given}))
        assert "One more click" in page.text()
        assert 'value="ada@example.org"' in page.source
    assert not Errand.objects.exists()
    fields = {one["name"]: one.get("value") for one in page.all("input")}
    client.post(PATH, {"email": fields["email"], "stamp": stamp(filled=True, ago=0.6)})
    assert Errand.objects.count() == 1


def test_the_stamp_that_a_page_carries_is_good(client, settings, make_config):
    settings.NEWSLETTER = make_config(audience={"subscribe": {"quickest": "1ms"}})
    fields = {one["name"]: one.get("value") for one in sound(client.get(LIST)).all("input") if one.get("name")}
    client.post(LIST, {**fields, "email": "ada@example.org", "website": ""})
    assert Errand.objects.count() == 1


def test_an_old_stamp_costs_one_more_click(client, monkeypatch):
    import time

    old = stamp()
    later = time.time() + timedelta(days=2).total_seconds()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert "One more click" in sound(client.post(PATH, {"email": "ada@example.org", "stamp": old})).text()


def test_what_comes_back_sooner_than_anybody_types_gets_the_usual_answer_and_no_mail(client):
    usual = sound(ask(client, "new@example.org")).text().replace("new@", "")
    hasty = sound(ask(client, "bot@example.org", stamp=stamp(ago=1))).text().replace("bot@", "")
    assert usual == hasty
    assert [notice.to for notice in Notice.objects.all()] == ["new@example.org"]


def test_a_program_that_fills_in_every_field_gets_nowhere(client):
    assert "A mail is on its way" in sound(ask(client, website="https://spam.test")).text()
    assert not Notice.objects.exists()


def test_a_form_on_another_site_is_kept_with_the_site_it_stood_on(client):
    begun = sound(client.post(LIST, {"email": "ada@example.org"}, headers=FROM_AFAR))
    given = {one["name"]: one.get("value") for one in begun.all("input") if one.get("name")}
    assert "One more click" in begun.text()
    assert read(given["stamp"], "readers").site == "https://blog.example.org"
    ask(client, "ada@example.org", LIST, stamp=stamp(site="https://blog.example.org"))
    kept = Consent.objects.get()
    assert (kept.source, kept.form) == ("embed", "https://blog.example.org")


def test_the_issue_that_led_there_is_kept_to_the_end(client):
    message = make_message(make_sent_issue())
    issue = f"weekly/{message.issue.slug}"
    for path in (f"{LIST}?from={issue}", f"{LIST}?from={token_of(message)}"):
        page = sound(client.get(path))
        assert (
            read(next(one["value"] for one in page.all("input") if one.get("name") == "stamp"), "readers").issue
            == issue
        )
    begun = client.post(PATH, {"email": "a@x.test"}, headers={"Referer": f"http://testserver/issues/{issue}/"})
    found = next(one["value"] for one in sound(begun).all("input") if one.get("name") == "stamp")
    assert read(found, "readers").issue == issue
    ask(client, path=LIST, stamp=stamp(issue=issue))
    client.post(mailed(), headers={"Sec-Fetch-Site": "same-origin"})
    person = Subscriber.objects.get(key="ada@example.org")
    assert person.subscriptions.get().issue == issue
    assert set(person.consents.values_list("issue", flat=True)) == {issue}


@pytest.mark.parametrize("led", ["weekly/2020-01-01", "x", "../..", "weekly/"])
def test_an_issue_that_never_was_leads_nobody(client, led):
    page = sound(client.get(LIST, {"from": led}))
    assert read(next(one["value"] for one in page.all("input") if one.get("name") == "stamp"), "readers").issue == ""


def test_a_mailbox_is_not_flooded(client):
    answers = [ask(client).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    assert Notice.objects.count() == 3


def test_neither_an_address_nor_a_network_is_let_ask_for_ever(client):
    def codes(*hosts):
        return [
            client.post(
                PATH, {"email": f"r{host}-{at}@x.test", "stamp": stamp()}, REMOTE_ADDR=f"203.0.113.{host}"
            ).status_code
            for at, host in enumerate(hosts)
        ]

    assert codes(*[1] * 11) == [200] * 10 + [429]
    assert codes(*range(2, 12), 12) == [200] * 10 + [429]
    assert client.post(PATH, {"email": "b@x.test", "stamp": stamp()}, REMOTE_ADDR="198.51.100.1").status_code == 200


def test_a_list_under_attack_takes_no_more_and_says_so_loudly(client, settings, make_config, caplog):
    settings.NEWSLETTER = make_config(audience={"subscribe": {"per_list": 2}})
    codes = [
        client.post(PATH, {"email": f"r{at}@x.test", "stamp": stamp()}, REMOTE_ADDR=f"203.0.{at}.1").status_code
        for at in range(3)
    ]
    assert codes == [200, 200, 429]
    loud = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "the list readers has had 2 sign-ups within an hour" in loud[0].getMessage()


def test_what_was_typed_is_not_lost_when_it_was_asked_for_too_often(client):
    for _ in range(3):
        ask(client)
    page = sound(ask(client, name="Ada"))
    assert "You can try again in" in page.text()
    assert 'value="Ada@example.org"' in page.source
    assert 'value="Ada"' in page.source


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "a@", "<b>@x.test", "a b@x.test", "x" * 400 + "@x.test", "a@x.test\nBcc: b@x.test", "süß@x.test"],
)
def test_what_is_no_address_is_asked_for_again(client, email):
    answer = ask(client, email)
    page = sound(answer)
    assert answer.status_code == 422
    assert "Please look at the address" in page.text()
    assert 'aria-invalid="true"' in page.source


def test_the_form_needs_no_cookie(client):
    client.handler.enforce_csrf_checks = True
    assert ask(client).status_code == 200
    assert Notice.objects.count() == 1


def test_with_several_lists_one_is_chosen(client, settings, make_config):
    assert client.get("/subscribe/")["Location"] == PATH
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    daily = {**weekly, "title": "The Daily", "lists": ["dailies"]}
    settings.NEWSLETTER = make_config(newsletters={"daily": daily})
    page = sound(client.get("/subscribe/"))
    assert {LIST, "/lists/dailies/"} <= set(page.hrefs())
    List.objects.create(name="dailies", public=False)
    assert "/lists/dailies/" not in sound(client.get("/subscribe/")).hrefs()


def test_there_is_no_form_for_an_unknown_newsletter(client):
    assert client.get("/subscribe/nobody/").status_code == 404
    assert client.post("/subscribe/nobody/", {"email": "ada@example.org"}).status_code == 404


def test_the_form_for_another_site_needs_nothing_of_ours(client):
    make_list("readers", title='Whales & "friends"')
    page = sound(client.get("/lists/readers/embed/"))
    copied = page.source.split("<code>")[1].split("</code>")[0]
    assert "&lt;form method=&#34;post&#34; action=&#34;http://127.0.0.1:8000/lists/readers/&#34;" in copied
    assert "script" not in copied
    assert "Whales &amp;amp; &amp;#34;friends&amp;#34;” of Test Times" in copied
    assert LIST in [form["action"].removeprefix("http://127.0.0.1:8000") for form in page.all("form")]


def test_the_form_for_another_site_speaks_the_language_of_the_list(client):
    make_list("readers", language="ar")
    page = client.get("/lists/readers/embed/").content.decode()
    assert 'lang="ar" dir="rtl"' in page
    assert "اشترك" in page


@pytest.mark.parametrize(
    ("cron", "said"),
    [("0 8 * * *", "every day"), ("0 8 * * FRI", "every Friday"), ("0 8 * * MON-FRI", "every weekday"),
     ("0 8 * * TUE,THU", "about 2 times a week"), ("0 8 1 * *", "about once a month"), (None, "now and then")],
)  # fmt: skip
def test_how_often_something_comes_is_said_in_words(cron, said, now, make_config):
    from newsletter.reader.doorstep import often
    from newsletter.render import page_words
    from newsletter.settings import current

    say = page_words(current(), "", "en")["often"]
    schedule = {"cron": cron, "time_zone": "Europe/Berlin"} if cron else None
    assert often(make_config(newsletters={"weekly": {"schedule": schedule}}), "weekly", now, say) == said


@pytest.mark.parametrize(("opens", "clicks"), [(True, True), (False, False)])
def test_the_privacy_page_says_what_is_true_here(client, settings, make_config, opens, clicks):
    settings.NEWSLETTER = make_config(track={"opens": opens, "clicks": clicks})
    text = sound(client.get("/privacy/")).text()
    assert ("Each holds an invisible picture" in text) is opens
    assert ("Links in our mails lead past this site" in text) is clicks
    assert "Signing in sets one cookie" in text
    assert "not taken, for 90 days" in text
    assert "never confirm, all of it is forgotten after 7 days" in text


def test_a_notice_of_the_publications_own_takes_its_place(client, settings, make_config):
    settings.NEWSLETTER = make_config(site={"privacy_url": "https://example.org/privacy"})
    assert "https://example.org/privacy" in sound(client.get("/")).hrefs()


def test_every_list_has_its_address(client):
    assert reverse("list", args=("readers",)) == LIST


def test_what_a_list_does_not_say_of_itself_the_newsletter_says_whose_page_it_is(client, settings, make_config):
    weekly = make_config().newsletters["weekly"].model_dump(exclude_unset=True)
    settings.NEWSLETTER = make_config(newsletters={"wochenpost": {**weekly, "title": "Wochenpost", "language": "de"}})
    page = sound(client.get("/subscribe/wochenpost/"))
    assert "Wochenpost abonnieren" in page.text()
    ask(client, path="/subscribe/wochenpost/")
    notice = Notice.objects.get()
    assert (notice.newsletter, notice.facts["language"], notice.facts["list_title"]) == (
        "wochenpost",
        "de",
        "Wochenpost",
    )
    assert "Subscribe to The Weekly" in sound(client.get(LIST)).text()
