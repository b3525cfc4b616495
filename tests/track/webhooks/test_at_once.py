"""Several workers understand what was posted at the same time: each event counts once, and nobody waits for ever."""

import json
import random
import threading

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from newsletter.models import Event, Issue, Payload
from newsletter.models.verifying import drifts
from newsletter.track.payloads import ingest_payloads
from subscribers.erasing import erase
from subscribers.models import Consent, Subscriber, Suppression
from subscribers.traces import Person
from tests.factories import make_message, make_sent_issue, occasion
from tests.track.webhooks.signing import event

pytestmark = pytest.mark.django_db(transaction=True)


def side_by_side(*works):
    """Do these at once, each with a connection of its own; what one of them raises, the test does."""
    errors = []

    def one(work):
        close_old_connections()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is told below, by the thread that counts
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def test_the_same_events_in_many_posts_count_once(config):
    issue, chance = make_sent_issue(), random.Random(6)
    messages = [make_message(issue) for _ in range(12)]
    kinds = ("processed", "delivered", "bounce", "spamreport", "unsubscribe", "deferred")
    told = [
        event(message, kind, sg_event_id=f"{message.pk}-{kind}", status="5.1.1")
        for message in messages for kind in kinds
    ]  # fmt: skip
    for _ in range(12):
        Payload.keep("sendgrid", json.dumps(chance.sample(told, 40)).encode(), timezone.now())
    Payload.keep("sendgrid", json.dumps(told).encode(), timezone.now())
    side_by_side(*[lambda: ingest_payloads(config, timezone.now)] * 3)
    assert Payload.objects.filter(done_at=None).count() == 0
    assert not Payload.not_understood().exists()
    assert Event.objects.count() == len(told)
    assert sum(Payload.objects.values_list("taken", flat=True)) == len(told)
    assert list(drifts(Issue.objects.get())) == []
    assert Suppression.objects.count() == 12
    assert Consent.objects.filter(action="suppressed").count() == 12
    assert Consent.objects.filter(action="left").count() == 12


def test_who_is_erased_meanwhile_keeps_nobody_waiting(config):
    issue = make_sent_issue()
    messages = [make_message(issue) for _ in range(10)]
    for message in messages:
        told = [event(message, "bounce", status="5.1.1"), event(message, "unsubscribe"), event(message, "delivered")]
        Payload.keep("sendgrid", json.dumps(told).encode(), timezone.now())
    people = [Person.of(message.subscriber) for message in reversed(messages)]

    def erasing():
        for person in people:
            erase(person, occasion("erased"))

    side_by_side(erasing, lambda: ingest_payloads(config, timezone.now), lambda: ingest_payloads(config, timezone.now))
    ingest_payloads(config, timezone.now)
    assert not Subscriber.objects.exists()
    assert Payload.objects.filter(done_at=None).count() == 0
    assert not Payload.not_understood().exists()
    assert list(drifts(Issue.objects.get())) == []
