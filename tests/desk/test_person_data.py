"""Answering a data-protection request at the desk: a copy, and an erasure that asks before it acts."""

import io
import json
import re
import zipfile

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from newsletter.desk.pages.person_data import MAY_COPY, MAY_ERASE
from newsletter.models import Notice, Reply
from subscribers.models import Consent, Import, Subscriber, Suppression, Upload
from tests.factories import make_message, make_notice, make_reply, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
LIST = reverse("admin:subscribers_subscriber_changelist")


@pytest.fixture
def maja():
    person = make_subscriber("maja@example.org", name="Maja Zedd")
    make_message(subscriber=person)
    make_notice(subscriber=person)
    return person


def data(person):
    return reverse("desk-person-data", args=(person.pk,))


def erasing(person):
    return reverse("desk-person-erase", args=(person.pk,))


def signed_in(*rights):
    user = make_staff("eve", is_superuser=False)
    for right in rights:
        app, codename = right.split(".")
        user.user_permissions.add(Permission.objects.get(codename=codename, content_type__app_label=app))
    client = Client()
    client.force_login(user)
    return client


def shown(answer):
    return answer.content.decode()


def test_the_copy_is_downloaded_and_both_histories_say_so(staff, maja):
    page = shown(staff.get(data(maja)))
    assert "Download the copy" in page
    assert not Consent.objects.exists(), "looking changes nothing"
    answer = staff.post(data(maja))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "no-store" in answer["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("your-data.json"))["address"] == "maja@example.org"
    noted = Consent.objects.get()
    assert (noted.action, noted.by, noted.source, noted.subscriber) == ("exported", "ada", "desk", maja)
    assert LogEntry.objects.get().change_message == "took a copy of their data"


def test_erasing_shows_what_would_go_and_does_nothing_yet(staff, maja):
    page = shown(staff.get(erasing(maja)))
    for words in ("Erase maja@example.org for good?", "Messages", "Service mails", "Type the person’s address"):
        assert words in page, words
    assert Subscriber.objects.exists()


def test_typing_the_address_erases_and_the_history_does_not_name_it(staff, maja):
    answer = staff.post(erasing(maja), {"address": " MAJA@example.org "}, follow=True)
    assert answer.redirect_chain == [(LIST, 303)]
    assert "The person is erased." in shown(answer)
    assert not Subscriber.objects.exists()
    assert (Notice.objects.count(), Suppression.held(["maja@example.org"])) == (0, {"maja@example.org": "erased"})
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message, entry.user.username) == (
        "an erased person", "erased a person", "ada",
    )  # fmt: skip
    assert Consent.objects.get(action="erased").by == "ada"


@pytest.mark.parametrize("typed", ["", "maja@example.com", "yes", "maja"])
def test_any_other_address_erases_nobody(staff, maja, typed):
    answer = staff.post(erasing(maja), {"address": typed})
    assert answer.status_code == 422
    assert f'value="{typed}"' in shown(answer) or not typed
    assert Subscriber.objects.exists()


@pytest.mark.parametrize(("form", "left"), [({}, 0), ({"keep": "on"}, 1)])
def test_replies_are_left_only_at_the_persons_wish(staff, maja, form, left):
    make_reply(subscriber=maja, author_name="Maja Zedd")
    assert 'name="keep"' in shown(staff.get(erasing(maja)))
    staff.post(erasing(maja), {"address": "maja@example.org", **form})
    assert list(Reply.objects.values_list("author_name", flat=True)) == [""] * left


def test_nobody_is_asked_about_replies_that_are_not_there(staff, maja):
    assert 'name="keep"' not in shown(staff.get(erasing(maja)))


def test_a_file_that_waits_is_named(staff, maja):
    Upload.objects.create(of=Import.objects.create(file_name="people.csv", status="ready"), number=1, data=b"x")
    answer = staff.post(erasing(maja), {"address": "maja@example.org"}, follow=True)
    assert "people.csv" in shown(answer)


@pytest.mark.parametrize("left_out", MAY_COPY)
def test_the_copy_takes_every_right_to_what_is_in_it(maja, left_out):
    client = signed_in(*(right for right in MAY_COPY if right != left_out))
    assert (client.get(data(maja)).status_code, client.post(data(maja)).status_code) == (403, 403)
    assert not Consent.objects.exists()


@pytest.mark.parametrize("left_out", MAY_ERASE)
def test_erasing_takes_the_right_to_delete(maja, left_out):
    client = signed_in(*(right for right in MAY_ERASE if right != left_out))
    form = {"address": "maja@example.org"}
    assert (client.get(erasing(maja)).status_code, client.post(erasing(maja), form).status_code) == (403, 403)
    assert Subscriber.objects.exists()


def test_each_right_is_enough_for_its_own_page(maja):
    client = signed_in(*MAY_COPY)
    assert client.post(data(maja)).status_code == 200
    assert erasing(maja) not in shown(client.get(data(maja)))


def test_strangers_are_sent_to_sign_in(client, maja):
    for path in (data(maja), erasing(maja)):
        assert client.get(path)["Location"] == f"/desk/login/?next={path}"


def test_a_person_who_is_not_there_is_not_found(staff):
    assert [staff.get(reverse(name, args=(7,))).status_code for name in ("desk-person-data", "desk-person-erase")] == [
        404, 404,
    ]  # fmt: skip


def test_without_djangos_own_token_nothing_is_done(maja):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff())
    assert client.post(erasing(maja), {"address": "maja@example.org"}).status_code == 403
    assert client.post(data(maja)).status_code == 403


def test_the_form_of_a_person_leads_there(staff, maja):
    form = reverse("admin:subscribers_subscriber_change", args=(maja.pk,))
    page = shown(staff.get(form))
    assert "Their data" in page
    there = re.search(r'href="([^"]+/see-data/?)"', page)[1]
    assert staff.get(there)["Location"] == data(maja)
    assert staff.get(there.replace(f"/{maja.pk}/", "/x/"))["Location"] == reverse("desk-person-data", args=(0,))


@pytest.mark.parametrize("number", ["1", "x", "9" * 30])
def test_djangos_own_page_for_deleting_leads_to_ours(staff, number):
    answer = staff.get(f"{LIST}{number}/delete/")
    wanted = int(number) if number == "1" else 0
    assert (answer.status_code, answer["Location"]) == (302, reverse("desk-person-erase", args=(wanted,)))


def test_deleting_several_in_the_list_erases_each(staff, maja):
    other, stays = make_subscriber("bea@example.org", name="Bea"), make_subscriber("cy@example.org")
    form = {"action": "delete_selected", "_selected_action": [maja.pk, other.pk]}
    asked = shown(staff.post(LIST, form))
    assert "maja@example.org" in asked
    assert "permission" not in asked
    staff.post(LIST, {**form, "post": "yes"}, follow=True)
    assert Subscriber.objects.get() == stays
    assert Suppression.held(["maja@example.org", "bea@example.org"]) == {
        "maja@example.org": "erased", "bea@example.org": "erased",
    }  # fmt: skip
    said = "".join(f"{one.object_repr} {one.change_message}" for one in LogEntry.objects.all())
    assert "example.org" not in said
    assert "erased a person" in said


def test_who_may_not_delete_is_not_offered_to(maja):
    client = signed_in("subscribers.view_subscriber", "subscribers.change_subscriber")
    assert "delete_selected" not in shown(client.get(LIST))
    client.post(LIST, {"action": "delete_selected", "_selected_action": [maja.pk], "post": "yes"})
    assert Subscriber.objects.exists()
