"""How long what was posted is kept as it came, who may look at it, and what an erasure leaves of it."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import pipeline
from newsletter.models import Event, Payload
from subscribers.erasing import erase
from subscribers.own_data import everything
from subscribers.traces import Person
from tests.factories import make_message, make_staff, make_subscriber, occasion
from tests.track.webhooks.signing import event

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def tidy(config, settings, days):
    pipeline.tidy(pipeline.Context(config, settings.SECRET_KEY, clock=lambda: timezone.now() + days * DAY))


def test_bodies_are_dropped_after_a_week_and_rows_after_a_quarter(post, config, settings):
    post([event(make_message(), "delivered")])
    tidy(config, settings, 6)
    assert Payload.objects.get().data
    tidy(config, settings, 8)
    assert (Payload.objects.get().data, Payload.objects.get().taken) == (b"", 1)
    tidy(config, settings, 91)
    assert not Payload.objects.exists()
    assert Event.objects.exists()


def test_what_was_not_understood_is_kept_until_it_was_seen(post, config, settings, client):
    post(b"{")
    tidy(config, settings, 60)
    assert Payload.objects.get().data == b"{"
    client.force_login(make_staff())
    data = {"action": "mark_as_seen", "_selected_action": [Payload.objects.get().pk]}
    client.post("/desk/newsletter/posted/", data)
    tidy(config, settings, 8)
    assert Payload.objects.get().data == b""


def test_what_waits_is_never_dropped(post, config, settings):
    post([event(make_message(), "delivered")], understand=False)
    tidy(config, settings, 200)
    assert Payload.objects.get().data


def test_staff_see_what_was_posted_and_why_it_was_not_understood(post, client):
    post(json.dumps({"<script>alert(1)</script>": "é\u202e\ud800"}).encode())
    client.force_login(make_staff())
    listed = client.get("/desk/newsletter/posted/?standing=fault").content.decode()
    assert "this is no list of events, but an object" in listed
    page = client.get(f"/desk/newsletter/posted/{Payload.objects.get().pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_a_post_that_is_no_text_is_shown_all_the_same(client):
    Payload.keep("mailgun", b"\xff\xfe\x00" * 30_000, timezone.now())
    client.force_login(make_staff())
    page = client.get(f"/desk/newsletter/posted/{Payload.objects.get().pk}/change/").content.decode()
    assert "\\xff\\xfe" in page
    assert "only the beginning is shown" in page


def test_mail_is_not_listed_among_what_was_posted(client):
    Payload.keep("mail", b"From: postmaster@example.org\n\nno", timezone.now())
    client.force_login(make_staff())
    assert "postmaster" not in client.get("/desk/newsletter/posted/").content.decode()
    assert client.get(f"/desk/newsletter/posted/{Payload.objects.get().pk}/change/").status_code == 302


# ── erasure ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_erasure_drops_what_was_understood_and_names_the_person(post):
    person, other = make_subscriber("ada@example.org"), make_subscriber("adam@example.org")
    for one in (person, other):
        post([event(make_message(subscriber=one), "delivered", email=one.email.title())])
    erase(Person.of(person), occasion("erased"))
    bodies = sorted(row.data for row in Payload.objects.all())
    assert bodies[0] == b""
    assert b"Adam@Example.Org" in bodies[1]


def test_what_still_waits_loses_the_address_and_is_understood_afterwards(post, config):
    person, other = make_subscriber("ada@example.org"), make_message()
    message = make_message(subscriber=person)
    post([event(message, "bounce", status="5.1.1", reason="no <ADA@example.org>"), event(other, "delivered")],
         understand=False)  # fmt: skip
    erase(Person.of(person), occasion("erased"))
    assert b"ada@" not in Payload.objects.get().data.lower()
    post([])
    assert Event.objects.get().message_id == other.pk


def test_the_copy_of_somebodys_data_says_that_they_are_named(post):
    person = make_subscriber("ada@example.org")
    post([event(make_message(subscriber=person), "delivered", email="ada@example.org")])
    (told,) = everything(Person.of(person))["told_by_programs"]
    assert (told["from"], told["understood"]) == ("sendgrid", True)
