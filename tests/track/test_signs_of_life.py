"""When people were last seen to read is kept with them: only forward, seldom, and never at a reader's cost."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from newsletter.models import Event, Message
from newsletter.track.hits import Hit
from subscribers.models import Subscriber
from tests.factories import NOW, make_event, make_link, make_message, token_of
from tests.mails import Mail, image

pytestmark = pytest.mark.django_db


@pytest.fixture
def message():
    return make_message()


def seen(message):
    return Subscriber.objects.values_list("opened_at", "clicked_at").get(pk=message.subscriber_id)


def test_an_open_and_a_click_are_remembered_with_the_person(mail, message):
    mail.open(message)
    mail.arrive()
    opened, clicked = seen(message)
    assert timezone.now() - opened < timedelta(minutes=1)
    assert clicked is None
    mail.click(message, make_link(message.issue))
    mail.arrive()
    assert timezone.now() - seen(message)[1] < timedelta(minutes=1)
    assert seen(message)[0] == opened


@pytest.mark.parametrize(("minutes", "moved"), [(59, False), (61, True), (-10, False)])
def test_once_an_hour_is_enough_and_it_never_goes_back(mail, message, minutes, moved):
    before = timezone.now() - timedelta(minutes=minutes)
    Subscriber.objects.update(opened_at=before)
    mail.open(message)
    mail.arrive()
    assert (seen(message)[0] != before) is moved
    assert Event.objects.count() == 1


def test_what_waited_long_for_the_database_counts_from_when_it_was(message):
    mail, now, other = Mail(), timezone.now(), make_message()
    for hours, one in ((30, message), (20, message), (50, other)):
        mail.gate.spool.write(Hit("open", one.pk, 0, (now - timedelta(hours=hours)).timestamp(), "GET"))
    mail.arrive()
    assert [seen(message)[0], seen(other)[0]] == [now - timedelta(hours=20), now - timedelta(hours=50)]


def test_nobody_else_is_seen_and_a_program_is_nobody(mail, message):
    other = make_message(message.issue)
    mail.head(image(token_of(message)))
    mail.arrive()
    assert seen(message) == (None, None)
    mail.open(message)
    mail.arrive()
    assert seen(message) != (None, None)
    assert seen(other) == (None, None)


def test_a_message_whose_reader_was_erased_still_leads_on(mail, message):
    Message.objects.update(subscriber=None)
    assert mail.click(message, make_link(message.issue)).status == 302
    mail.arrive()
    assert Event.objects.count() == 0


def test_what_was_opened_before_is_remembered_when_the_database_is_brought_up_to_date(message):
    later = NOW + timedelta(days=3)
    make_event(message)
    make_event(message, at=later)
    make_event(message, "click", at=NOW)
    other = make_message(message.issue)
    make_event(other, at=NOW)
    Subscriber.objects.filter(pk=other.subscriber_id).update(opened_at=later)
    make_message(message.issue)
    import_module("newsletter.migrations.0010_segments").remember(apps, None)
    assert seen(message) == (later, NOW)
    assert seen(other) == (later, None)
    assert Subscriber.objects.filter(opened_at=None, clicked_at=None).count() == 1
