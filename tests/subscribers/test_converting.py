"""A field gets another kind: what fits is converted, what does not stays and is named, and a kill costs nothing."""

import pytest

from subscribers import converting
from subscribers.models import Field, Subscriber
from subscribers.segments import check
from tests.factories import make_subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def age():
    for value in ("30", "10.5", "unknown", "1,234", "", 7, True, False):
        make_subscriber(fields={"age": value, "city": "Bonn"})
    make_subscriber(fields={"city": "Bonn"})
    return Field.objects.create(name="age")


def values(name="age"):
    found = Subscriber.objects.order_by("pk").values_list("fields", flat=True)
    return [fields[name] for fields in found if name in fields]


def test_a_look_says_what_would_fit_and_changes_nothing(age):
    before = values()
    seen = converting.survey(age, "number")
    assert (seen.fit, seen.unfit, seen.whole) == (4, 4, True)
    assert set(seen.examples) == {"unknown", "1,234", "yes", "no"}
    assert values() == before


def test_what_fits_is_converted_and_what_does_not_stays(age):
    assert converting.begin(age, "number")
    assert converting.work() == 8
    age.refresh_from_db()
    assert (age.kind, age.becoming) == ("number", "")
    assert values() == [30, 10.5, "unknown", "1,234", 7, True, False]
    assert values("city") == ["Bonn"] * 9
    assert converting.work() == 0


@pytest.mark.parametrize(
    ("before", "kind", "after"),
    [(30, "text", "30"), (True, "text", "yes"), (False, "text", "no"), ("ja", "yes_no", True), (0, "yes_no", False),
     ("22.11.2026", "date", "2026-11-22"), ("2026-11-22", "text", "2026-11-22"), (2.5, "text", "2.5")],
)  # fmt: skip
def test_each_kind_becomes_each_other_where_it_can(before, kind, after):
    found = converting.converted(before, kind)
    assert (found, type(found)) == (after, type(after))


def test_a_killed_conversion_goes_on_where_it_stopped(age, monkeypatch):
    monkeypatch.setattr(converting, "_PIECE", 3)
    converting.begin(age, "number")
    looks = iter([False, True])
    assert converting.work(lambda: next(looks)) == 3
    age.refresh_from_db()
    assert (age.kind, age.becoming, values()[:3]) == ("text", "number", [30, 10.5, "unknown"])
    converting.work()
    age.refresh_from_db()
    assert (age.kind, values()[3:]) == ("number", ["1,234", 7, True, False])


def test_a_field_is_changed_once_at_a_time(age):
    assert converting.begin(age, "number")
    assert not converting.begin(age, "date")
    converting.work()
    assert not converting.begin(age, "number")


def test_segments_wait_while_a_field_is_being_changed(age):
    rules = {"all": [{"kind": "field", "of": "age", "is": "set"}]}
    converting.begin(age, "number")
    assert [one.text for one in check(rules)] == ["“age” is being changed to another kind; wait until that is done"]
    converting.work()
    assert check(rules) == []


def test_removing_takes_the_values_and_then_the_field(age):
    converting.begin(age, converting.REMOVED)
    converting.work()
    assert (values(), len(values("city"))) == ([], 9)
    assert not Field.objects.exists()
