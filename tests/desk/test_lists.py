"""Lists, tags and suppressions at the desk: counts, changes, and what it takes to lose one."""

import re
from threading import Event

import pytest
from django.urls import reverse
from django.utils import timezone

from subscribers import bulk
from subscribers.models import Bulk, Consent, Import, List, Segment, Subscription, Suppression, Tag, Tagging, hash_of
from tests.desk.test_roles import signed_in
from tests.factories import make_list, make_subscriber, make_suppression

pytestmark = pytest.mark.django_db
LISTS = "/desk/subscribers/list/"
SUPPRESSIONS = "/desk/subscribers/suppression/"


def test_each_list_is_counted_by_status_in_one_go(staff, django_assert_max_num_queries):
    for name in ("one", "two", "three"):
        make_list(name)
    for status in ("active", "active", "pending", "unsubscribed"):
        make_subscriber(lists=("one",)).subscriptions.update(status=status)
    staff.get("/desk/")
    with django_assert_max_num_queries(12):
        rows = staff.get(LISTS).context["cl"].result_list
    counts = {row.name: (row.active_count, row.pending_count, row.unsubscribed_count) for row in rows}
    assert counts == {"one": (2, 1, 1), "two": (0, 0, 0), "three": (0, 0, 0)}


def test_a_list_is_described_and_its_page_leads_on(staff):
    extra = make_list("extra")
    address = reverse("admin:subscribers_list_change", args=(extra.pk,))
    staff.post(address, {"title": "Extra", "opt_in": "single", "tags": "press,  big  ones,", "language": "de"})
    extra.refresh_from_db()
    assert (extra.title, extra.opt_in, extra.public, extra.tags) == ("Extra", "single", False, ["press", "big ones"])
    assert "no newsletter names it" in staff.get(address).content.decode()
    List.objects.update(public=True)
    assert "/lists/extra/embed/" in staff.get(address).content.decode()


def test_a_list_that_config_names_is_not_deleted(staff):
    readers = make_list("readers")
    address = reverse("desk-list-delete", args=(readers.pk,))
    assert "config.yaml names it for The Weekly" in staff.get(address).content.decode()
    assert staff.post(address).status_code == 422
    assert List.objects.filter(name="readers").exists()


def test_another_is_deleted_after_saying_what_goes(staff):
    person = make_subscriber(lists=("extra",))
    extra = make_list("extra")
    address = reverse("desk-list-delete", args=(extra.pk,))
    assert "1 subscriptions, 1 of them active" in staff.get(address).content.decode()
    answer = staff.post(address)
    assert answer.status_code == 303
    assert not List.everywhere.filter(name="extra").exists()
    assert not Subscription.objects.exists()
    person.refresh_from_db()
    assert "Done: the list is gone, with 1 subscription." in staff.get(answer["Location"]).content.decode()
    assert "delete the list extra" in staff.get(reverse("admin:subscribers_bulk_changelist")).content.decode()
    assert staff.get(address).status_code == 404


def test_a_large_one_goes_in_the_background_and_cannot_be_stopped(staff, monkeypatch):
    monkeypatch.setattr("newsletter.desk.pages.bulk.AT_ONCE", 1)
    extra = make_list("extra", title="Extra")
    for _ in range(3):
        make_subscriber(lists=("extra",))
    Segment.objects.create(name="x", title="Of it", rules={"kind": "list", "of": "extra", "is": "active"})
    address = reverse("desk-list-delete", args=(extra.pk,))
    assert "cannot be used until you change them: Of it" in staff.get(address).content.decode()
    page = staff.post(address)["Location"]
    shown = staff.get(page).content.decode()
    assert "0 % done" in shown
    assert "Stop" not in shown
    act = Bulk.objects.get()
    assert staff.post(reverse("desk-bulk-do", args=(act.pk, "cancel"))).status_code == 404
    assert [row.name for row in staff.get(LISTS).context["cl"].result_list] == []
    bulk.work(timezone.now, Event())
    assert "Done: the list is gone, with 3 subscriptions." in staff.get(page).content.decode()


def test_a_list_that_something_is_at_work_on_is_not_deleted(staff):
    extra = make_list("extra")
    Import.objects.create(file_name="people.csv", list=extra, status="running")
    answer = staff.post(reverse("desk-list-delete", args=(extra.pk,)))
    assert answer.status_code == 422
    assert "The import of people.csv is running; wait until that is done." in answer.content.decode()
    assert List.objects.get() == extra


def test_a_tag_is_merged_into_another_and_nobody_has_it_twice(staff):
    both, one = make_subscriber(), make_subscriber()
    press, media = Tag.objects.create(name="press"), Tag.objects.create(name="media")
    for person, tag in ((both, press), (both, media), (one, press)):
        Tagging.objects.create(tag=tag, subscriber=person)
    assert "its 2 people" in staff.get(reverse("desk-tag-merge", args=(press.pk,))).content.decode()
    staff.post(reverse("desk-tag-merge", args=(press.pk,)), {"into": media.pk})
    assert list(Tag.objects.all()) == [media]
    assert set(media.people.all()) == {both, one}
    assert Tagging.objects.count() == 2


def test_a_tag_is_renamed_counted_and_deleted(staff):
    tag = Tag.objects.create(name="press")
    Tagging.objects.create(tag=tag, subscriber=make_subscriber())
    staff.post(reverse("admin:subscribers_tag_change", args=(tag.pk,)), {"name": "media", "title": "Media"})
    page = staff.get(reverse("admin:subscribers_tag_changelist"))
    row = page.context["cl"].result_list[0]
    assert (row.name, row.people_count) == ("media", 1)
    assert re.search(r'<a [^>]*href="[^"]*[?]tag=media">1</a>', page.content.decode())
    assert staff.get(reverse("desk-tag-delete", args=(tag.pk,))).status_code == 200
    assert Tag.objects.exists()
    staff.post(reverse("desk-tag-delete", args=(tag.pk,)))
    assert not Tag.objects.exists()
    assert not Tagging.objects.exists()


def test_many_addresses_are_pasted_and_what_cannot_be_read_comes_back(staff):
    ada = make_subscriber("ada@example.org")
    make_suppression("old@example.org")
    pasted = "Ada <ADA@example.org>; old@example.org\nnot an address\nnew@bücher.example,\n"
    answer = staff.post(reverse("desk-suppress-many"), {"addresses": pasted, "reason": "asked by letter"})
    assert answer.status_code == 422
    assert "not an address" in answer.content.decode()
    assert set(Suppression.objects.values_list("key", flat=True)) == {
        "ada@example.org", "old@example.org", "new@xn--bcher-kva.example",
    }  # fmt: skip
    assert Suppression.objects.get(key="ada@example.org").hash == hash_of("ada@example.org")
    assert Consent.objects.get(action="suppressed").subscriber == ada
    again = staff.post(reverse("desk-suppress-many"), {"addresses": "ada@example.org", "reason": "x"})
    assert again.status_code == 303
    assert Suppression.objects.count() == 3


def test_one_is_added_with_its_consent_and_only_lifted_with_a_reason(staff):
    ada = make_subscriber("ada@example.org")
    staff.post(reverse("admin:subscribers_suppression_add"), {"key": "Ada@example.org", "reason": "asked"})
    row = Suppression.objects.get()
    assert Consent.objects.get().action == "suppressed"
    asked = staff.post(SUPPRESSIONS, {"action": "lift", "_selected_action": [row.pk], "index": 0})
    assert asked.status_code == 303
    assert staff.post(asked["Location"], {"reason": ""}).status_code == 422
    assert Suppression.objects.exists()
    staff.post(asked["Location"], {"reason": "wants it again"})
    assert not Suppression.objects.exists()
    told = Consent.objects.get(action="released")
    assert (told.subscriber, told.note, told.by) == (ada, "wants it again", "ada")
    delete = reverse("admin:subscribers_suppression_delete", args=(1,))
    assert staff.get(delete).status_code in (302, 403)


def test_an_erased_address_is_shown_and_exported_as_its_hash(staff):
    hashed = hash_of("gone@example.org")
    row = Suppression.objects.create(key=None, hash=hashed, kind="erased")
    make_suppression("ada@example.org")
    page = staff.get(SUPPRESSIONS).content.decode()
    assert f"erased; kept as a hash {hashed[:8]}" in page
    rows = b"".join(staff.get(reverse("desk-suppressions-export")).streaming_content).decode().splitlines()
    assert rows[1].startswith(f",{hashed},erased,")
    assert rows[2].startswith("ada@example.org,,complained,")
    lift = f"{reverse('desk-suppressions-lift')}?rows={row.pk}"
    assert "an erased address" in staff.get(lift).content.decode()
    staff.post(lift, {"reason": "came back"})
    assert Consent.objects.get(action="released").hash == hashed


def test_counts_lead_to_people_only_for_who_may_see_them(staff):
    make_subscriber()
    people = f"{reverse('admin:subscribers_subscriber_changelist')}?list=readers"
    analyst, _ = signed_in("Analyst")
    for address in (reverse("admin:subscribers_list_changelist"),
                    reverse("admin:subscribers_list_change", args=(make_list().pk,))):  # fmt: skip
        assert people in staff.get(address).content.decode()
        assert people not in analyst.get(address).content.decode()
