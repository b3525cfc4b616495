"""What staff see of personalisation: a preview as one reader gets it, the editor's letters, a person's fields."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from newsletter.models import Issue
from newsletter.render import render
from newsletter.settings import current
from subscribers.models import Subscriber
from tests.desk.test_issues import edit
from tests.factories import make_issue, make_item, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
FEW = '{% if "vip" in reader.lists %}\nFor the few\n{% endif %}'
OPENING = f"Dear {{{{ reader.first_name }}}} of {{{{ reader.fields.city }}}},\n\n{FEW}"


@pytest.fixture
def issue(db):
    issue = make_issue(opening=OPENING, subject="News for {{ reader.first_name }}", status=Issue.Status.IN_REVIEW)
    make_item(issue)
    make_subscriber("ada@example.org", ("readers", "vip"), name="Ada Lovelace", fields={"city": "Berlin"})
    return issue


def preview(client, issue, name="desk-preview", **asked):
    return client.get(reverse(name, args=(issue.pk,)), asked).content.decode()


@pytest.mark.parametrize("approved", [False, True])
def test_a_preview_shows_what_one_reader_gets(staff, issue, approved, settings):
    if approved:
        issue.edition = render(issue, current(), settings.SECRET_KEY)
        issue.save()
    page = preview(staff, issue, **{"as": "ADA@example.org"})
    assert "News for Ada" in page
    assert "?as=ADA%40example.org" in page
    html = preview(staff, issue, "desk-preview-html", **{"as": "ada@example.org"})
    assert "Dear Ada of Berlin," in html
    assert "For the few" in html
    text = preview(staff, issue, part="text", **{"as": "ada@example.org"})
    assert "Dear Ada of Berlin," in text


def test_without_an_address_it_is_for_a_reader_who_does_not_exist(staff, issue):
    html = preview(staff, issue, "desk-preview-html")
    assert "Dear Robin of ," in html
    assert "For the few" not in html


def test_who_may_not_see_people_sees_none_in_a_preview(issue):
    editor = make_staff("eve", is_superuser=False)
    editor.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client = Client()
    client.force_login(editor)
    assert "Berlin" not in preview(client, issue, "desk-preview-html", **{"as": "ada@example.org"})
    assert 'name="as"' not in preview(client, issue)


def test_the_letters_are_edited_with_room_to_write_and_void_an_approval(staff, issue):
    page = staff.get(reverse("desk-edit", args=(issue.pk,))).content.decode()
    assert '<textarea name="opening" cols="40" rows="10"' in page
    Issue.objects.update(status=Issue.Status.APPROVED)
    assert edit(staff, issue, opening="Dear all,", closing="Bye").status_code == 303
    issue.refresh_from_db()
    assert (issue.opening, issue.closing, issue.status) == ("Dear all,", "Bye", Issue.Status.IN_REVIEW)


def test_a_letter_that_changes_while_it_is_approved_is_looked_at_again(staff, issue):
    page = staff.get(reverse("admin:newsletter_issue_approve", args=(issue.pk,)))
    seen = page.context["form"].initial.get("seen") or page.context["form"]["seen"].value()
    Issue.objects.update(opening="Other words")
    staff.post(reverse("admin:newsletter_issue_approve", args=(issue.pk,)), {"seen": seen})
    issue.refresh_from_db()
    assert issue.status == Issue.Status.IN_REVIEW


def test_a_persons_fields_are_lines_that_can_be_edited(staff):
    person = make_subscriber("ada@example.org", lists=(), fields={"city": "Berlin"})
    address = reverse("admin:subscribers_subscriber_change", args=(person.pk,))
    assert "city: Berlin</textarea>" in staff.get(address).content.decode()
    sent = {"email": person.email, "name": "Ada", "subscriptions-TOTAL_FORMS": 0, "subscriptions-INITIAL_FORMS": 0}
    staff.post(address, {**sent, "fields": "City: New  York\nFavourite Colour: teal: dark\n\nempty:"})
    assert Subscriber.objects.get().fields == {"city": "New York", "favourite_colour": "teal: dark"}
    page = staff.post(address, {**sent, "fields": "no colon here"}).content.decode()
    assert "is no field: write a name, a colon and a value" in page
    assert Subscriber.objects.get().fields == {"city": "New York", "favourite_colour": "teal: dark"}
