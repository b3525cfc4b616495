"""What staff changed is told with what it was before; consents are read and never written at the desk."""

import re
from threading import Event

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from subscribers import importing
from subscribers.models import Bulk, Consent, Field, Import, Segment, Suppression, Tag
from tests.factories import make_list, make_staff, make_subscriber, make_suppression

pytestmark = pytest.mark.django_db
CHANGES = "/desk/admin/logentry/"


def change(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,))


def test_a_change_is_told_with_what_stood_there_before(staff):
    extra = make_list("extra", title="Old title")
    staff.post(change(extra), {"title": "<New> title", "opt_in": "single", "public": "on"})
    page = staff.get(CHANGES).content.decode()
    for part in (
        "<del>Old title</del>",
        "<ins>&lt;New&gt; title</ins>",
        "<del>double: by a button in a mail</del>",
        "ada",
    ):
        assert part in page
    assert re.search(r"<title>\s*Changes \| ", page)
    assert "log entr" not in page.lower()
    assert "Show all" not in page
    assert "Show all" in staff.get(CHANGES, {"q": "title"}).content.decode()


def test_people_tags_and_suppressions_tell_theirs_too(staff):
    ada = make_subscriber("ada@example.org", name="Ada")
    row, tag = make_suppression("gone@example.org"), Tag.objects.create(name="press")
    staff.post(change(ada), {"email": "ada@example.org", "name": "Countess", "fields": "city: London"})
    staff.post(change(row), {"reason": "dead mailbox"})
    staff.post(change(tag), {"name": "media", "title": ""})
    page = staff.get(CHANGES).content.decode()
    for part in (
        "<del>Ada</del> → <ins>Countess</ins>",
        "<ins>dead mailbox</ins>",
        "<del>press</del> → <ins>media</ins>",
    ):
        assert part in page
    assert Suppression.objects.get().reason == "dead mailbox"


def test_a_file_of_suppressions_is_told_without_the_list_that_it_has_not(staff):
    file = SimpleUploadedFile("held.csv", b"email\nheld@example.org\n")
    staff.post(f"{reverse('desk-import-new')}?kind=suppressions", {"file": file})
    staff.post(reverse("desk-import-do", args=(Import.objects.get().pk, "start")), {"as_0": "email"})
    assert LogEntry.objects.first().change_message.endswith(": started")


def test_changes_are_filtered_searched_and_exported(staff):
    extra = make_list("extra")
    staff.post(change(extra), {"title": "Extra", "opt_in": "double"})
    other = make_staff("grace")
    assert LogEntry.objects.count() == 1
    assert "Extra" not in staff.get(CHANGES, {"by": other.pk}).context["cl"].result_list
    assert len(staff.get(CHANGES, {"by": other.pk}).context["cl"].result_list) == 0
    assert len(staff.get(CHANGES, {"q": "Extra"}).context["cl"].result_list) == 1
    answer = staff.get(f"{CHANGES}export/", {"q": "Extra"})
    rows = b"".join(answer.streaming_content).decode().splitlines()
    assert "ada,changed,list,Extra" in rows[1]
    assert "Title:  → Extra" in rows[1]


def test_nothing_of_it_is_changed_or_deleted(staff):
    make_subscriber()
    staff.post(change(make_list()), {"title": "Readers", "opt_in": "double"})
    entry = LogEntry.objects.get()
    assert staff.get(change(entry)).status_code == 200
    assert staff.post(change(entry), {"change_message": "x"}).status_code == 403
    assert staff.post(reverse("admin:admin_logentry_delete", args=(entry.pk,))).status_code == 403


def test_the_log_of_consents_is_read_by_address_and_by_filter(staff, now):
    ada, other = make_subscriber("ada@example.org"), make_subscriber("other@example.org")
    for person, action in ((ada, "left"), (other, "joined")):
        Consent.objects.create(subscriber=person, list=make_list(), list_name="readers", action=action, at=now)
    address = reverse("admin:subscribers_consent_changelist")
    found = staff.get(address, {"q": "ada@example.org"})
    assert [one.action for one in found.context["cl"].result_list] == ["left"]
    assert "Unsubscribed" in found.content.decode()
    assert [one.action for one in staff.get(address, {"action__exact": "joined"}).context["cl"].result_list] == [
        "joined"
    ]
    assert staff.post(change(Consent.objects.first()), {"note": "x"}).status_code == 403


def acts_on_the_audience():
    """What staff can do to the audience on pages of our own: where it is posted to, and with what."""
    extra, press, media = make_list("extra"), Tag.objects.create(name="press"), Tag.objects.create(name="media")
    ada, bob = make_subscriber("ada@example.org", lists=("extra",)), make_subscriber("bob@example.org")
    held, city = make_suppression("held@example.org"), Field.objects.create(name="city")
    some = Segment.objects.create(name="some", title="Some", rules={"all": [{"kind": "name", "is": "set"}]})
    people = f"?people={ada.pk},{bob.pk}"
    for kind, data in {
        "add": {"list": extra.pk, "reason": "fair"}, "tag": {"tag": press.pk}, "untag": {"tag": press.pk},
        "remove": {"list": extra.pk, "reason": "?"}, "suppress": {"reason": "?"}, "lift": {"reason": "?"},
    }.items():  # fmt: skip
        yield reverse("desk-bulk-ask", args=(kind,)) + people, data
        if kind in Bulk.UNDONE_BY:
            yield reverse("desk-bulk-do", args=(Bulk.objects.latest("pk").pk, "undo")), {}
    yield reverse("desk-suppress-many"), {"addresses": "new@example.org", "reason": "asked"}
    yield f"{reverse('desk-suppressions-lift')}?rows={held.pk}", {"reason": "asked"}
    yield reverse("desk-tag-merge", args=(press.pk,)), {"into": media.pk}
    yield reverse("desk-tag-delete", args=(media.pk,)), {}
    yield reverse("desk-field", args=(city.pk,)), {"do": "kind", "kind": "number"}
    yield reverse("desk-segment-delete", args=(some.pk,)), {}
    yield reverse("desk-person-erase", args=(bob.pk,)), {"address": "bob@example.org"}
    yield reverse("desk-import-new"), {"file": SimpleUploadedFile("people.csv", b"email\ncy@example.org\n")}
    number = Import.objects.get().pk
    yield reverse("desk-import-do", args=(number, "start")), {"list": extra.pk, "basis": "fair", "merge": "fill",
                                                              "as_0": "email"}  # fmt: skip
    yield reverse("desk-import-do", args=(number, "cancel")), {}
    yield reverse("desk-import-do", args=(number, "again")), {}
    importing.carry_on(Event(), timezone.now)
    yield reverse("desk-import-do", args=(number, "undo")), {}
    importing.carry_on(Event(), timezone.now)
    yield reverse("desk-list-delete", args=(extra.pk,)), {}


def test_whatever_staff_do_to_the_audience_leaves_a_line(staff):
    for address, data in acts_on_the_audience():
        before = LogEntry.objects.count()
        answer = staff.post(address, data)
        assert answer.status_code in (302, 303), (address, answer.status_code)
        assert LogEntry.objects.count() > before, address
    assert set(LogEntry.objects.values_list("user__username", flat=True)) == {"ada"}
