"""Connections, rates, warm-up and rest: they hold for all workers together."""

import uuid
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Condition

import pytest
from django.db import connections

from newsletter.models import Sent, Slot, TransportState
from newsletter.send import limits

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SPANS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": HOUR, "day": DAY}


@pytest.fixture
def way(make_config):
    """A configuration whose transport `main` has these settings."""

    def make(zone="UTC", **settings):
        main = {"kind": "smtp", "host": "127.0.0.1", **settings}
        return make_config(site={"time_zone": zone}, send={"transport": "main", "transports": {"main": main}})

    return make


class Time:
    """A clock for several threads: once all of them wait, it goes on to the first moment that one waits for."""

    def __init__(self, now: datetime, threads: int) -> None:
        self.now, self.threads = now, threads
        self.waiting: list[datetime] = []
        self.turn = Condition()

    def until(self, moment: datetime) -> None:
        with self.turn:
            self.waiting.append(moment)
            self._go_on()
            self.turn.wait_for(lambda: self.now >= moment)

    def leave(self) -> None:
        with self.turn:
            self.threads -= 1
            self._go_on()

    def _go_on(self) -> None:
        if self.waiting and len(self.waiting) >= self.threads:
            self.now = max(self.now, min(self.waiting))
            self.waiting = [moment for moment in self.waiting if moment > self.now]
            self.turn.notify_all()


def sent_by_many(config, now: datetime, last: datetime, threads: int = 4, sheet: int = 500) -> list[datetime]:
    """The moments of all messages that so many threads may send until a moment."""
    clock, moments = Time(now, threads), []

    def lane() -> None:
        try:
            while clock.now < last:
                grant = limits.allow(config, "main", sheet, clock.now)
                moments.extend(moment for index in range(grant.number) if (moment := grant.moment(index)) < last)
                # A millisecond on the wire, so that the lanes go on at different moments too.
                clock.until(grant.at + timedelta(milliseconds=1))
        finally:
            clock.leave()
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        for lane_ in [pool.submit(lane) for _ in range(threads)]:
            lane_.result()
    return sorted(moments)


def most_within(moments: list[datetime], span: timedelta) -> int:
    """The most that fall into any stretch of time of this length."""
    return max(bisect_left(moments, moment + span) - at for at, moment in enumerate(moments))


# ── rates ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("rate", "number", "per", "lasts"),
    [
        ("100 per second", 100, "second", timedelta(seconds=3)),
        ("7 per second", 7, "second", timedelta(seconds=9)),
        ("20/min", 20, "minute", timedelta(minutes=2)),
        ("1,000 per hour", 1000, "hour", timedelta(hours=4, minutes=8)),
        ("50000 a day", 50_000, "day", timedelta(days=2)),
    ],
)
def test_many_workers_together_keep_a_rate_in_any_stretch_of_time_and_use_it(way, now, rate, number, per, lasts):
    moments = sent_by_many(way(rate=rate), now, now + lasts, sheet=max(500, number // 10))
    assert most_within(moments, SPANS[per]) <= number
    assert len(moments) >= 0.9 * number * (lasts / SPANS[per])


@pytest.mark.django_db(transaction=True)
def test_several_rates_hold_at_once(way, now):
    moments = sent_by_many(way(rate="100 per second, 2400/min, 250 per hour"), now, now + timedelta(minutes=1))
    assert most_within(moments, SPANS["second"]) <= 40
    assert len(moments) == 250


def test_without_limits_nothing_is_asked(way, now, django_assert_num_queries):
    with django_assert_num_queries(0):
        config = way()
        assert limits.allow(config, "main", 500, now) == limits.Grant(500, now)
        limits.give_back(config, "main", 500, now)


def test_a_restart_knows_what_was_sent(way, now):
    config = way(rate="100 per hour")
    assert [limits.allow(config, "main", wanted, now).number for wanted in (60, 60, 60)] == [60, 40, 0]
    later = limits.allow(config, "main", 60, now + timedelta(minutes=30))
    assert (later.number, later.reason) == (0, "100 per hour were sent")
    assert now + HOUR < later.at <= now + HOUR + limits.LATE + timedelta(seconds=1)
    assert limits.allow(config, "main", 60, later.at).number == 60


def test_a_rate_that_is_changed_holds_at_once(way, now):
    assert limits.allow(way(rate="100 per hour"), "main", 100, now).number == 100
    assert limits.allow(way(rate="150 per hour"), "main", 100, now).number == 50
    assert limits.allow(way(rate="120 per hour"), "main", 100, now).number == 0
    assert limits.allow(way(), "main", 100, now).number == 100
    assert limits.allow(way(rate="1 per second"), "main", 100, now).number == 1


def test_a_paced_transport_says_when_to_ask_again_and_a_person_why(way, now):
    config = way(rate="20/min, 100 per second")
    first, second = limits.allow(config, "main", 500, now), limits.allow(config, "main", 500, now)
    assert (first.number, first.at) == (1, now)
    assert (second.number, second.at, second.reason) == (0, now + timedelta(seconds=2), "no more than 20 per minute")
    third = limits.allow(config, "main", 500, second.at)
    assert (third.number, third.at) == (1, now + timedelta(seconds=3))


def test_what_is_given_back_may_be_sent_by_others(way, now):
    config = way(rate="100 per second, 30 per hour", warm_up=[40])
    grant = limits.allow(config, "main", 500, now)
    assert (grant.number, grant.at) == (25, now)
    limits.give_back(config, "main", 20, now, grant)
    again = limits.allow(config, "main", 500, now)
    assert (again.number, again.at) == (25, now + timedelta(milliseconds=50))
    assert TransportState.objects.get().warm_up_sent == 30
    assert limits.allow(config, "main", 500, now + timedelta(seconds=1)).number == 0


def test_mails_that_somebody_waits_for_go_anyway_and_are_counted(way, now):
    config = way(rate="20/min, 30 per hour", warm_up=[40])
    limits.count(config, "main", 29, now)
    assert TransportState.objects.get().warm_up_sent == 29
    assert limits.allow(config, "main", 500, now).number == 0
    assert limits.allow(config, "main", 500, now + timedelta(minutes=2)).number == 1
    assert limits.allow(config, "main", 500, now + timedelta(minutes=3)).reason == "30 per hour were sent"


def test_time_is_not_given_back_once_others_have_later_time(way, now):
    config = way(rate="100 per second")
    first = limits.allow(config, "main", 25, now)
    second = limits.allow(config, "main", 25, now)
    limits.give_back(config, "main", 25, now, first)
    assert limits.allow(config, "main", 25, now).at == second.until


@pytest.mark.parametrize("rate", ["10 per second", "2/min", "100 per hour", "1000 a day"])
@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(hours=5), timedelta(days=400)], ids=str)
def test_a_clock_that_is_set_back_stops_nothing_for_longer_than_the_limit_itself(way, now, rate, back):
    config = way(rate=rate)
    (limit,) = config.transports["main"].rate
    while (grant := limits.allow(config, "main", 1000, now)).number:
        pass
    earlier, asked = now - back, 0
    while not (grant := limits.allow(config, "main", 1000, earlier)).number:
        assert grant.at > earlier
        earlier, asked = grant.at, asked + 1
    assert earlier - (now - back) <= timedelta(seconds=limit.seconds) + 2 * limits.LATE
    assert asked <= 3


def test_counts_of_long_ago_are_dropped(way, now):
    config = way(rate="100 per hour")
    for day in range(3):
        limits.allow(config, "main", 1, now + 2 * day * DAY)
    assert Sent.objects.count() == 1


# ── warm-up ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def sent_on(config, moment: datetime) -> int:
    """All that may go at a moment."""
    total = 0
    while number := limits.allow(config, "main", 500, moment).number:
        total += number
        if total >= 10_000:
            break
    return total


def test_a_weekly_newsletter_warms_up_by_its_own_days_of_sending(way, now):
    config = way(warm_up=[50, 600, 1000])
    assert [sent_on(config, now + week * 7 * DAY) for week in range(4)] == [50, 600, 1000, 10_000]


def test_a_day_on_which_nothing_was_sent_is_none(way, now):
    config = way(warm_up=[50, 600])
    grant = limits.allow(config, "main", 50, now)
    limits.give_back(config, "main", 50, now, grant)
    assert sent_on(config, now + DAY) == 50


def test_the_next_day_of_a_warm_up_begins_at_midnight_in_the_sites_zone(way, now):
    config = way("America/New_York", warm_up=[50, 600])
    assert sent_on(config, now) == 50
    full = limits.allow(config, "main", 500, now)
    assert full.reason == "50 messages were sent, as many as on day 1 of 2 of the warm-up"
    assert full.at.isoformat() == "2026-11-21T05:00:00+00:00"
    assert sent_on(config, full.at - timedelta(seconds=1)) == 0
    assert sent_on(config, full.at) == 600


def test_around_midnight_clocks_that_differ_begin_one_day_only(way, now):
    config = way(warm_up=[50, 600, 1000])
    midnight = now.replace(hour=0, minute=0) + DAY
    fast, slow = midnight + timedelta(seconds=30), midnight - timedelta(seconds=30)
    limits.allow(config, "main", 10, now)
    for moment in (fast, slow, fast, slow, fast):
        limits.allow(config, "main", 10, moment)
    assert (TransportState.objects.get().warm_up_day, TransportState.objects.get().warm_up_sent) == (2, 50)


def test_a_clock_that_is_set_back_leaves_the_day_of_the_warm_up(way, now):
    config = way(warm_up=[50, 600])
    assert [sent_on(config, now), sent_on(config, now + DAY)] == [50, 600]
    assert sent_on(config, now - 30 * DAY) == 0
    assert limits.allow(config, "main", 1, now - 30 * DAY).at < now - 29 * DAY
    assert sent_on(config, now - 29 * DAY) == 10_000


# ── connections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_holder_keeps_its_connection_and_others_get_it_once_it_is_given_back(way, now):
    config, (first, second, third) = way(connections=2), (uuid.uuid4() for _ in range(3))
    taken = [limits.connect(config, "main", holder, now) for holder in (first, second, third, first)]
    assert taken == [True, True, False, True]
    limits.disconnect(first)
    assert limits.connect(config, "main", third, now)
    assert not limits.connect(config, "main", first, now)


def test_a_connection_falls_to_others_when_its_holder_is_silent_for_too_long(way, now):
    config, (first, second) = way(connections=1), (uuid.uuid4() for _ in range(2))
    lease = config.send.lease
    assert limits.connect(config, "main", first, now)
    assert limits.connect(config, "main", first, now + 0.9 * lease)
    assert not limits.connect(config, "main", second, now + 1.8 * lease)
    assert limits.connect(config, "main", second, now + 2 * lease)
    assert not limits.connect(config, "main", first, now + 2 * lease)


def test_a_clock_that_is_set_back_frees_the_connections_of_the_dead(way, now):
    config = way(connections=1)
    assert limits.connect(config, "main", uuid.uuid4(), now)
    assert limits.connect(config, "main", uuid.uuid4(), now - DAY)


def test_fewer_connections_are_soon_held_when_config_says_so(way, now):
    holders = [uuid.uuid4() for _ in range(3)]
    assert all(limits.connect(way(connections=3), "main", holder, now) for holder in holders)
    kept = [limits.connect(way(connections=1), "main", holder, now) for holder in holders]
    assert kept == [True, False, False]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_as_many_connections_as_there_are(way, now):
    config = way(connections=5)

    def take(_: int) -> bool:
        try:
            return limits.connect(config, "main", uuid.uuid4(), now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(take, range(24))) == 5
    assert Slot.objects.count() == 5


def test_that_there_is_no_connection_left_is_seen_without_a_lock(way, now, django_assert_num_queries):
    config = way(connections=1)
    assert limits.connect(config, "main", uuid.uuid4(), now)
    with django_assert_num_queries(3) as asked:
        assert not limits.connect(config, "main", uuid.uuid4(), now)
    assert all(one["sql"].startswith("SELECT") for one in asked.captured_queries)


def test_keeping_a_connection_costs_one_question(way, now, django_assert_num_queries):
    config, holder = way(), uuid.uuid4()
    limits.connect(config, "main", holder, now)
    with django_assert_num_queries(1):
        assert limits.connect(config, "main", holder, now + timedelta(seconds=1))


# ── rest ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rests_grow_longer_while_a_transport_fails_and_short_again_once_it_is_well(now):
    moment, lengths = now, []
    for _ in range(8):
        limits.rest("main", "cannot be reached", moment, moment)
        until, reason = limits.resting(["main", "other"], moment)["main"]
        assert reason == "cannot be reached"
        lengths.append((until - moment).total_seconds())
        moment = until
        assert limits.resting(["main"], moment) == {}
    assert lengths == [30, 60, 120, 240, 480, 960, 1800, 1800]
    limits.well("main", moment)
    limits.rest("main", "again", moment, moment)
    assert limits.resting(["main"], moment)["main"][0] == moment + limits.FIRST_REST


def test_failures_of_several_workers_at_once_are_one(now):
    for second in range(5):
        limits.rest("main", "down", now, now + timedelta(seconds=second))
    assert limits.resting(["main"], now)["main"][0] == now + limits.FIRST_REST


def test_a_rest_lasts_as_long_as_the_other_side_asks_for(now):
    limits.rest("main", "quota", now + HOUR, now)
    assert limits.resting(["main"], now)["main"] == (now + HOUR, "quota")


def test_a_late_success_does_not_end_a_rest(now):
    limits.rest("main", "down", now, now)
    limits.well("main", now)
    assert limits.resting(["main"], now)


def test_some_rests_last_until_a_person_ends_them(now):
    limits.rest("main", "password refused", None, now)
    limits.rest("main", "down", now, now)
    limits.well("main", now + DAY)
    assert limits.resting(["main"], now + DAY) == {"main": (None, "password refused")}
    assert [limits.resume("main"), limits.resume("main")] == [True, False]
    assert limits.resting(["main"], now + DAY) == {}


def test_a_clock_that_is_set_back_ends_a_rest(now):
    limits.rest("main", "down", now, now)
    assert limits.resting(["main"], now - DAY) == {}
    limits.rest("main", "down", now - DAY, now - DAY)
    assert limits.resting(["main"], now - DAY)["main"][0] <= now - DAY + 2 * limits.FIRST_REST


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "no limit in time; 4 connections"),
        ({"connections": 1, "rate": "5/s"}, "5 per second; 1 connection"),
        (
            {"rate": ["100 per second", "5000 a day"], "warm_up": [50, 100, 500]},
            "100 per second, 5,000 a day; warm-up day 1 of 3: 50 today; 4 connections",
        ),
    ],
)
def test_limits_are_said_as_a_person_would(way, now, settings, words):
    assert limits.in_words(way(**settings), "main", now) == words


def test_the_day_of_a_warm_up_is_said_too(way, now):
    config = way(warm_up=[50, 2000])
    limits.allow(config, "main", 50, now)
    assert "warm-up day 1 of 2: 50 today, 50 of them sent;" in limits.in_words(config, "main", now)
    assert "warm-up day 2 of 2: 2,000 today;" in limits.in_words(config, "main", now + DAY)
    limits.allow(config, "main", 50, now + DAY)
    assert "warm-up of 2 days done;" in limits.in_words(config, "main", now + 9 * DAY)
