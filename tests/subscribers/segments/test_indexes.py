"""The indexes of custom fields: they are there when segments need them, and the database uses them."""

import pytest
from django.db import connection

from subscribers.models import Field, Segment, Subscriber
from subscribers.segments import condition, indexes
from tests.factories import NOW

pytestmark = pytest.mark.django_db
FIELDS = {"city": "text", "age": "number", "born": "date", "member": "yes_no"}
RULES = {
    "city": ("is", "City 7"), "age": ("between", [3, 4]), "born": ("after", "2009-12-20"), "member": ("yes", None),
}  # fmt: skip


def rule(name):
    asks, value = RULES[name]
    return {"all": [{"kind": "field", "of": name, "is": asks, **({"value": value} if value else {})}]}


def segment(*names):
    return Segment.objects.create(name="some", title="Some", rules={"any": [rule(name)["all"][0] for name in names]})


@pytest.fixture
def fields():
    return {name: Field.objects.create(name=name, kind=kind) for name, kind in FIELDS.items()}


def crowd():
    """Five thousand people, of whom few are meant by each of RULES."""
    Subscriber.objects.bulk_create(
        Subscriber(
            email=f"p{n}@example.org", key=f"p{n}@example.org", domain="example.org",
            fields={"city": f"City {n % 500}", "age": n % 1000, "born":
                    f"20{n % 10:02}-12-{1 + n % 28:02}", "member": n % 400 == 0},
        ) for n in range(5000)
    )  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_the_database_uses_the_index_of_a_field(fields, name):
    crowd()
    segment(*FIELDS)
    wanted = f"field_{fields[name].pk}_{FIELDS[name]}"
    meant = Subscriber.objects.filter(condition(rule(name))(NOW))
    assert wanted not in meant.explain()
    before = meant.count()
    assert wanted in indexes.agree()
    assert wanted in meant.explain()
    assert 0 < meant.count() == before < 200


def test_there_is_an_index_for_what_a_segment_asks_about_and_for_nothing_else(fields):
    assert indexes.agree() == []
    made = segment("age")
    age = f"field_{fields['age'].pk}_number"
    assert (indexes.agree(), indexes.agree()) == ([age], [])
    made.rules = rule("city")
    made.save()
    assert sorted(indexes.agree()) == sorted([age, f"field_{fields['city'].pk}_text"])
    made.delete()
    assert indexes.agree() == [f"field_{fields['city'].pk}_text"]


def test_another_kind_makes_another_index(fields):
    segment("age")
    indexes.agree()
    Field.objects.filter(name="age").update(kind="text")
    number = fields["age"].pk
    assert indexes.agree() == [f"field_{number}_number", f"field_{number}_text"]


def test_a_deleted_field_leaves_no_index_behind(fields):
    number = fields["age"].pk
    segment("age")
    made = indexes.agree()
    fields["age"].delete()
    assert indexes.agree() == made == [f"field_{number}_number"]


def test_an_index_keeps_nobody_out_whatever_their_fields_hold(fields):
    segment(*FIELDS)
    indexes.agree()
    for odd in ({"city": "x" * 10_000}, {"age": 10**400}, {"born": "日" * 5000}, {"city": {"a": ["b" * 9000]}}, {}):
        Subscriber.objects.create(email=repr(odd)[:40], key=repr(odd)[:40], fields=odd)
    assert Subscriber.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_beside_those_who_write(fields):
    """Outside a transaction PostgreSQL makes and drops it CONCURRENTLY; a half-made one is made anew."""
    segment("age")
    name = f"field_{fields['age'].pk}_number"
    assert indexes.agree() == [name]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
        assert indexes.agree() == [name, name]
    assert indexes.agree() == []
    Segment.objects.all().delete()
    assert indexes.agree() == [name]
