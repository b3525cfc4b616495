"""The pacer: each message at its moment, and at another one if that has passed."""

from datetime import timedelta
from itertools import pairwise
from threading import Event

import pytest

from newsletter.models import TransportState
from newsletter.send import limits
from newsletter.send.pacer import Pacer
from tests.send.test_lanes import Jumping
from tests.send.test_limits import SPANS, most_within

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(make_config):
    main = {"kind": "outbox", "rate": "100 per second"}
    return make_config(send={"transport": "main", "transports": {"main": main}})


@pytest.fixture
def lane(config, clock):
    """A lane at work: it begins so many messages at a time, and is held up for so long before each."""

    def go(sheets, together=1, held_up=lambda index: 0.0, pacer=None):
        pacer, moments = pacer or Pacer(config, "main", clock, Jumping(clock)), []
        for _ in range(sheets):
            grant = limits.allow(config, "main", 500, clock.now, pacer.at_a_time)
            pacer.begin(grant)
            for index in range(0, grant.number - together + 1, together):
                clock.forward(seconds=held_up(index))
                assert pacer.turn(together)
                moments.extend([clock.now] * together)
        return moments

    return go


def test_messages_leave_one_by_one_at_their_moments(lane):
    moments = lane(sheets=10)
    gaps = {later - earlier for earlier, later in pairwise(moments)}
    assert {gap - timedelta(milliseconds=10.5) for gap in gaps} <= {timedelta(0), timedelta(microseconds=1)}
    assert most_within(moments, SPANS["second"]) <= 100


def test_a_lane_that_was_held_up_does_not_make_up_for_it_all_at_once(lane):
    moments = lane(sheets=10, held_up=lambda index: 0.3 if index == 5 else 0)
    assert most_within(moments, SPANS["second"]) <= 100
    assert most_within(moments, timedelta(milliseconds=50)) <= 10


def test_a_little_late_is_no_loss(lane, clock):
    began = clock.now
    moments = lane(sheets=10, held_up=lambda index: 0.03 if index == 5 else 0)
    assert moments[-1] - began < timedelta(seconds=2.5)
    assert most_within(moments, SPANS["second"]) <= 100


def test_what_goes_together_waits_for_the_moment_of_the_last(lane, clock):
    began = clock.now
    moments = lane(sheets=1, together=20)
    assert 0 <= (moments[0] - began - 19 * timedelta(milliseconds=10.5)) / timedelta(microseconds=1) <= 1


def test_a_lane_that_is_slower_than_the_pace_takes_time_for_few(config, clock):
    pacer = Pacer(config, "main", clock, Event())
    assert pacer.at_a_time > 1000
    pacer.seconds = 0.0405
    assert pacer.at_a_time == 2
    grant = limits.allow(config, "main", 500, clock.now, pacer.at_a_time)
    assert (grant.number, grant.slots) == (23, 2)
    assert TransportState.objects.get().paced_until == clock.now + timedelta(milliseconds=21)


def test_a_lane_that_is_to_stop_begins_nothing_more(config, clock):
    stop = Event()
    pacer = Pacer(config, "main", clock, stop)
    pacer.begin(limits.allow(config, "main", 500, clock.now))
    assert pacer.turn(1)
    stop.set()
    assert not pacer.turn(1)
