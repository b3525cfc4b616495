"""Somebody who waits for a number gets one in time, and is told when it is an estimate."""

import time

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from subscribers import segments
from subscribers.models import Field, Subscriber
from subscribers.segments import finding

pytestmark = pytest.mark.django_db
RULES = {"all": [{"kind": "field", "of": "city", "is": "set"}]}
COUNTING = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000000) SELECT count(*) FROM n"


@pytest.fixture(autouse=True)
def crowd():
    Field.objects.create(name="city")
    Subscriber.objects.bulk_create(
        Subscriber(email=f"p{n}@x.test", key=f"p{n}@x.test", fields={"city": "x"} if n % 3 else {}) for n in range(3000)
    )


def slowly():
    with connection.cursor() as cursor:
        cursor.execute(COUNTING)
        return cursor.fetchone()


def test_what_takes_too_long_is_given_up_and_the_connection_goes_on():
    began = time.monotonic()
    assert finding._in_time(0.1, slowly) is None
    assert time.monotonic() - began < 5
    assert finding._in_time(5, Subscriber.objects.count) == 3000


def test_another_fault_of_the_database_is_not_taken_for_slowness():
    def wrong():
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError, match="disk"):
        finding._in_time(5, wrong)


def test_an_exact_number_and_the_latest_ten():
    seen = segments.look(RULES, timezone.now())
    assert (seen.count, seen.exact, len(seen.people)) == (2000, True, 10)
    assert [one.email for one in seen.people[:2]] == ["p2999@x.test", "p2998@x.test"]


def test_an_estimate_is_near_and_rounded_so_that_nobody_takes_it_for_exact():
    Subscriber.objects.filter(pk__in=Subscriber.objects.order_by("pk").values("pk")[:100]).delete()
    meant = segments.condition(RULES)
    assert finding._estimate(meant, timezone.now()) in (1900, 1934)
    Subscriber.objects.all().delete()
    assert finding._estimate(meant, timezone.now()) == 0
    assert [finding._round(number) for number in (0, 7, 42, 1234, 987_654)] == [0, 7, 42, 1200, 990_000]


def test_a_segment_of_nobody_is_zero_people():
    Subscriber.objects.update(fields={})
    assert segments.look(RULES, timezone.now()) == segments.Found(0, True, [])
