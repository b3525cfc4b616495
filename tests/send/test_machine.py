"""A machine that can keep no journal sends nothing, says so where staff look, and keeps no other from sending."""

from threading import Event

import pytest

from newsletter import pipeline, send
from newsletter.models import Hitch, Issue, Notice
from newsletter.pipeline import Context
from newsletter.send import machine
from tests.factories import make_staff
from tests.send.conftest import KEY, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_told():
    machine._told.clear()


@pytest.fixture
def config(make_config, tmp_path):
    return make_config(send={"transport": "outbox"})


@pytest.fixture
def ctx(config, clock):
    return Context(config, KEY, clock)


@pytest.fixture
def broken(config):
    """Something else stands where the journals should."""
    config.var.mkdir(parents=True, exist_ok=True)
    place = config.var / "journals"
    place.write_text("no folder")
    return place


def test_it_is_told_at_the_issue_to_staff_once_and_by_check(ctx, broken, sending, clock):
    make_staff("ada")
    issue = sending(2)
    for _ in range(3):
        pipeline.send_messages(ctx)
        clock.forward(minutes=2)
    issue.refresh_from_db()
    assert (issue.status, issue.retry_at, states(issue)) == (Issue.Status.SENDING, None, {"pending": 2})
    why = f"no journal can be kept, so nothing is sent from {machine.name()}: {broken} is no folder"
    assert issue.reason == why
    notice = Notice.objects.get()
    assert (notice.to, notice.facts["reason"], notice.facts["goes_on"]) == ("ada@example.org", why, True)
    hitch = Hitch.objects.get()
    assert (hitch.reason, hitch.seen_at > hitch.since) == (why, True)
    assert [(one.key, one.reason) for one in send.check(ctx.config)] == [("site.var", f"{broken} is no folder")]


def test_once_it_can_again_it_goes_on_and_takes_its_word_back(ctx, broken, sending):
    issue = sending(2)
    pipeline.send_messages(ctx)
    broken.unlink()
    machine._told.clear()  # as in a process that was started anew
    pipeline.send_messages(ctx)
    issue.refresh_from_db()
    assert (issue.status, issue.reason, states(issue)) == (Issue.Status.SENT, "", {"submitted": 2})
    assert not Hitch.objects.exists()
    assert send.check(ctx.config) == []


def test_it_is_found_before_there_is_anything_to_send(ctx, broken):
    pipeline.send_messages(ctx)
    assert Hitch.objects.get().name.startswith(machine.KIND)
    assert not Notice.objects.exists()


def test_what_another_machine_sends_does_not_hide_it(make_config, config, sending, clock, now):
    issue = sending(15)
    Hitch.report("journal-elsewhere", "no room", now, seen_at=now)
    Issue.objects.update(reason="no journal can be kept, so nothing is sent from elsewhere: no room")
    few = make_config(send={"transport": "outbox", "batch": 5})
    with send.Lane(few, KEY, clock, Event()) as lane:
        assert send.send_issue(lane, Issue.objects.get(), sheets=1)
    issue.refresh_from_db()
    assert states(issue) == {"submitted": 5, "pending": 10}
    assert issue.reason.endswith("from elsewhere: no room")
