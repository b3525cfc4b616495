"""A database of the first release, brought up to this one: what was on its way goes on, what was sent can be found."""

from datetime import timedelta

import pytest
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from newsletter import holes, pipeline, tokens
from newsletter.models import Entry, Issue, Message
from newsletter.pipeline import Context
from subscribers.models import List, Subscriber
from tests.factories import NOW
from tests.send.conftest import KEY, FakeTransport, send_all

pytestmark = pytest.mark.django_db(transaction=True)

FIRST = [("subscribers", "0001_initial"), ("newsletter", "0001_initial")]


def migrate(targets=None):
    executor = MigrationExecutor(connection)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def first():
    """The tables and models of the first release; afterwards those of this one, whatever happens."""
    yield migrate(FIRST)
    migrate()


def fill(apps):
    """An issue that is half sent, as the first release left it."""
    make = {name: apps.get_model("newsletter", name).objects.create for name in ("Source", "Post", "Issue", "Item")}
    people = apps.get_model("subscribers", "Subscriber").objects
    list_ = apps.get_model("subscribers", "List").objects.create(name="readers")
    apps.get_model("subscribers", "List").objects.create(name="staff")
    source = make["Source"](name="wire", kind="feed", location="http://127.0.0.1:9/feed")
    text = {"title": "A whale falls", "summary": "Slowly.", "html": "<p>To the bottom of the sea.</p>", "words": 7,
            "published_at": NOW, "tags": ["sea"], "authors": ["Maja"]}  # fmt: skip
    post = make["Post"](source=source, key="k", url="https://example.org/1", collected_at=NOW, updated_at=NOW, **text)
    issue = make["Issue"](newsletter="weekly", slug="2026-11-20", due_at=NOW, cut_off_at=NOW - timedelta(days=1),
                          status="sending", started_at=NOW)  # fmt: skip
    make["Item"](issue=issue, post=post, position=1, **text)
    marker = holes.marker(issue.pk, KEY)
    hole = holes.hole(marker, "name")
    edition = apps.get_model("newsletter", "Edition").objects.create(
        issue=issue, digest="d", marker=marker, subject=f"For {hole}", preheader="", created_at=NOW,
        html=f"<p>Hello {holes.hole(marker, 'name-html')}</p>", text=f"Hello {hole}",
    )  # fmt: skip
    apps.get_model("newsletter", "Issue").objects.filter(pk=issue.pk).update(edition=edition)
    messages = []
    for name, state in (("Ada", "submitted"), ("Bob", "pending")):
        email = f"{name.lower()}@example.org"
        person = people.create(email=email, key=email, name=name)
        apps.get_model("subscribers", "Subscription").objects.create(
            subscriber=person, list=list_, status="active", changed_at=NOW
        )
        message = apps.get_model("newsletter", "Message")
        messages.append(message.objects.create(issue=issue, subscriber=person, state=state))
    return issue.pk, messages[0].pk


def test_an_issue_that_was_half_sent_goes_on_and_its_pages_and_links_work(first, make_config, settings, client):
    number, ada = fill(first)
    migrate()
    config = settings.NEWSLETTER = make_config()
    issue = Issue.objects.get(pk=number)

    transport = FakeTransport()
    send_all(config, issue, lambda: NOW, transport)
    assert transport.taken == ["bob@example.org"]
    assert set(Message.objects.values_list("state", flat=True)) == {"submitted"}
    assert Issue.objects.get().status == "sent"
    assert Subscriber.objects.get(key="bob@example.org").fields == {}

    assert dict(List.objects.values_list("name", "public")) == {"readers": True, "staff": False}

    pipeline.file_away(Context(config, KEY, clock=lambda: NOW))
    assert [entry.item.title for entry in Entry.found("bottom whale", ["weekly"])] == ["A whale falls"]
    page = client.get("/issues/weekly/2026-11-20/")
    assert page.status_code == 200
    assert b"A whale falls" in page.content

    token = tokens.sign(ada, settings.SECRET_KEY)
    assert [client.get(f"/{door}/{token}").status_code for door in ("u", "l")] == [200, 200]


def test_the_number_of_who_is_gone_is_given_to_nobody_else():
    """A link that was mailed to them would open another person's preferences."""
    gone = Subscriber.objects.create(email="gone@example.org", key="gone@example.org")
    number = gone.pk
    gone.delete()
    emit_pre_migrate_signal(0, False, "default")
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            editor._remake_table(Subscriber)  # as most changes of a table do there
    emit_post_migrate_signal(0, False, "default")
    assert Subscriber.objects.create(email="new@example.org", key="new@example.org").pk > number
