"""Files on their way in: chosen, looked over, tried out, started, watched, reported and taken back."""

from threading import Event

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from subscribers import importing
from subscribers.models import Field, Import, Subscriber, Suppression
from tests.factories import make_list, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
PEOPLE = (
    b"Name,Email,City,Born\nAda,ada@example.org,Paris,1815-12-10\nNobody,nobody,Rome,\nGrace,grace@example.org,,soon\n"
)


def uploaded(staff, data=PEOPLE, name="people.csv", query=""):
    return staff.post(reverse("desk-import-new") + query, {"file": SimpleUploadedFile(name, data)})


def started(staff, verb="start", **given):
    job = Import.objects.get()
    body = {"list": make_list("extra").pk, "basis": "old site", "tags": "From 2026", "merge": "fill", **given}
    for at, meaning in enumerate(("name", "email", "field", "field")):
        body.setdefault(f"as_{at}", meaning)
    return staff.post(reverse("desk-import-do", args=(job.pk, verb)), body)


def ran():
    importing.carry_on(Event(), timezone.now)
    return Import.objects.get()


def page(staff):
    return staff.get(reverse("desk-import", args=(Import.objects.get().pk,))).content.decode()


def test_a_file_is_looked_over_before_anything_happens(staff):
    answer = uploaded(staff)
    assert answer.status_code == 303
    shown = staff.get(answer["Location"]).content.decode()
    for part in ("people.csv", "ada@example.org", "What “Email” is", "a new field “city”"):
        assert part in shown
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("data", "name", "complaint"),
    [(b"", "empty.csv", "is empty"), (b"\xff\xd8\xff\xe0" + b"\0" * 300, "photo.csv", "photo.csv")],
)
def test_what_cannot_be_read_is_refused_where_it_was_chosen(staff, data, name, complaint):
    answer = uploaded(staff, data, name)
    assert (answer.status_code, Import.objects.count()) == (422, 0)
    assert complaint in answer.content.decode()
    assert "Choose a file first" in staff.post(reverse("desk-import-new")).content.decode()


def test_a_trial_tells_what_would_happen_and_changes_nothing(staff):
    uploaded(staff)
    started(staff, **{"try": "1", "kind_3": "date"})
    assert 'hx-trigger="every 1s"' in page(staff)
    job = ran()
    shown = page(staff)
    assert (job.dry_run, job.status, Subscriber.objects.count()) == (True, "done", 0)
    assert "This was a trial" in shown
    assert "Added to the list" in shown
    assert "nobody" in shown
    staff.post(reverse("desk-import-do", args=(job.pk, "again")))
    ran()
    assert Subscriber.objects.count() == 2


def test_the_columns_are_what_was_chosen(staff):
    uploaded(staff)
    started(staff, as_3="field", kind_3="date", as_2="skip")
    ran()
    ada = Subscriber.objects.get(key="ada@example.org")
    assert (ada.name, ada.fields) == ("Ada", {"born": "1815-12-10"})
    assert Field.objects.get(name="born").kind == "date"
    assert [tag.name for tag in ada.tags.all()] == ["from-2026"]
    assert ada.subscriptions.get().list.name == "extra"
    assert "old site" in ada.consents.get().note
    rows = b"".join(
        staff.get(reverse("desk-import-refusals", args=(Import.objects.get().pk,))).streaming_content
    ).decode()
    assert "nobody" in rows
    assert "soon" in rows


def test_what_is_missing_is_said_and_what_was_chosen_stays(staff):
    uploaded(staff)
    answer = started(staff, list="", basis="", as_2="skip")
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Say which list these people join" in shown
    assert "Say how they agreed" in shown
    assert '<option value="skip" selected>' in shown
    twice = started(staff, as_2="email")
    assert (twice.status_code, Import.objects.get().status) == (422, "uploaded")


def test_it_can_be_cancelled_gone_on_with_and_undone(staff):
    uploaded(staff)
    started(staff, tags="")
    number = Import.objects.get().pk
    staff.post(reverse("desk-import-do", args=(number, "cancel")))
    assert "It was cancelled" in page(staff)
    staff.post(reverse("desk-import-do", args=(number, "again")))
    ran()
    assert Subscriber.objects.count() == 2
    assert "See the new people" in page(staff)
    staff.post(reverse("desk-import-do", args=(number, "undo")))
    assert "It is being undone: 0 of 2 people so far" in page(staff)
    assert 'hx-trigger="every 1s"' in page(staff)
    ran()
    assert "whoever it added is off the list again" in page(staff)
    assert (Import.objects.get().status, Subscriber.objects.count()) == ("undone", 0)
    told = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert any("undone, whoever of 2 people" in one for one in told)


def test_who_was_brought_in_can_be_looked_at(staff):
    make_subscriber("before@example.org")
    uploaded(staff)
    started(staff)
    job = ran()
    found = staff.get("/desk/subscribers/subscriber/", {"made_by": job.pk}).context["cl"].result_list
    assert {one.email for one in found} == {"ada@example.org", "grace@example.org"}
    assert "people.csv" in staff.get(reverse("admin:subscribers_import_changelist")).content.decode()


def test_suppressions_come_in_by_file_too(staff):
    uploaded(staff, b"email,reason\ngone@example.org,asked\n", "gone.csv", "?kind=suppressions")
    job = Import.objects.get()
    staff.post(reverse("desk-import-do", args=(job.pk, "start")), {"as_0": "email", "as_1": "reason"})
    ran()
    assert Suppression.objects.get().key == "gone@example.org"


def test_only_who_may_add_people_brings_them_in():
    client = Client()
    client.force_login(make_staff(is_superuser=False))
    for address in ("desk-import-new",):
        assert client.get(reverse(address)).status_code == 403
    assert client.get(reverse("desk-import", args=(1,))).status_code == 403
