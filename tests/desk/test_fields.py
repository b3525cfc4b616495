"""Custom fields at the desk: declared, changed after a look at what that would do, deleted when nothing needs them."""

import pytest
from django.urls import reverse

from subscribers import converting
from subscribers.models import Field, Segment, Subscriber
from tests.factories import make_subscriber

pytestmark = pytest.mark.django_db
LIST = "/desk/subscribers/field/"


@pytest.fixture
def age():
    for value in ("30", "soon", "31"):
        make_subscriber(fields={"age": value})
    make_subscriber()
    return Field.objects.create(name="age", title="Age")


def asking():
    rules = {"all": [{"kind": "field", "of": "age", "is": "set"}]}
    return Segment.objects.create(name="aged", title="Aged", rules=rules)


def test_the_list_says_of_how_many_a_field_is_known_and_shows_some(staff, age):
    page = " ".join(staff.get(LIST).content.decode().split())
    for part in ("Age", "text", "3 of 4", "31, soon, 30"):
        assert part.lower() in page.lower()


def test_a_field_is_declared_by_its_title(staff):
    answer = staff.post(f"{LIST}add/", {"title": "Shoe size", "name": "", "kind": "number", "description": ""})
    assert answer.status_code == 302
    made = Field.objects.get()
    assert (made.name, made.kind) == ("shoe_size", "number")
    for again in ({"title": "Shoe Size"}, {"title": "靴"}):
        answer = staff.post(f"{LIST}add/", {"name": "", "kind": "text", "description": "", **again})
        assert answer.status_code == 200
    assert Field.objects.count() == 1


def test_a_title_is_changed_and_name_and_kind_are_not(staff, age):
    staff.post(
        reverse("admin:subscribers_field_change", args=(age.pk,)), {"title": "Years", "name": "x", "kind": "date"}
    )
    age.refresh_from_db()
    assert (age.title, age.name, age.kind) == ("Years", "age", "text")


def test_a_change_of_kind_is_shown_before_it_is_made(staff, age):
    address = f"/desk/field/{age.pk}/"
    page = " ".join(staff.get(address, {"kind": "number"}).content.decode().split())
    for part in ("<strong>2</strong> values fit", "<strong>1</strong> would not fit", "“soon”"):
        assert part in page
    assert Field.objects.get().becoming == ""
    assert staff.post(address, {"do": "kind", "kind": "number"}).status_code == 303
    assert Field.objects.get().becoming == "number"
    assert "being seen to" in staff.get(address).content.decode()
    assert staff.post(address, {"do": "kind", "kind": "date"}).status_code == 409
    converting.work()
    assert Field.objects.get().kind == "number"


@pytest.mark.parametrize("data", [{}, {"do": "kind"}, {"do": "kind", "kind": "removed"}, {"do": "x", "kind": "number"}])
def test_what_is_no_button_changes_nothing(staff, age, data):
    assert staff.post(f"/desk/field/{age.pk}/", data).status_code == 303
    assert staff.get(f"/desk/field/{age.pk}/", {"kind": "removed"}).status_code == 200
    assert Field.objects.values_list("kind", "becoming").get() == ("text", "")


def test_deleting_keeps_the_values_or_removes_them_as_asked(staff, age):
    staff.post(f"/desk/field/{age.pk}/", {"do": "delete"})
    assert not Field.objects.exists()
    assert Subscriber.objects.filter(fields__has_key="age").count() == 3
    again = Field.objects.create(name="age")
    staff.post(f"/desk/field/{again.pk}/", {"do": "remove"})
    converting.work()
    assert not Field.objects.exists()
    assert not Subscriber.objects.filter(fields__has_key="age").exists()


def test_a_field_that_a_segment_asks_about_is_not_deleted(staff, age):
    asking()
    for act in ("delete", "remove"):
        answer = staff.post(f"/desk/field/{age.pk}/", {"do": act})
        assert answer.status_code == 409
        assert "Aged" in answer.content.decode()
    assert Field.objects.values_list("becoming", flat=True).get() == ""
