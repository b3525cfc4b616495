"""Who may be written to, why not, and how one leaves."""

from datetime import timedelta

import pytest
from django.db.models import Q

from subscribers.audience import Audience, Part
from subscribers.joining import leave
from subscribers.models import Subscription
from tests.factories import NOW, make_subscriber, make_suppression, occasion

pytestmark = pytest.mark.django_db


def of(*lists, now=NOW, **how):
    return sorted(Audience(lists, **how).people(now).values_list("key", "exclusion"))


def test_everyone_active_on_one_of_the_lists_counts_once():
    make_subscriber("ada@example.org", ("readers", "friends"))
    make_subscriber("bob@example.org", ("friends",))
    make_subscriber("cy@example.org", ("others",))
    make_subscriber("di@example.org", ())
    assert of("readers", "friends") == [("ada@example.org", ""), ("bob@example.org", "")]
    assert of("readers") == [("ada@example.org", "")]
    assert of("no-such-list") == []
    assert of() == []


def test_a_suppressed_address_is_shown_with_the_reason_however_it_is_spelt():
    make_subscriber("Ada@bücher.example")
    make_suppression("ADA@xn--bcher-kva.example")
    assert of("readers") == [("ada@xn--bcher-kva.example", "suppressed")]


def test_suppressing_one_address_bars_nobody_else():
    make_subscriber("ada@example.org")
    make_suppression("ada+news@example.org")
    assert of("readers") == [("ada@example.org", "")]


def test_leaving_ends_only_the_lists_named_and_records_how_and_when(now):
    person = make_subscriber("ada@example.org", ("readers", "friends"))
    other = make_subscriber("bob@example.org")
    later = now + timedelta(days=1)
    assert leave(person, ["readers"], occasion("one click", later)) == ["readers"]
    rows = {row.list.name: row for row in Subscription.objects.filter(subscriber=person).select_related("list")}
    assert (rows["readers"].status, rows["readers"].how, rows["readers"].changed_at) == (
        "unsubscribed", "one click", later,
    )  # fmt: skip
    assert rows["friends"].status == "active"
    assert other.subscriptions.get().status == "active"


def test_leaving_twice_changes_nothing_the_second_time(now):
    person = make_subscriber()
    leave(person, ["readers"], occasion("one click", now))
    assert leave(person, ["readers"], occasion("again", now + timedelta(days=1))) == []
    row = person.subscriptions.get()
    assert (row.how, row.changed_at) == ("one click", now)


def test_leaving_a_list_one_is_not_on_does_nothing(now):
    assert leave(make_subscriber(), ["others"], occasion("one click", now)) == []


def test_people_lists_and_suppressions_name_themselves(now):
    person = make_subscriber("ada@example.org", name="Ada")
    row = person.subscriptions.get()
    assert str(row) == "Ada <ada@example.org> on readers: active"
    assert str(make_subscriber("bob@example.org")) == "bob@example.org"
    assert str(make_suppression("eve@example.org", "complained")) == "eve@example.org (complained)"


def test_who_has_paused_is_left_out_until_the_day_and_not_beyond(now):
    make_subscriber("ada@example.org", paused_until=now + timedelta(days=7))
    assert of("readers", now=now) == [("ada@example.org", "paused by the reader")]
    assert of("readers", now=now + timedelta(days=7)) == [("ada@example.org", "")]


def test_who_gives_no_sign_of_life_is_left_out():
    make_subscriber("ada@example.org", status="dormant")
    make_subscriber("bob@example.org", status="asked")
    assert of("readers") == [("ada@example.org", "no sign of life for long"), ("bob@example.org", "")]


def test_a_summary_goes_to_those_alone_who_want_no_more():
    make_subscriber("ada@example.org")
    bob = make_subscriber("bob@example.org", ("readers", "friends"))
    bob.subscriptions.filter(list__name="readers").update(frequency="monthly")
    make_subscriber("cy@example.org").subscriptions.update(frequency="monthly")
    monthly = "asked for the monthly summary alone"
    assert of("readers") == [("ada@example.org", ""), ("bob@example.org", monthly), ("cy@example.org", monthly)]
    assert of("readers", "friends") == [("ada@example.org", ""), ("bob@example.org", ""), ("cy@example.org", monthly)]
    assert of("readers", summary=True) == [("bob@example.org", ""), ("cy@example.org", "")]
    assert of("readers", "friends", summary=True) == [("cy@example.org", "")]


def test_an_audience_is_narrowed_down_by_conditions():
    make_subscriber("ada@example.org", name="Ada")
    make_subscriber("bob@example.org", name="Bob")
    make_subscriber("cy@example.org", name="Cy")
    found = of(
        "readers", only=(Part("no Cy", lambda now: ~Q(name="Cy")),), without=(Part("Bobs", lambda now: Q(name="Bob")),)
    )
    assert found == [
        ("ada@example.org", ""),
        ("bob@example.org", "in the segment “Bobs”, which is left out"),
        ("cy@example.org", "not in the segment “no Cy”, for which it is meant"),
    ]


def test_who_has_only_asked_is_no_candidate():
    make_subscriber("ada@example.org").subscriptions.update(status="pending")
    assert of("readers") == []
