"""Erasing somebody: from every table and column there is."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test.utils import isolate_apps

from subscribers.erasing import erase
from subscribers.models import (
    Consent,
    Import,
    Refusal,
    Segment,
    Subscriber,
    Suppression,
    hash_of,
)
from subscribers.own_data import KEPT, everything
from subscribers.traces import Person
from tests.factories import (
    make_message,
    make_notice,
    make_reply,
    make_staff,
    make_subscriber,
    occasion,
)
from tests.subscribers.everywhere import KEY, NAME, TYPED, filled_everywhere, traces, undeclared

pytestmark = pytest.mark.django_db


def test_every_table_says_what_it_keeps_of_people():
    assert undeclared(apps.get_models(include_auto_created=True)) == []


@isolate_apps("newsletter")
def test_a_new_table_that_says_nothing_is_noticed():
    class Diary(models.Model):
        said = models.TextField()

        class Meta:
            app_label = "newsletter"

    assert undeclared([Diary]) == ["newsletter.Diary"]


@pytest.mark.parametrize("keep", [(), ("replies",)])
def test_nothing_is_left_in_any_table_but_the_fingerprints(now, keep):
    person = filled_everywhere()
    before = traces(KEY)
    assert len(before) > 45, "the address stood in every text of every table"
    found = erase(Person.of(person), occasion("erased", now), keep)
    assert set(found) == {table.title for table in KEPT.values() if table.title}
    assert traces(KEY, KEY.replace("@", "%40"), NAME, NAME.split()[0]) == {}
    assert set(traces(hash_of(KEY))) == {"subscribers_consent.hash", "subscribers_suppression.hash"}


def test_an_address_and_a_name_of_other_scripts_leave_no_trace_either(now):
    person = make_subscriber("zoë+x@bücher.example", name="Zoë O’Neil & Söhne")
    Consent.note_all("asked", occasion("zoë+x@bücher.example asked; again xn--bcher-kva"), [person.pk])
    entry = LogEntry.objects.create(
        user=make_staff(), object_id="1", action_flag=CHANGE, object_repr=str(person),
        content_type=ContentType.objects.get_for_model(Subscriber),
        change_message=json.dumps([{"changed": {"object": str(person)}}]),
    )  # fmt: skip
    make_notice(subscriber=person, facts={"words": f"for {person.email}"})
    Segment.objects.create(name="some", title="Some", rules={"rules": [{"value": person.key}, {"value": person.email}]})
    erase(Person.of(person), occasion("erased", now))
    assert traces("zoë+x", "zo\\u00eb", "zoë", "Neil") == {}
    assert json.loads(LogEntry.objects.get(pk=entry.pk).change_message)[0]["changed"]["object"] != ""


def test_the_history_forgets_former_names_and_what_was_said_of_rows_that_are_gone(now):
    person, staff = make_subscriber(TYPED, name=NAME), make_staff()
    reply, other = make_reply(subscriber=person), make_reply()
    for row, said in ((person, "Former <former@x.test>"), (reply, "Pseudonym on weekly"), (other, "Bea on weekly")):
        kind = ContentType.objects.get_for_model(row)
        LogEntry.objects.create(
            user=staff, content_type=kind, object_id=str(row.pk), action_flag=CHANGE, object_repr=said,
        )  # fmt: skip
    erase(Person.of(person), occasion("erased", now))
    assert list(LogEntry.objects.order_by("pk").values_list("object_repr", flat=True)) == [
        "an erased person", "an erased person", "Bea on weekly",
    ]  # fmt: skip


def test_nobody_else_loses_anything(now):
    joan, anna = make_subscriber("joanna@example.org", name="Anna"), make_subscriber("anna@example.org", name="Anna")
    for person in (joan, anna):
        make_message(subscriber=person, reason=f"550 {person.email} is full")
        make_reply(subscriber=person, text="Mine", author_name=person.name)
        Consent.note_all("asked", occasion(f"{person.email} asked"), [person.pk])
    before = everything(Person.of(joan))
    erase(Person.of(anna), occasion("erased", now))
    assert everything(Person.of(joan)) == before


def test_only_the_whole_address_is_taken_out_of_what_others_wrote(now):
    title = "joanna@example.org, anna@example.org.au, anna@example.org, +anna@x, ?to=anna%40example.org"
    Segment.objects.create(name="some", title=title)
    erase(Person.of(make_subscriber("anna@example.org", name="Anna")), occasion("erased", now))
    assert Segment.objects.get().title == "joanna@example.org, anna@example.org.au, (erased), +anna@x, ?to=(erased)"


def test_doing_it_again_does_nothing(now):
    person = Person.of(make_subscriber(TYPED))
    assert erase(person, occasion("erased", now)) == {"person": 1, "subscriptions": 1}
    consents = list(Consent.objects.values())
    assert erase(person, occasion("erased", now + timedelta(days=1))) == {}
    assert list(Consent.objects.values()) == consents


def test_an_address_that_is_nowhere_is_not_written_down(now):
    assert erase(Person.at("nobody@example.org"), occasion("erased", now)) == {}
    assert (Suppression.objects.count(), Consent.objects.count()) == (0, 0)


def test_an_address_that_is_no_subscribers_goes_from_wherever_it_stands(now):
    done = Import.objects.create(file_name="a.csv", status=Import.Status.DONE)
    Refusal.objects.create(of=done, line=7, text=TYPED, reason=f"{TYPED} is disposable")
    assert erase(Person.at("ZQ@QZ.test"), occasion("erased", now)) == {"refused_rows": 1}
    assert (Refusal.objects.get().line, Refusal.objects.get().text) == (7, "")
    assert traces(KEY) == {}
