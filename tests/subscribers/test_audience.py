"""Who may be written to, why not, and how one leaves."""

from datetime import timedelta

import pytest

from subscribers.models import Subscription, audience, unsubscribe
from tests.factories import make_subscriber, make_suppression

pytestmark = pytest.mark.django_db


def of(*lists):
    return sorted(audience(lists).values_list("key", "exclusion"))


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
    assert unsubscribe(person, ["readers"], "one click", later) == 1
    rows = {row.list.name: row for row in Subscription.objects.filter(subscriber=person).select_related("list")}
    assert (rows["readers"].status, rows["readers"].how, rows["readers"].changed_at) == (
        "unsubscribed", "one click", later,
    )  # fmt: skip
    assert rows["friends"].status == "active"
    assert other.subscriptions.get().status == "active"


def test_leaving_twice_changes_nothing_the_second_time(now):
    person = make_subscriber()
    unsubscribe(person, ["readers"], "one click", now)
    assert unsubscribe(person, ["readers"], "again", now + timedelta(days=1)) == 0
    row = person.subscriptions.get()
    assert (row.how, row.changed_at) == ("one click", now)


def test_leaving_a_list_one_is_not_on_does_nothing(now):
    assert unsubscribe(make_subscriber(), ["others"], "one click", now) == 0


def test_people_lists_and_suppressions_name_themselves(now):
    person = make_subscriber("ada@example.org", name="Ada")
    row = person.subscriptions.get()
    assert str(row) == "Ada <ada@example.org> on readers: active"
    assert str(make_subscriber("bob@example.org")) == "bob@example.org"
    assert str(make_suppression("eve@example.org", "complained")) == "eve@example.org (complained)"
