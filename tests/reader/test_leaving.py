"""After the way out: a reason, an undo, and less rather than nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import tokens
from newsletter.models import Event, Notice
from newsletter.render import service_mail
from subscribers.joining import leave
from subscribers.models import Consent, List
from tests.factories import make_list, make_message, make_sent_issue, make_subscriber, occasion, token_of
from tests.reader.joining import sound
from tests.reader.talk import HERE, browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def maja():
    return make_subscriber("maja@example.org")


@pytest.fixture
def path(maja):
    return f"/u/{token_of(make_message(subscriber=maja))}"


def standing(person):
    return dict(person.subscriptions.values_list("list__name", "status"))


def actions(person):
    return list(person.consents.order_by("pk").values_list("action", "source"))


def test_the_pages_button_leads_back_to_the_page_which_says_it_is_done(maja, path):
    client = browser()
    answer = client.post(path, "by=page", "application/x-www-form-urlencoded")  # as browsers send it
    assert (answer.status_code, answer["Location"]) == (303, path)
    assert "You are unsubscribed" in sound(client.get(path)).text()
    assert actions(maja) == [("left", "mail")]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_one_click_is_noted_as_one_click_and_answered_at_once(client, maja, path, kind):
    body = "List-Unsubscribe=One-Click"
    if "multipart" in kind:
        body = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    assert client.post(path, body, kind).status_code == 200
    assert actions(maja) == [("left", "one_click")]


def test_what_is_posted_may_be_as_large_as_it_likes(client, maja, path):
    assert client.post(path, b"x" * 3_000_000, "application/octet-stream").status_code == 200
    assert standing(maja) == {"readers": "unsubscribed"}


def test_a_wrong_press_is_undone_by_one_more(maja, path):
    client = browser()
    client.post(path, {"by": "page"})
    assert f'action="{path}/undo"' in client.get(path).content.decode()
    answer = client.post(f"{path}/undo")
    assert (answer.status_code, answer["Location"]) == (303, f"{path}?back=1")
    assert "Welcome back" in sound(client.get(f"{path}?back=1")).text()
    assert standing(maja) == {"readers": "active"}
    assert actions(maja) == [("left", "mail"), ("returned", "mail")]


def test_only_what_this_link_has_ended_is_undone(settings, make_config):
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"lists": ["readers", "friends"]}})
    person = make_subscriber(lists=("readers", "friends"))
    leave(person, ["friends"], occasion("a year ago"))
    path = f"/u/{token_of(make_message(subscriber=person))}"
    browser().post(path, {"by": "page"})
    browser().post(f"{path}/undo")
    assert standing(person) == {"readers": "active", "friends": "unsubscribed"}


def test_what_was_asked_for_and_never_confirmed_is_not_brought_back(maja, settings, make_config):
    from subscribers.joining import ask

    settings.NEWSLETTER = make_config(newsletters={"weekly": {"lists": ["readers", "friends"]}})
    make_list("friends")
    ask(maja.email, ["friends"], occasion("asked by whoever"))
    path = f"/u/{token_of(make_message(subscriber=maja))}"
    browser().post(path, {"by": "page"})
    browser().post(f"{path}/undo")
    assert standing(maja) == {"readers": "active", "friends": "unsubscribed"}


def test_a_reason_is_kept_with_the_subscription_and_noted(maja, path):
    client = browser()
    client.post(path, {"by": "page"})
    answer = client.post(f"{path}/why", {"why": ["many", "forged"], "words": " Too \n long "})
    assert answer["Location"] == f"{path}?thanks=1"
    assert maja.subscriptions.get().reason == "It is too much mail; Too long"
    assert Consent.objects.get(action="chose").note == "said why they left: It is too much mail; Too long"
    page = sound(client.get(f"{path}?thanks=1")).text()
    assert "Thank you, that helps us." in page
    assert "May we ask why?" not in page


def test_saying_nothing_is_no_reason_and_who_has_not_left_has_none(maja, path):
    client = browser()
    client.post(f"{path}/why", {"why": "many"})
    client.post(path, {"by": "page"})
    assert client.post(f"{path}/why", {"words": "  "})["Location"] == path
    assert maja.subscriptions.get().reason == ""
    assert [action for action, _ in actions(maja)] == ["left"]


def test_a_pause_or_a_summary_instead(maja, path):
    client = browser()
    client.post(f"{path}/pause")
    client.post(f"{path}/monthly")
    maja.refresh_from_db()
    assert timedelta(weeks=4) - (maja.paused_until - timezone.now()) < timedelta(minutes=1)
    assert maja.subscriptions.get().frequency == "monthly"
    assert [action for action, _ in actions(maja)] == ["paused", "chose"]
    assert "A pause of four weeks" not in sound(client.get(path)).text()


def test_no_summary_is_offered_where_there_is_none(maja, path, settings, make_config):
    assert "Only a monthly summary" in sound(browser().get(path)).text()
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"summary": None}})
    assert "Only a monthly summary" not in sound(browser().get(path)).text()
    browser().post(f"{path}/monthly")
    assert maja.subscriptions.get().frequency == "every"


def test_who_has_left_is_neither_paused_nor_put_back_by_wanting_less(maja, path):
    client = browser()
    client.post(path, {"by": "page"})
    client.post(f"{path}/pause")
    client.post(f"{path}/monthly")
    maja.refresh_from_db()
    assert (maja.paused_until, standing(maja)) == (None, {"readers": "unsubscribed"})
    assert maja.subscriptions.get().frequency == "every"


@pytest.mark.parametrize("part", ["undo", "why", "pause", "monthly"])
def test_looking_at_a_button_s_address_or_another_site_changes_nothing(client, maja, path, part):
    leave(maja, ["readers"], occasion("the link", issue="weekly/2026-11-20"))
    before = list(maja.subscriptions.values()), maja.consents.count()
    assert client.get(f"{path}/{part}")["Location"] == path
    assert client.post(f"{path}/{part}", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert (list(maja.subscriptions.values()), maja.consents.count()) == before


@pytest.mark.parametrize("part", ["", "/undo", "/why", "/pause", "/monthly", "/nothing"])
@pytest.mark.parametrize("change", ["forged", "cut", "purpose"])
def test_a_link_that_is_not_ours_opens_no_door(client, settings, maja, path, part, change):
    token = path.removeprefix("/u/")
    other = tokens.sign(maja.pk, settings.SECRET_KEY, tokens.SUBSCRIBER)
    token = {"forged": token[:-1] + "AB"[token[-1] == "A"], "cut": token[:-3], "purpose": other}[change]
    assert client.post(f"/u/{token}{part}", headers=HERE).status_code == 404
    assert standing(maja) == {"readers": "active"}


@pytest.mark.parametrize("part", ["", "/undo", "/why", "/pause"])
def test_a_link_from_before_a_key_rotation_works_while_the_old_key_is_listed(client, settings, path, part):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "a-new-key-of-sufficient-length"
    assert client.post(f"{path}{part}", headers=HERE).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [old]
    assert client.post(f"{path}{part}", headers=HERE).status_code in (200, 303)


def test_nobody_is_written_to_for_leaving(client, path):
    client.post(path)
    assert not Notice.objects.exists()


def test_a_goodbye_is_sent_once_where_the_publication_wants_one(client, settings, make_config, maja, path):
    settings.NEWSLETTER = config = make_config(audience={"goodbye": True})
    for _ in range(2):
        client.post(path)
        browser().post(f"{path}/undo")
    notice = Notice.objects.get()
    assert (notice.kind, notice.subscriber) == ("goodbye", maja)
    assert path in service_mail("goodbye", config, "weekly", notice.facts).text
    assert Event.objects.count() == 1


def test_the_page_is_sound_in_each_of_its_states(settings, maja, path):
    client = browser()
    sound(client.get(path))
    sound(client.post(path, {}))
    sound(client.get(f"/u/{tokens.sign(make_sent_issue().pk, settings.SECRET_KEY, tokens.TEST)}"))
    maja.delete()
    page = sound(client.get(path)).text()
    assert "no longer with us" in page
    assert "May we ask" not in page


def test_a_wrong_press_is_undone_though_the_list_was_made_private_since(client, maja, path):
    client.post(path, {"by": "page"})
    List.objects.update(public=False)
    client.post(f"{path}/undo", headers={"Sec-Fetch-Site": "same-origin"})
    assert standing(maja) == {"readers": "active"}, "who was on it belongs there"
