"""What staff changed is told with what it was before; consents are read and never written at the desk."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from subscribers.models import Consent, Suppression, Tag
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
