"""Events are dropped in their time; what they counted for stays."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter.models import Event, Sign, Tally
from newsletter.models.taking import Happening, take_in
from newsletter.models.verifying import drifts
from newsletter.track import forget
from tests.factories import NOW, make_message

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def opened(message, at):
    return Happening(message.pk, Event.Kind.OPEN, at, judged=Event.Judged.HUMAN)


def test_events_are_dropped_after_their_time_and_the_counts_stay(make_config):
    config, message = make_config(track={"keep": "30d"}), make_message()
    take_in([opened(message, NOW), opened(message, NOW + DAY)], NOW + DAY)
    assert forget(config, NOW + 30 * DAY + timedelta(hours=1)) == 1
    assert list(Event.objects.values_list("at", flat=True)) == [NOW + DAY]
    assert forget(config, NOW + 40 * DAY) == 1
    assert sum(Tally.objects.values_list("human", flat=True)) == 2
    assert sum(Tally.objects.values_list("readers", flat=True)) == 1
    assert Sign.objects.get(message=message).first_human_at == NOW
    assert not list(drifts(message.issue))


def test_a_turn_that_is_asked_to_stop_drops_nothing_more(make_config):
    message = make_message()
    take_in([opened(message, NOW)], NOW)
    assert forget(make_config(track={"keep": "1d"}), NOW + 9 * DAY, stopped=lambda: True) == 0
    assert Event.objects.exists()


def test_to_find_nothing_to_drop_keeps_nobody_from_writing(make_config):
    """On SQLite every transaction is a writer's turn, and the look at all events takes seconds where there are many."""
    message = make_message()
    take_in([opened(message, NOW)], NOW)
    with CaptureQueriesContext(connection) as asked:
        assert forget(make_config(track={"keep": "30d"}), NOW + DAY) == 0
    assert [one["sql"].split()[0] for one in asked] == ["SELECT"]
