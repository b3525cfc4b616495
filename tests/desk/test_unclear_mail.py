"""Mail that could not be understood waits for staff: with the reason, as it came, and harmless to look at."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from newsletter.desk.navigation import sidebar
from newsletter.models import Payload
from newsletter.track import mail
from newsletter.track.mail.keeping import keep
from newsletter.track.payloads import understand
from tests.factories import NOW, make_staff
from tests.track.mail import samples

pytestmark = pytest.mark.django_db
LIST = "/desk/newsletter/payload/"
HARM = b"<script>alert(1)</script><img src=https://tracker.example/x.gif>\x1b[31m\x00 \xff"


@pytest.fixture
def unclear(config):
    """A bounce of which nothing says whose it is."""
    data = samples.postfix("bounces@in.example.org").replace(b"I'm sorry", HARM)
    row = keep(data.replace(b"Subject: ", b"Subject: <b>Bold</b> "), NOW, 10_000)
    assert Payload.see_to(lambda one: understand(one, config, NOW), NOW)
    row.refresh_from_db()
    assert row.fault
    return row


def text(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def with_rights(name, *rights):
    """A browser of a member of staff who may do only this."""
    user = make_staff(name, is_superuser=False)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def waiting(client):
    """The sidebar's item, as a page is given it."""
    request = client.get("/desk/").wsgi_request
    return next(one for group in sidebar(request) for one in group["items"] if one["title"] == "Unclear mail")


def page_of(row):
    return reverse("admin:newsletter_payload_change", args=(row.pk,))


def done(row):
    return {"action": "mark_as_done", "_selected_action": [row.pk]}


def test_it_is_listed_with_the_reason_and_counted_on_the_sidebar(staff, unclear):
    found = text(staff, LIST)
    assert "nothing in it that we signed says which message it is about" in found
    assert "MAILER-DAEMON@mx.example.net" in found
    assert "&lt;b&gt;Bold&lt;/b&gt; Undelivered" in found
    assert "Nobody was suppressed" in found
    assert {"title": "Unclear mail", "badge": 1}.items() <= waiting(staff).items()
    mail.settle(Payload.objects.all())
    assert "badge" not in waiting(staff)


def test_list_and_page_are_called_what_the_sidebar_calls_them(staff, unclear):
    for address in (LIST, page_of(unclear)):
        found = text(staff, address)
        assert found.count("Unclear mail") >= 2
        assert "Payloads" not in found
    assert "mail, 20 Nov 2026, " in text(staff, page_of(unclear))


def test_where_nothing_waits_that_is_said(staff):
    assert "Nothing waits." in text(staff, LIST)


def test_what_was_understood_is_shown_only_if_asked_for(staff, unclear):
    Payload.objects.update(fault="")
    Payload.objects.create(source="sendgrid", received_at=NOW, body=b"", fault="not JSON")
    assert "MAILER-DAEMON" not in text(staff, LIST)
    found = text(staff, f"{LIST}?which=all")
    assert "MAILER-DAEMON" in found
    assert "not JSON" not in found


def test_it_is_shown_as_it_came_and_draws_nothing(staff, unclear):
    found = text(staff, page_of(unclear))
    assert "Final-Recipient: rfc822; maja@example.org" in found
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=" in found
    assert "<script>alert(1)" not in found
    assert "<img src=https://tracker" not in found
    assert not {"\x1b", "\0"} & set(found)


def test_of_a_large_one_the_beginning_is_shown(staff, unclear):
    large = keep(b"From: x@example.org\r\n\r\n" + b"x" * 1_000_000, NOW, 2_000_000)
    found = text(staff, page_of(large))
    assert "only the beginning is shown" in found
    assert len(found) < 200_000


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"From: =?x?q?\r\nSubject: \xff\xfe", b"(" * 50_000])
def test_however_broken_it_is_its_page_opens(staff, data):
    row = keep(data, NOW, 100_000)
    Payload.objects.update(fault="broken")
    for address in (LIST, page_of(row)):
        assert staff.get(address).status_code == 200


def test_marking_it_as_done_takes_it_off_the_list_and_is_remembered(staff, unclear):
    assert "1 mail is done with" in staff.post(LIST, done(unclear), follow=True).content.decode()
    assert "MAILER-DAEMON" not in text(staff, LIST)
    unclear.refresh_from_db()
    assert (unclear.fault, bool(unclear.data)) == ("", True)
    assert LogEntry.objects.get().change_message.startswith("done with: nothing in it that we signed")


def test_only_who_may_change_mail_marks_it_as_done(unclear):
    looking = with_rights("ben", "view_payload")
    assert looking.get(page_of(unclear)).status_code == 200
    looking.post(LIST, done(unclear))
    unclear.refresh_from_db()
    assert unclear.fault
    with_rights("cem", "view_payload", "change_payload").post(LIST, done(unclear))
    unclear.refresh_from_db()
    assert unclear.fault == ""


def test_its_own_page_has_the_button_for_who_may_press_it(unclear):
    may, looks = with_rights("cem", "view_payload", "change_payload"), with_rights("ben", "view_payload")
    assert "Mark as done" not in text(looks, page_of(unclear))
    page = text(may, page_of(unclear))
    assert "Not understood: nothing in it that we signed" in page
    form = page[: page.index("Mark as done")].rpartition("<form")[2]
    assert f'action="{LIST}"' in form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    may.post(LIST, fields)
    unclear.refresh_from_db()
    assert unclear.fault == ""
    assert "Mark as done" not in text(may, page_of(unclear))


def test_nothing_can_be_added_changed_or_deleted(staff, unclear):
    assert staff.post(page_of(unclear), {"fault": ""}).status_code == 403
    assert staff.get(f"{LIST}add/").status_code == 403
    assert staff.post(f"/desk/newsletter/payload/{unclear.pk}/delete/").status_code == 403
    assert Payload.objects.get().fault


def test_it_is_looked_at_again_once_what_was_in_the_way_is_mended(staff, unclear):
    assert "Look at it again" in text(staff, page_of(unclear))
    answer = staff.post(LIST, {"action": "look_again", "_selected_action": [unclear.pk]}, follow=True)
    assert "1 will be looked at again" in answer.content.decode()
    unclear.refresh_from_db()
    assert (unclear.fault, unclear.done_at) == ("", None)
    assert Payload.see_to(lambda one: 3, NOW)
    unclear.refresh_from_db()
    assert (unclear.fault, unclear.events, unclear.done_at) == ("", 3, NOW)


def test_what_was_understood_or_is_gone_is_not_looked_at_again(staff, unclear):
    Payload.objects.update(body=b"")
    assert "Look at it again" not in text(staff, page_of(unclear))
    answer = staff.post(LIST, {"action": "look_again", "_selected_action": [unclear.pk]}, follow=True)
    assert "There is nothing to look at again" in answer.content.decode()
    unclear.refresh_from_db()
    assert unclear.fault
