"""Erasing somebody: from every table and column there is, with the figures left as they were."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test.utils import isolate_apps
from django.utils import timezone

from newsletter.models import Event, Like, Message, Muted, Notice, Rejected, Reply, SignIn, Vote
from newsletter.models.errand import Errand
from subscribers import lookup
from subscribers.erasing import erase, waiting_files
from subscribers.joining import ask, join
from subscribers.models import (
    Bulk,
    Consent,
    Field,
    Import,
    Refusal,
    Seen,
    Segment,
    Subscriber,
    Subscription,
    Suppression,
    Tag,
    Tagging,
    Touched,
    Upload,
    hash_of,
)
from subscribers.own_data import FREE, KEPT, everything
from subscribers.traces import Person, texts
from tests.factories import (
    make_event,
    make_issue,
    make_link,
    make_list,
    make_message,
    make_notice,
    make_poll,
    make_reply,
    make_sent_issue,
    make_staff,
    make_subscriber,
    make_suppression,
    occasion,
)

pytestmark = pytest.mark.django_db

# Short, so that they fit into almost every column, and like nothing else that stands in a table.
TYPED, KEY, NAME = "Zq@qz.test", "zq@qz.test", "Vxvx Wz"
# What we compute and nobody types, and what the person is known by.
COMPUTED = {
    ("Subscriber", "email"), ("Subscriber", "key"), ("Subscriber", "name"), ("Suppression", "key"),
    ("Suppression", "hash"), ("Consent", "hash"), ("Reply", "key"), ("Rejected", "key"), ("Muted", "key"),
    ("Notice", "to"),
}  # fmt: skip


def undeclared(tables):
    """The tables of which nobody has said what they keep of people."""
    return [
        one._meta.label
        for one in tables
        if one not in KEPT and one._meta.label not in FREE and one._meta.app_label not in FREE
    ]


def filled_everywhere():
    """A person with a row in every table that keeps something of people, and the address and name in every text."""
    person = make_subscriber(TYPED, name=NAME)
    issue, staff = make_sent_issue(), make_staff()
    message = make_message(issue, person)
    make_event(message, Event.Kind.CLICK, link=make_link(issue))
    top = make_reply(issue, subscriber=person)
    make_reply(issue, parent=top, via=Reply.Via.DESK, subscriber=None, staff=staff)
    make_reply(issue, parent=top)
    make_reply(issue, parent=make_reply(issue), subscriber=person)
    Like.keep(issue, person, timezone.now())
    make_poll(issue).vote(person, 1, timezone.now())
    make_notice(subscriber=person)
    Notice.queue("confirm", "weekly", TYPED.upper(), {}, timezone.now())
    SignIn.objects.create(subscriber=person, created_at=timezone.now())
    Muted.objects.create(key=KEY)
    Errand.leave(Errand.Kind.SIGN_IN, {}, timezone.now())
    Rejected.objects.create(why="bounce", key="1", at=timezone.now())
    make_suppression(TYPED)
    Consent.note_all(Consent.Action.ASKED, occasion(network="192.0.2.0", issue="weekly/1"), [person.pk], make_list())
    Tagging.objects.create(tag=Tag.objects.create(name="vip"), subscriber=person)
    done = Import.objects.create(file_name="a.csv", status=Import.Status.DONE)
    Upload.objects.create(of=done, number=1, data=f"email\n{TYPED}\n".encode())
    Seen.objects.create(of=done, mark=int(hash_of(KEY)[:15], 16))
    Touched.objects.create(act=Bulk.objects.create(kind="tag", created_at=timezone.now()), person=person.pk)
    Refusal.objects.create(of=done, line=2, reason="?")
    Segment.objects.create(name="some", title="Some")
    Field.objects.create(name="city")
    kind = ContentType.objects.get_for_model(Subscriber)
    LogEntry.objects.create(user=staff, content_type=kind, object_id=str(person.pk), action_flag=CHANGE)
    for table in KEPT:
        rows = table._default_manager.all()
        assert rows, f"the test has no row of {table.__name__}"
        # Where no row is the person's own, any might name them.
        for row in KEPT[table].rows(Person.of(person)) or rows:
            table._default_manager.filter(pk=row.pk).update(**filled(table, row.pk))
    return person


def filled(table, number):
    """A value with the person in it for each text of a row; unique where the column is."""
    values = {}
    for field in texts(table):
        if (table.__name__, field.name) in COMPUTED:
            continue
        if isinstance(field, models.JSONField):
            values[field.name] = {TYPED: [f"{NAME} <{TYPED}>", {"x": f"mailto:{KEY}"}]}
        elif field.max_length is None or field.max_length >= len(TYPED):
            said = f"{NAME} <{TYPED}> {KEY}"
            values[field.name] = f"{number} {said}" if field.max_length is None or field.max_length > 40 else TYPED
    return values


def everything_stored():
    """Every cell of every table of the database, as text, with where it stands."""
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {lookup.TABLE}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [one[0] for one in cursor.description]
            for row in cursor.fetchall():
                for column, cell in zip(columns, row, strict=True):
                    raw = bytes(cell) if isinstance(cell, bytes | memoryview) else None
                    yield f"{table}.{column}", raw.decode("latin-1") if raw is not None else str(cell)


def traces(*words):
    found = {}
    for place, cell in everything_stored():
        for word in words:
            if word.lower() in cell.lower():
                found[place] = cell
    return found


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


def test_the_figures_stay_as_they_were(now):
    person = make_subscriber(TYPED)
    message = make_message(subscriber=person)
    issue = message.issue
    make_event(message, Event.Kind.OPEN, user_agent="Mail 1.0")
    Like.keep(issue, person, now)
    make_poll(issue).vote(person, 1, now)
    erase(Person.of(person), occasion("erased", now))
    assert Message.counts(issue) == {"submitted": 1}
    assert (Event.objects.get().kind, Event.objects.get().user_agent) == ("open", "")
    assert (issue.likes.count(), Vote.objects.get().answer) == (1, 1)


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


def test_the_consents_keep_what_was_agreed_to_and_when(now):
    person = make_subscriber(TYPED, name=NAME)
    given = occasion(f"{TYPED} by form", network="192.0.2.0", form="/subscribe/weekly/")
    Consent.note_all(Consent.Action.CONFIRMED, given, [person.pk], make_list())
    erase(Person.of(person), occasion("asked to be erased", now + timedelta(days=1)))
    last, first = Consent.objects.all()
    assert (first.action, first.list_name, first.at, first.form) == ("confirmed", "readers", now, "/subscribe/weekly/")
    assert (first.hash, first.subscriber, first.network, first.note) == (hash_of(KEY), None, "", "(erased) by form")
    assert (last.action, last.hash, last.note) == ("erased", hash_of(KEY), "asked to be erased")


@pytest.mark.parametrize("kind", ["bounced", "complained", "manual"])
def test_a_suppression_keeps_its_kind_and_loses_its_address(now, kind):
    make_suppression(TYPED, kind)
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    kept = Suppression.objects.get()
    assert (kept.kind, kept.key, Suppression.held([KEY])) == (kind, None, {KEY: kind})


def test_no_import_brings_back_who_was_erased(now):
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    assert Suppression.held([KEY, "other@example.org"]) == {KEY: "erased"}


def test_who_was_erased_can_subscribe_again_and_be_erased_again(now):
    make_list("readers")
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    person = join(TYPED, "", ["readers"], occasion("by the link", now))
    assert (Suppression.held([KEY]), person.subscriptions.get().status) == ({}, Subscription.Status.ACTIVE)
    assert [one["what"] for one in everything(Person.of(person))["consents"]] == [
        "suppression lifted", "confirmed by mail", "Erased",
    ]  # fmt: skip
    erase(Person.of(person), occasion("erased", now))
    assert (Suppression.held([KEY]), traces(KEY)) == ({KEY: "erased"}, {})
    assert set(Consent.objects.values_list("hash", flat=True)) == {hash_of(KEY)}


@pytest.mark.parametrize("comes", [ask, join])
def test_who_complained_and_was_erased_is_still_held_when_they_come_again(now, comes):
    make_suppression(TYPED, "complained")
    make_list("readers")
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    if comes is ask:
        ask(TYPED, ["readers"], occasion())
    else:
        join(TYPED, "", ["readers"], occasion())
    assert Suppression.objects.get().key == KEY


def test_what_waits_is_withheld_and_what_is_on_the_wire_is_settled_without_the_address(now):
    person = make_subscriber(TYPED)
    held = {"claim": uuid4(), "lease_until": now + timedelta(minutes=5)}
    waiting = make_message(make_issue(), person, state="pending", **held)
    deferred = make_message(make_issue(), person, state="deferred", retry_at=now, reason=f"{TYPED} is busy")
    on_wire = make_message(make_issue(), person, state="submitting")
    erase(Person.of(person), occasion("erased", now))
    for message in (waiting, deferred):
        message.refresh_from_db()
        assert (message.state, message.reason) == ("withheld", "erased since the audience was frozen")
        assert (message.claim, message.lease_until, message.retry_at) == (None, None, None)
    assert Message.settle(on_wire.claim, [on_wire.pk], "failed", f"550 <{TYPED}>: no such user", now) == 1
    on_wire.refresh_from_db()
    assert (on_wire.state, on_wire.reason) == ("failed", "550 <(erased)>: no such user")


def test_who_is_still_here_is_named_in_the_servers_answer(now):
    message = make_message(state="submitting")
    Message.settle(message.claim, [message.pk], "failed", "550 <ada@example.org>: no such user", now)
    message.refresh_from_db()
    assert message.reason == "550 <ada@example.org>: no such user"


def test_a_file_that_is_still_to_be_imported_is_left_and_named(now):
    ahead = Import.objects.create(file_name="people.csv", status=Import.Status.READY)
    Upload.objects.create(of=ahead, number=1, data=TYPED.encode())
    erase(Person.of(make_subscriber(TYPED)), occasion("erased", now))
    assert waiting_files() == [str(ahead)]
    assert Upload.objects.exists()
