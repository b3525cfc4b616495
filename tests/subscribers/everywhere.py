"""Somebody with a row in every table that keeps anything of people, and the search for what is left of them."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.utils import timezone

from newsletter.models import Chore, Event, Like, Muted, Notice, Payload, Rejected, Reply, SignIn, TestGroup
from newsletter.models.errand import Errand
from subscribers import lookup
from subscribers.models import (
    Bulk,
    Consent,
    Field,
    Import,
    Refusal,
    Seen,
    Segment,
    Subscriber,
    Tag,
    Tagging,
    Touched,
    Upload,
    hash_of,
)
from subscribers.own_data import FREE, KEPT
from subscribers.traces import Person, texts
from tests.factories import (
    make_event,
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
    Chore.ask(Chore.Kind.TEST, issue.pk, timezone.now(), emails=[TYPED])
    TestGroup.objects.create(name="Team", addresses=[TYPED])
    Rejected.objects.create(why="bounce", key="1", at=timezone.now())
    Payload.keep("mail", f"To: {TYPED}".encode(), timezone.now())
    make_suppression(TYPED)
    Payload.keep("sendgrid", f'[{{"email": "{TYPED}", "event": "click"}}]'.encode(), timezone.now())
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
