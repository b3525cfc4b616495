"""A reader's preferences: what the link in a mail may change, and what only somebody signed in may."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from newsletter import tokens
from newsletter.models import Issue
from newsletter.reader.choices import zone_of
from subscribers.joining import ask, join, leave
from subscribers.models import Field, List, Subscription
from tests.factories import make_list, make_message, make_sent_issue, make_subscriber, occasion, token_of
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


def test_who_is_signed_in_says_whether_their_reading_is_kept(ada):
    me = browser(ada)
    for given, kept in (("yes", True), ("yes", True), (None, False)):
        wish = {"untracked": given} if given else {}
        me.post("/preferences/", {"list": ["readers"], "name": "Ada Lovelace", **wish}, headers=OURS)
        ada.refresh_from_db()
        assert ada.untracked is kept
        (box,) = [one for one in page_of(me.get("/preferences/")).all("input") if one["name"] == "untracked"]
        assert ("checked" in box) is kept
    assert [note for _, note in notes(ada)] == [
        "not to be known by what they open and follow", "may be known by what they open and follow",
    ]  # fmt: skip


def test_a_link_that_may_be_forwarded_changes_nothing_about_it(client, ada):
    client.post(link_of(ada), {"list": ["readers"], "untracked": "yes"}, headers=OURS)
    ada.refresh_from_db()
    assert not ada.untracked
    ada.untracked = True
    ada.save()
    client.post(link_of(ada), {"list": ["readers"]}, headers=OURS)
    ada.refresh_from_db()
    assert ada.untracked


def test_it_is_not_asked_where_nobodys_reading_is_kept(settings, make_config, ada):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"track": "aggregate"}})
    ada.untracked = True
    ada.save()
    me = browser(ada)
    assert "untracked" not in me.get("/preferences/").content.decode()
    me.post("/preferences/", {"list": ["readers"]}, headers=OURS)
    ada.refresh_from_db()
    assert ada.untracked, "what they said before still counts"


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


@pytest.fixture
def topics(settings, make_config):
    """A weekly with two sections that may be left out."""
    sections = [{"title": "Around the world", "tags": ["world"]}, {"title": "Science desk", "tags": ["science"]}]
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"topics": True, "sections": sections, "other": None}})


def save(client, path="/preferences/", **fields):
    return client.post(path, {"list": "readers", "name": "Ada Lovelace", **fields}, headers=OURS)


def notes(person):
    return list(person.consents.order_by("pk").values_list("action", "note"))


def test_how_much_of_a_list_comes_is_chosen(ada):
    me = browser(ada)
    save(me, **{"frequency-readers": "monthly"})
    assert ada.subscriptions.get(list__name="readers").frequency == "monthly"
    save(me, **{"frequency-readers": "hourly"})
    assert notes(ada) == [("chose", "a monthly summary")]
    page = page_of(me.get("/preferences/"))
    ticked = [one["value"] for one in page.all("input") if one["type"] == "radio" and "checked" in one]
    assert "monthly" in ticked


def test_topics_are_left_out_and_come_back(ada, topics):
    me = browser(ada)
    page = page_of(me.get("/preferences/"))
    boxes = {one["value"]: "checked" in one for one in page.all("input") if one["name"] == "topic-readers"}
    assert boxes == {"around_the_world": True, "science_desk": True}
    save(me, topics="readers", **{"topic-readers": ["around_the_world"]})
    assert ada.subscriptions.get(list__name="readers").without == ["science_desk"]
    assert notes(ada) == [("chose", "without science_desk")]
    save(me, topics="readers", **{"topic-readers": ["around_the_world", "science_desk", "forged"]})
    assert ada.subscriptions.get(list__name="readers").without == []


def test_topics_are_left_alone_by_a_page_that_did_not_show_them(client, ada, topics):
    ada.subscriptions.update(without=["science_desk", "of_another_time"])
    assert "Science desk" not in page_of(client.get(link_of(ada))).source
    client.post(link_of(ada), {"list": "readers", "topics": "readers"}, headers=OURS)
    save(browser(ada))
    save(browser(ada), topics="readers", **{"topic-readers": ["around_the_world", "science_desk"]})
    assert ada.subscriptions.get(list__name="readers").without == ["of_another_time"]


def test_a_name_a_language_and_a_time_zone_are_kept_and_noted_once(ada, settings, make_config):
    List.objects.filter(name="dailies").update(language="de")
    me = browser(ada)
    assert {"en", "de"} <= {one["value"] for one in page_of(me.get("/preferences/")).all("option")}
    for _ in range(2):
        save(me, name="Ada L.", language="de", time_zone="berlin")
    ada.refresh_from_db()
    assert (ada.name, ada.language, ada.time_zone) == ("Ada L.", "de", "Europe/Berlin")
    assert notes(ada) == [("chose", "changed their name, language, time zone")]


def test_a_language_that_nothing_speaks_is_not_kept(ada):
    List.objects.filter(name="dailies").update(language="de")
    save(browser(ada), language="xx")
    ada.refresh_from_db()
    assert ada.language == ""


def test_a_time_zone_that_is_none_is_said_and_nothing_typed_is_lost(ada):
    answer = save(
        browser(ada), list=["dailies"], name="Ada L.", time_zone="Atlantis", **{"frequency-dailies": "monthly"}
    )
    page = page_of(answer)
    assert answer.status_code == 422
    assert "We know no time zone “Atlantis”" in page.text()
    inputs = page.all("input")
    assert {"Ada L.", "Atlantis"} <= {one.get("value") for one in inputs}
    assert [one["value"] for one in inputs if one["name"] == "list" and "checked" in one] == ["dailies"]
    ada.refresh_from_db()
    assert (ada.name, standing(ada)) == ("Ada Lovelace", {"readers": "active"})


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Europe/Berlin", "Europe/Berlin"), (" new york ", "America/New_York"), ("utc", "UTC"), ("", "")],
)
def test_a_time_zone_may_be_typed_as_a_city(typed, meant):
    assert zone_of(typed) == meant


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_pause_begins_and_ends_by_a_button(ada, signed_in):
    me, path = (browser(ada), "/preferences/") if signed_in else (browser(), link_of(ada))
    me.post(path, {"do": "pause", "weeks": "8"})
    ada.refresh_from_db()
    assert timedelta(weeks=8) - (ada.paused_until - timezone.now()) < timedelta(minutes=1)
    assert "Nothing comes before" in page_of(me.get(f"{path}?saved=1")).text()
    assert standing(ada) == {"readers": "active"}
    for _ in range(2):
        me.post(path, {"do": "resume"})
    ada.refresh_from_db()
    assert ada.paused_until is None
    assert [action for action, _ in notes(ada)] == ["paused", "resumed"]


@pytest.mark.parametrize("weeks", ["", "0", "-1", "5200", "x"])
def test_a_pause_of_another_length_is_none(ada, weeks):
    assert browser(ada).post("/preferences/", {"do": "pause", "weeks": weeks}).status_code == 303
    ada.refresh_from_db()
    assert ada.paused_until is None


def test_with_nothing_ticked_the_page_says_that_no_mail_comes(client, ada):
    path = link_of(ada)
    client.post(path, {}, headers=OURS)
    page = page_of(client.get(f"{path}?saved=1"))
    assert "no mail will come from us" in page.text()
    assert "A pause" not in page.text()


def test_who_is_signed_in_sees_what_is_known_of_them_and_a_link_shows_none_of_it(client, ada):
    ada.fields = {"city": "Ulm", "member": True}
    ada.save()
    Field.objects.create(name="city", title="Home town")
    page = page_of(browser(ada).get("/preferences/")).text()
    assert "Home town" in page
    assert "Ulm" in page
    assert "Ulm" not in client.get(link_of(ada)).content.decode()


def test_a_private_list_is_offered_only_to_who_is_or_was_on_it(ada):
    List.objects.filter(name="dailies").update(public=False)
    boxes = [one["value"] for one in page_of(browser(ada).get("/preferences/")).all("input") if one["name"] == "list"]
    assert boxes == ["readers"]
    save(browser(ada), list=["readers", "dailies"])
    assert standing(ada) == {"readers": "active"}
    join(ada.email, "", ["dailies"], occasion())
    leave(ada, ["dailies"], occasion())
    save(browser(ada), list=["readers", "dailies"])
    assert standing(ada) == {"readers": "active", "dailies": "active"}


def test_what_was_asked_for_and_never_confirmed_is_not_for_the_holder_of_a_link(client, ada):
    ask(ada.email, ["dailies"], occasion("asked by whoever"))
    path = link_of(ada)
    assert "dailies" not in client.get(path).content.decode()
    client.post(path, {"list": ["readers", "dailies"]}, headers=OURS)
    assert standing(ada) == {"readers": "active", "dailies": "pending"}
    save(browser(ada), list=["readers", "dailies"])
    assert standing(ada) == {"readers": "active", "dailies": "active"}


def test_who_was_forwarded_a_mail_is_shown_where_to_subscribe(client, ada):
    message = make_message(make_sent_issue(), ada)
    hrefs = page_of(client.get(f"/p/{token_of(message)}")).hrefs()
    assert f"/subscribe/weekly/?from=weekly/{message.issue.slug}" in hrefs


def test_a_link_from_before_a_key_rotation_works_while_the_old_key_is_listed(client, settings, ada):
    own = f"/p/{tokens.sign(ada.pk, settings.SECRET_KEY, tokens.SUBSCRIBER)}"
    paths, old = (link_of(ada), own), settings.SECRET_KEY
    settings.SECRET_KEY = "a-new-key-of-sufficient-length"
    assert {client.get(path).status_code for path in paths} == {404}
    settings.SECRET_KEY_FALLBACKS = [old]
    assert {client.get(path).status_code for path in paths} == {200}


@pytest.mark.parametrize("purpose", [tokens.REPLY, tokens.THREAD, tokens.SIGN_IN])
def test_a_link_for_another_purpose_is_not_there(client, settings, ada, purpose):
    assert client.post(f"/p/{tokens.sign(ada.pk, settings.SECRET_KEY, purpose)}", headers=OURS).status_code == 404
    assert standing(ada) == {"readers": "active"}


@pytest.mark.parametrize("token", ["x", "A" * 27, ""])
def test_a_forged_link_is_not_there(client, token):
    assert client.get(f"/p/{token}").status_code == 404


def test_somebody_erased_has_no_page(client, ada):
    path = link_of(ada)
    Subscription.objects.all().delete()
    ada.delete()
    assert client.get(path).status_code == 404
