"""An import is taken back piece by piece: whoever it added, and nothing that anybody has said or changed since."""

from datetime import timedelta
from threading import Event

import pytest
from django.contrib.admin.models import CHANGE, LogEntry

from subscribers import bulk, importing
from subscribers.choosing import pause
from subscribers.importing import ImportRefused, Undone, undoing
from subscribers.joining import ask, leave
from subscribers.models import Bulk, Consent, Import, Origin, Subscriber, Subscription, Tag
from subscribers.wanted import Wanted
from tests.factories import make_list, make_staff, make_subscriber, occasion

pytestmark = pytest.mark.django_db


class StopAfter(Event):
    """Set once it has been asked so often."""

    def __init__(self, times):
        super().__init__()
        self._left = times

    def is_set(self):
        self._left -= 1
        return self._left < 0


@pytest.fixture
def undo(now):
    """Take an import back as the job does; say how many were taken off, forgotten and left alone."""

    def go(job, stop=None):
        importing.undo(job, occasion("a mistake", now, Origin.DESK, by="grace"))
        importing.carry_on(stop or Event(), lambda: now)
        job.refresh_from_db()
        return came_to(job)

    return go


def came_to(job):
    told = Undone.of(job)
    return told.taken_off, told.forgotten, told.left_alone


def people(*names):
    return "email\n" + "".join(f"{name}@example.org\n" for name in names)


def standing():
    return dict(Subscription.objects.filter(list__name="readers").values_list("subscriber__key", "status"))


def test_it_takes_back_whom_the_import_added_and_leaves_who_changed_something(load, undo, now):
    make_subscriber("known@example.org", lists=("others",))
    make_subscriber("there@example.org")
    before = occasion("asked to", now - timedelta(days=1))
    leave(make_subscriber("gone@example.org"), ["readers"], before)
    asker = ask("asker@example.org", ["readers"], before)
    report = load(
        people("known", "there", "gone", "asker", "new", "newer"), restore="by letter", basis="on paper", tags=["fair"]
    )
    leave(Subscriber.objects.get(key="newer@example.org"), ["readers"], occasion("asked to", now))

    assert undo(report.job) == (4, 1, 1)

    assert standing() == {
        "there@example.org": "active", "gone@example.org": "unsubscribed", "asker@example.org": "pending",
        "newer@example.org": "unsubscribed",
    }  # fmt: skip
    assert not Subscriber.objects.filter(key="new@example.org").exists()
    assert Subscriber.objects.filter(key="known@example.org").exists()
    assert list(asker.consents.order_by("pk").values_list("action", flat=True)) == ["asked", "imported", "removed"]
    assert Consent.objects.filter(action="removed", by="grace", source="desk").count() == 4
    assert report.job.status == "undone"
    with pytest.raises(ImportRefused, match="cannot be undone: it is undone"):
        importing.undo(report.job, occasion("again", now))


def test_who_unsubscribed_by_it_stays_so(load, undo, now):
    before = occasion("asked to", now - timedelta(days=1))
    make_list()
    asker, member = (ask(f"{name}@example.org", ["readers"], before) for name in ("asker", "member"))
    # As it is of whom the first release put on the list.
    member.subscriptions.update(status="active", joined_at=None)
    file = "".join(f"{name}@example.org,unsubscribed\n" for name in ("asker", "member", "new"))
    assert undo(load(f"email,status\n{file}").job) == (1, 1, 2)
    assert standing() == {asker.key: "unsubscribed", member.key: "unsubscribed"}


def test_what_has_brought_nobody_cannot_be_undone(load, now):
    report = load("email\nnobody\n")
    with pytest.raises(ImportRefused, match="it has brought nobody"):
        importing.undo(report.job, occasion("again", now))


def test_it_goes_on_where_it_was_stopped_and_nobody_is_counted_twice(load, undo, now, monkeypatch):
    monkeypatch.setattr(undoing, "STEP", 7)
    monkeypatch.setattr(undoing, "WINDOW", 20)
    there = make_subscriber("there@example.org")
    job = load(people(*(f"reader{n}" for n in range(60)))).job
    assert undo(job, StopAfter(3)) == (21, 21, 0)
    assert (job.status, job.claim, Subscriber.objects.count()) == ("undoing", None, 40)
    assert not importing.cancel(job, now)
    with pytest.raises(ImportRefused, match="being undone"):
        importing.undo(job, occasion("again", now))
    while job.status == "undoing":
        importing.carry_on(StopAfter(1), lambda: now)
        job.refresh_from_db()
    assert came_to(job) == (60, 60, 0)
    assert list(Subscriber.objects.all()) == [there]
    assert Consent.objects.filter(action="removed").count() == 60


def test_a_process_that_was_taken_over_changes_nothing_more(load, now):
    job = load(people("ada", "bob")).job
    importing.undo(job, occasion("a mistake", now))
    slow = importing.running.claim(now)
    assert importing.running.claim(now) is None
    importing.running.claim(now + timedelta(minutes=2))
    undoing.work_on(slow, Event(), lambda: now)
    assert (Subscriber.objects.count(), came_to(Import.objects.get())) == (2, (0, 0, 0))


@pytest.mark.parametrize("source", [Origin.MAIL, Origin.PAGE, Origin.COMMAND])
def test_who_came_in_as_unsubscribed_and_then_left_by_themselves_stays_on_record(upload, run, undo, now, source):
    job = upload("email,status\nada@example.org,unsubscribed\nbob@example.org,unsubscribed\n")
    job.source = Origin.COMMAND
    job.save()
    run(job, list=make_list())
    ada = Subscriber.objects.get(key="ada@example.org")
    leave(ada, ["readers"], occasion("never again", now + timedelta(hours=1), source))
    assert undo(job) == (1, 1, 1)
    assert standing() == {"ada@example.org": "unsubscribed"}
    assert [one.action for one in ada.consents.order_by("pk")] == ["left", "left"]


def test_who_has_said_anything_about_their_mail_is_left_alone(load, undo, now):
    job = load(people("ada", "bob")).job
    ada = Subscriber.objects.get(key="ada@example.org")
    pause(ada, now + timedelta(days=30), occasion("a holiday", now))
    assert undo(job) == (1, 1, 1)
    assert standing() == {"ada@example.org": "active"}


def test_what_staff_did_since_is_not_taken_back(load, undo, now):
    job = load(people("added", "tagged", "edited", "new")).job
    person = {one.key.partition("@")[0]: one for one in Subscriber.objects.all()}
    readers, staff = make_list(), make_staff()
    Consent.note_all(Consent.Action.ADDED, occasion("rang us", now, Origin.DESK), [person["added"].pk], readers)
    act = bulk.begin(
        Bulk.Kind.TAG, Wanted(numbers=(person["tagged"].pk,)), now, tag=Tag.objects.create(name="press"), by="grace"
    )
    bulk.finish(act, lambda: now)
    LogEntry.objects.log_actions(staff.pk, [person["edited"]], CHANGE, "name", single_object=True)
    LogEntry.objects.update(action_time=now)
    assert undo(job) == (3, 1, 1)
    assert set(Subscriber.objects.values_list("key", flat=True)) == {f"{name}@example.org" for name in person} - {
        "new@example.org"
    }
    assert standing() == {"added@example.org": "active"}
