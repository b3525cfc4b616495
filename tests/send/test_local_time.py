"""An issue at its readers' local time: begun when the first hour comes, each in their own, told to whoever watches."""

from datetime import UTC, datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from newsletter import pipeline
from newsletter.models import Issue, Message, TransitionRefused
from newsletter.models.hours import Hours
from newsletter.models.progress import progress
from newsletter.models.tail import held, tail
from newsletter.models.watching import oldest_due, stuck
from newsletter.pace import held_words, tail_words
from newsletter.pipeline import Context
from newsletter.send import Lane, send_issue
from subscribers.models import Segment
from tests.factories import make_edition, make_issue, make_subscriber
from tests.send.conftest import KEY, Clock, FakeTransport, send_all, states

pytestmark = pytest.mark.django_db
Status = Issue.Status
MORNING = datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("Europe/Berlin"))
"""Eight o'clock where the newsletter is; in Auckland that is twelve hours earlier, in New York six hours later."""
EAST, WEST = datetime(2026, 11, 19, 19, tzinfo=UTC), datetime(2026, 11, 20, 13, tzinfo=UTC)
MINUTE, HALF = timedelta(minutes=1), timedelta(minutes=30)


@pytest.fixture
def approved():
    """An issue that is approved, and a reader in each of three zones."""
    for name, zone in (("east", "Pacific/Auckland"), ("home", ""), ("west", "America/New_York")):
        make_subscriber(f"{name}@example.org", time_zone=zone)
    issue = make_issue(status=Status.APPROVED, due_at=MORNING)
    issue.edition = make_edition(issue)
    issue.save()
    return issue


@pytest.fixture
def at(config):
    """The pipeline at a moment."""
    return lambda moment: Context(config, KEY, Clock(moment))


def schedule(ctx, issue, when=None, **how):
    pipeline.schedule(ctx, issue, when, **how)
    return issue


def begin(ctx, issue):
    pipeline.start_due_issues(ctx)
    issue.refresh_from_db()
    return issue.status


# ── when it begins ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_gets_it_at_eight_where_they_live(config, approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    transport, clock, taken = FakeTransport(), Clock(EAST - HALF), {}
    while clock.now <= WEST + HALF:
        pipeline.start_due_issues(Context(config, KEY, clock))
        before = len(transport.taken)
        send_all(config, approved, clock, transport)
        taken |= dict.fromkeys(transport.taken[before:], clock.now)
        clock.now += HALF
    assert taken == {"east@example.org": EAST, "home@example.org": MORNING, "west@example.org": WEST}
    approved.refresh_from_db()
    assert (approved.status, len(transport.taken)) == (Status.SENT, 3)


def test_it_begins_when_the_first_reader_has_the_hour_and_not_when_anybody_in_the_world_has(approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    assert approved.starts_at == datetime(2026, 11, 19, 18, tzinfo=UTC), "in Kiritimati"
    assert begin(at(approved.starts_at), approved) == Status.SCHEDULED
    assert approved.starts_at == datetime(2026, 11, 19, 18, 15, tzinfo=UTC), "in Chatham, where nobody lives either"
    assert begin(at(EAST - MINUTE), approved) == Status.SCHEDULED
    assert approved.starts_at == EAST
    assert begin(at(EAST), approved) == Status.SENDING
    assert states(approved) == {"held": 2, "pending": 1}
    assert set(approved.messages.filter(state="held").values_list("retry_at", flat=True)) == {MORNING, WEST}


def test_while_it_is_not_its_hour_anywhere_else_the_audience_is_not_asked_again(
    approved, at, django_assert_max_num_queries
):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    begin(at(approved.starts_at), approved)
    with django_assert_max_num_queries(1):
        pipeline.start_due_issues(at(approved.starts_at - MINUTE))


def test_who_came_from_the_east_after_it_was_scheduled_counts_too(approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    make_subscriber(time_zone="Pacific/Kiritimati")
    assert begin(at(approved.starts_at), approved) == Status.SENDING
    assert states(approved) == {"held": 3, "pending": 1}


def test_it_does_not_begin_before_it_is_looked_at_even_where_its_own_hour_has_passed(approved, at):
    late = at(MORNING + timedelta(hours=2))
    schedule(late, approved, local_time=True)
    Issue.objects.filter(pk=approved.pk).update(starts_at=late.clock() + MINUTE)  # somebody may think better of it
    assert begin(late, approved) == Status.SCHEDULED
    assert begin(at(late.clock() + MINUTE), approved) == Status.SENDING


def test_those_of_whom_the_hour_has_passed_get_it_at_once_and_the_editor_is_told_how_many(config, approved, at):
    make_subscriber(time_zone="Asia/Tokyo")
    late = at(MORNING - timedelta(hours=2))
    found = tail(config, approved, late.clock(), MORNING)
    assert (found.first, found.last, found.people, found.late, found.exact) == (EAST, WEST, 4, 2, True)
    assert [(wave.people, wave.zone) for wave in found.waves] == [
        (1, "Pacific/Auckland"), (1, "Asia/Tokyo"), (1, ""), (1, "America/New_York"),
    ]  # fmt: skip
    assert tail_words(found) == (
        "at the local time of 4 people, from Thu 19 Nov, 19:00 UTC until Fri 20 Nov, 13:00 UTC; "
        "for 2 that has passed, and they get it at once"
    )
    schedule(late, approved, local_time=True)
    assert begin(late, approved) == Status.SENDING
    assert states(approved) == {"held": 2, "pending": 2}


def test_in_the_newsletters_own_zone_it_may_have_passed_where_it_has_not_in_the_west(approved, at):
    late = at(MORNING + timedelta(hours=2))
    schedule(late, approved, local_time=True)
    assert (approved.local_time, approved.send_at) == (True, MORNING)
    assert begin(late, approved) == Status.SENDING
    assert states(approved) == {"held": 1, "pending": 2}


def test_where_it_has_passed_everywhere_all_get_it_now(approved, at):
    late = at(MORNING + timedelta(days=1))
    schedule(late, approved, local_time=True)
    assert (approved.local_time, approved.send_at, approved.starts_at) == (False, late.clock(), None)
    assert begin(late, approved) == Status.SENDING
    assert states(approved) == {"pending": 3}


def test_a_segment_that_cannot_be_followed_does_not_stop_it_before_its_own_hour(approved, at):
    broken = Segment.objects.create(name="broken", title="Broken", rules={"nothing": "known"})
    Issue.objects.filter(pk=approved.pk).update(segment=broken)
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    assert begin(at(EAST), approved) == Status.SCHEDULED
    assert begin(at(MORNING), approved) == Status.PAUSED


# ── what is set ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_unless_it_is_said_config_yaml_decides_and_afterwards_what_was_set(make_config, approved):
    config = make_config(newsletters={"weekly": {"schedule": {"local_time": True}}})
    ctx = Context(config, KEY, Clock(MORNING - timedelta(days=3)))
    assert schedule(ctx, approved).local_time
    assert not schedule(ctx, approved, local_time=False).local_time
    assert not schedule(ctx, approved).local_time
    assert schedule(ctx, approved, local_time=True).local_time
    assert schedule(ctx, approved, MORNING + timedelta(days=1)).local_time


def test_variants_and_local_time_exclude_each_other(make_config, approved):
    config = make_config(newsletters={"weekly": {"schedule": {"local_time": True}}})
    ctx = Context(config, KEY, Clock(MORNING - timedelta(days=3)))
    Issue.objects.filter(pk=approved.pk).update(variants={"a": approved.edition_id})
    approved.refresh_from_db()
    with pytest.raises(TransitionRefused, match="has variants"):
        schedule(ctx, approved, local_time=True)
    assert not schedule(ctx, approved).local_time


def test_the_log_says_that_it_was_changed(approved, at):
    from django.contrib.admin.models import LogEntry

    ctx = at(MORNING - timedelta(days=3))
    schedule(ctx, approved, local_time=False)
    schedule(ctx, approved, local_time=True)
    told = LogEntry.objects.filter(object_id=str(approved.pk)).order_by("pk").last().change_message
    assert "at the readers' local time from no to yes" in told


def test_a_pause_over_some_hours_lets_all_of_them_go_at_once(config, approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    begin(at(EAST), approved)
    pipeline.pause(at(EAST), approved)
    transport, clock = FakeTransport(), Clock(WEST)
    send_all(config, approved, clock, transport)
    assert transport.taken == []
    pipeline.resume(at(WEST), approved)
    send_all(config, approved, clock, transport)
    assert len(transport.taken) == 3


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_while_all_the_rest_is_held_nothing_is_stuck_and_nothing_is_made_ready(config, approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    begin(at(EAST), approved)
    clock, transport = Clock(EAST), FakeTransport()
    send_all(config, approved, clock, transport)
    clock.forward(hours=11)
    told = progress(approved, "outbox", clock())
    assert (told.held, told.going, told.left) == (2, 0, timedelta(0))
    assert (told.until.until, told.until.last, told.until.zone) == (MORNING, WEST, "")
    assert held_words(told.held, told.until, "Europe/Berlin") == (
        "2 held: the next go at Fri 20 Nov, 08:00 in Europe/Berlin, the last at Fri 20 Nov, 13:00 UTC"
    )
    assert not stuck(approved, ["outbox"], clock())
    assert oldest_due(approved, clock()) is None
    with Lane(config, KEY, clock, Event(), transport) as lane:
        assert not send_issue(lane, approved)
        assert lane._mailings == {}


def test_what_is_due_and_does_not_leave_is_stuck(approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    begin(at(EAST), approved)
    Message.objects.filter(state="pending").update(state="submitted", submitted_at=EAST)
    assert not stuck(approved, ["outbox"], MORNING + 5 * MINUTE)
    assert stuck(approved, ["outbox"], MORNING + 11 * MINUTE)
    assert oldest_due(approved, MORNING + MINUTE) == MORNING


def test_of_held_messages_those_of_all_routes_are_told(approved, at):
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    begin(at(EAST), approved)
    Message.objects.filter(retry_at=WEST).update(route="bulk")
    assert (held(approved).until, held(approved).last) == (MORNING, WEST)
    Message.objects.filter(state="held").update(state="submitted")
    assert held(approved) is None


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_machine_whose_clock_is_ahead_lets_nobody_have_it_early(config, approved, at):
    if connection.vendor != "postgresql":
        pytest.skip("with SQLite there is one machine, and its clock is the only one")
    schedule(at(MORNING - timedelta(days=3)), approved, local_time=True)
    begin(at(EAST), approved)
    transport, fast = FakeTransport(), Clock(EAST + timedelta(hours=20))
    ahead = lambda: timezone.now() + timedelta(hours=20)  # noqa: E731
    with Lane(config, KEY, fast, Event(), transport, wall=ahead) as lane:
        send_issue(lane, Issue.objects.get(pk=approved.pk))
    assert transport.taken == ["east@example.org"]
    assert states(approved) == {"held": 2, "submitted": 1}


def test_hours_know_nothing_of_the_machines_zone():
    assert Hours(MORNING.astimezone(UTC), "Europe/Berlin").by_moment == Hours(MORNING, "Europe/Berlin").by_moment
