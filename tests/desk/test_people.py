"""The list of people, what is done to many of them, and one person's page."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from subscribers import joining
from subscribers.models import Bulk, Consent, Field, Subscriber, Suppression, Tag, Tagging, Wording
from tests.factories import (
    make_event,
    make_list,
    make_message,
    make_sent_issue,
    make_staff,
    make_subscriber,
    make_suppression,
    occasion,
)  # fmt: skip

pytestmark = pytest.mark.django_db
PEOPLE = "/desk/subscribers/subscriber/"


def shown(staff, **query):
    return [one.email for one in staff.get(PEOPLE, query).context["cl"].result_list]


def test_a_page_shows_who_and_how_they_stand_without_a_query_for_each(staff, django_assert_max_num_queries):
    for number in range(30):
        one = make_subscriber(f"r{number}@example.org", lists=("readers", "extra"), name=f"Reader {number}")
        Tagging.objects.create(tag=Tag.objects.get_or_create(name="press")[0], subscriber=one)
    make_suppression("r3@example.org")
    staff.get("/desk/")
    with django_assert_max_num_queries(30):
        page = staff.get(PEOPLE).content.decode()
    for part in ("r3@example.org", "Reader 7", "press", "suppressed: complained", "30 people"):
        assert part in page


def test_who_has_left_is_not_called_active(staff):
    for status in ("unsubscribed", "pending"):
        make_subscriber(f"{status}@example.org").subscriptions.update(status=status)
    make_subscriber("never@example.org", lists=())
    page = staff.get(PEOPLE).content.decode()
    for part in ("unsubscribed", "not confirmed", "on no list"):
        assert re.search(rf">\s*{part}\s*</span>", page)
    assert not re.search(r">\s*active\s*</span>", page)


def test_a_person_is_on_a_list_since_they_joined_it_wherever_that_was(staff):
    ada = make_subscriber("ada@example.org")
    ada.subscriptions.update(joined_at=datetime(2017, 10, 22, 10, tzinfo=UTC))
    assert "22 Oct 2017" in staff.get(f"{PEOPLE}{ada.pk}/change/").content.decode()


def test_search_and_filters_work_together_and_a_wrong_value_is_explained(staff):
    make_subscriber("ada@example.org", language="de")
    make_subscriber("grace@example.org")
    assert shown(staff, q="example", language="de") == ["ada@example.org"]
    assert shown(staff, q="nobody") == []
    answer = staff.get(PEOPLE, {"since": "soon"})
    assert "“soon” is not a day" in answer.content.decode()


def test_the_next_page_begins_where_this_one_ends(staff):
    for number in range(60):
        make_subscriber(f"r{number}@example.org")
    first = staff.get(PEOPLE, {"q": "example"})
    assert len(first.context["cl"].result_list) == 50
    second = staff.get(PEOPLE + first.context["cl"].next_query)
    assert [one.email for one in second.context["cl"].result_list][-1] == "r0@example.org"
    assert "Newest" in second.content.decode()


def test_ticked_people_are_asked_about_and_tagged_at_once(staff):
    ada, grace = make_subscriber("ada@example.org"), make_subscriber("grace@example.org")
    asked = staff.post(PEOPLE, {"action": "tag", "_selected_action": [ada.pk], "index": 0, "select_across": 0})
    assert asked.status_code == 303
    page = staff.get(asked["Location"])
    assert "Add a tag" in page.content.decode()
    done = staff.post(asked["Location"], {"new": "At the Fair"})
    assert done.status_code == 303
    tag = Tag.objects.get()
    assert (tag.name, tag.title, list(tag.people.all())) == ("at-the-fair", "At the Fair", [ada])
    assert "1 person changed" in staff.get(done["Location"]).content.decode()
    assert not grace.tags.exists()


def test_everybody_who_matches_is_one_act_with_one_entry(staff):
    for number in range(55):
        make_subscriber(f"r{number}@example.org")
    make_subscriber("other@example.net")
    body = {"action": "suppress", "_selected_action": ["1"], "index": 0, "select_across": 1}
    asked = staff.post(f"{PEOPLE}?q=example.org", body)
    assert "55 people" in staff.get(asked["Location"]).content.decode()
    assert "required" in staff.post(asked["Location"], {"reason": ""}).content.decode()
    staff.post(asked["Location"], {"reason": "a hoax"})
    assert Suppression.objects.filter(reason="a hoax").count() == 55
    assert Consent.objects.filter(action="suppressed", by="ada").count() == 55
    entry = LogEntry.objects.get()
    assert entry.change_message == "Suppress: 55 people (search “example.org”); a hoax"


def test_adding_to_a_list_asks_how_they_agreed(staff):
    person, extra = make_subscriber("ada@example.org"), make_list("extra")
    address = f"{reverse('desk-bulk-ask', args=('add',))}?people={person.pk}"
    answer = staff.post(address, {"list": extra.pk, "reason": ""})
    assert (answer.status_code, extra.subscriptions.count()) == (422, 0)
    staff.post(address, {"list": extra.pk, "reason": "ticked the box"})
    assert extra.subscriptions.get().how == "ticked the box"


def test_an_act_is_undone_from_its_page(staff):
    person = make_subscriber()
    staff.post(f"{reverse('desk-bulk-ask', args=('tag',))}?people={person.pk}", {"new": "press"})
    act = Bulk.objects.get()
    assert "Undo" in staff.get(reverse("desk-bulk", args=(act.pk,))).content.decode()
    undone = staff.post(reverse("desk-bulk-do", args=(act.pk, "undo")))
    assert not person.tags.exists()
    twice = staff.post(reverse("desk-bulk-do", args=(act.pk, "undo")))
    assert twice["Location"] == undone["Location"]
    assert staff.get(reverse("desk-bulk-do", args=(act.pk, "undo"))).status_code == 405


def test_a_large_act_is_left_to_the_background_and_can_be_stopped(staff):
    person = make_subscriber()
    act = Bulk.objects.create(
        kind="tag",
        tag=Tag.objects.create(name="press"),
        created_at=timezone.now(),
        total=9000,
        last=person.pk,
        cursor=0,
    )
    page = staff.get(reverse("desk-bulk", args=(act.pk,))).content.decode()
    assert 'hx-trigger="every 2s"' in page
    staff.post(reverse("desk-bulk-do", args=(act.pk, "cancel")))
    act.refresh_from_db()
    assert act.status == "cancelled"


@pytest.mark.parametrize(
    ("kind", "right"), [("tag", "change_subscriber"), ("suppress", "add_suppression"), ("lift", "delete_suppression")]
)
def test_each_act_needs_its_right(kind, right):
    client, user = Client(), make_staff(is_superuser=False)
    client.force_login(user)
    address = f"{reverse('desk-bulk-ask', args=(kind,))}?people=1"
    assert (client.get(address).status_code, client.post(address).status_code) == (403, 403)
    user.user_permissions.add(Permission.objects.get(codename=right))
    assert client.get(address).status_code == 200


def change(one):
    return reverse("admin:subscribers_subscriber_change", args=(one.pk,))


def test_a_person_is_told_whether_they_would_get_the_next_issue_and_why_not(staff):
    ada = make_subscriber("ada@example.org")
    assert ">yes<" in "".join(staff.get(change(ada)).content.decode().split())
    make_suppression("ada@example.org")
    page = staff.get(change(ada)).content.decode()
    assert "Nothing is sent, whatever the lists say" in page
    assert "Lift suppression" in page
    Suppression.objects.all().delete()
    ada.subscriptions.update(status="unsubscribed")
    assert "not on any of its lists" in staff.get(change(ada)).content.decode()
    Subscriber.objects.update(paused_until=timezone.now() + timedelta(days=3))
    ada.subscriptions.update(status="active")
    assert "paused by the reader" in staff.get(change(ada)).content.decode()


def test_what_happened_is_told_with_the_words_they_saw(staff):
    make_list("extra", title="Extra")
    wording = Wording.keep("We write on <Fridays>.")
    ada = joining.join("ada@example.org", "Ada", ["extra"], occasion("pressed it", wording=wording, network="10.0.0.0"))
    make_event(make_message(make_sent_issue(), ada), "click")
    page = staff.get(change(ada)).content.decode()
    for part in ("Confirmed by mail", "pressed it", "We write on &lt;Fridays&gt;.", f"version {wording.pk}", "10.0.0.0",
                 "weekly/2026-11-20", "clicked", "subscribe page"):  # fmt: skip
        assert part in page


def person_form(**given):
    return {"email": "ada@example.org", "name": "", "language": "", "time_zone": "", "fields": "", **given}


def test_declared_fields_are_typed_and_the_others_stay_lines(staff):
    Field.objects.create(name="born", kind="date")
    Field.objects.create(name="member", kind="yes_no", title="Member?")
    ada = make_subscriber("ada@example.org", fields={"born": "1815-12-10", "city": "London", "member": False})
    page = staff.get(change(ada)).content.decode()
    for part in ('value="1815-12-10"', "city: London", "Member?"):
        assert part in page
    refused = staff.post(change(ada), person_form(field_born="31.2.1815"))
    assert "is not a day of the calendar" in refused.content.decode()
    staff.post(change(ada), person_form(field_born="10.12.1815", field_member="yes", fields="city: Paris"))
    ada.refresh_from_db()
    assert ada.fields == {"born": "1815-12-10", "member": True, "city": "Paris"}


def test_tags_and_zone_are_changed_on_the_form(staff):
    ada, tag = make_subscriber("ada@example.org"), Tag.objects.create(name="press")
    assert "is not a time zone" in staff.post(change(ada), person_form(time_zone="Berlin")).content.decode()
    staff.post(change(ada), person_form(time_zone="Europe/Berlin", tagged=[tag.pk]))
    ada.refresh_from_db()
    assert (ada.time_zone, list(ada.tags.all())) == ("Europe/Berlin", [tag])
    staff.post(change(ada), person_form())
    assert not ada.tags.exists()


def test_a_new_person_joins_lists_with_a_word_on_how_they_agreed(staff):
    readers = make_list()
    add = reverse("admin:subscribers_subscriber_add")
    body = {"email": " Maja@BÜCHER.example ", "name": "Maja", "lists": [readers.pk], "basis": ""}
    assert "Say how they agreed" in staff.post(add, body).content.decode()
    staff.post(add, {**body, "basis": "asked on the phone"})
    maja = Subscriber.objects.get()
    assert (maja.key, maja.name) == ("maja@xn--bcher-kva.example", "Maja")
    told = maja.consents.get()
    assert (maja.subscriptions.get().status, told.action, told.note, told.by) == (
        "active", "added", "asked on the phone", "ada",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "complaint"), [("maja@", "must be something after the @"), ("MAJA@example.org", "is here already")]
)
def test_an_address_that_is_none_or_taken_is_refused_in_words(staff, typed, complaint):
    make_subscriber("maja@example.org")
    answer = staff.post(reverse("admin:subscribers_subscriber_add"), {"email": typed})
    assert complaint in answer.content.decode()
    assert Subscriber.objects.count() == 1


def test_who_is_deleted_is_asked_about_and_erased(staff):
    ada = make_subscriber()
    answer = staff.post(reverse("admin:subscribers_subscriber_delete", args=(ada.pk,)), {"post": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("desk-person-erase", args=(ada.pk,)))
    assert Subscriber.objects.exists()


def test_people_are_exported_as_they_were_found_and_no_cell_is_a_formula(staff):
    make_subscriber("ada@example.org", name="=cmd()", fields={"city": "Paris"})
    make_subscriber("grace@example.net")
    Field.objects.create(name="city")
    answer = staff.get(reverse("desk-people-export"), {"q": "example.org"})
    (row,) = csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines())
    assert (row["email"], row["name"], row["city"], row["lists"]) == ("ada@example.org", "'=cmd()", "Paris", "readers")


def test_hygiene_counts_and_leads_to_the_people(staff):
    make_subscriber("info@example.org", flag="role")
    make_subscriber("gone@example.org", status="dormant")
    page = staff.get(reverse("desk-hygiene")).content.decode()
    assert f"{PEOPLE}?flag=role" in page
    assert shown(staff, flag="role") == ["info@example.org"]
    assert shown(staff, standing="dormant") == ["gone@example.org"]
