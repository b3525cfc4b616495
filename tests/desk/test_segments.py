"""Segments at the desk: written as a form, counted meanwhile, used by issues, and never lost by a mistake."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from newsletter.desk.builder import Draft
from newsletter.models import Issue
from subscribers.models import Field, Segment, Tag, Tagging
from tests.factories import make_issue, make_item, make_list, make_message, make_sent_issue, make_staff, make_subscriber

pytestmark = pytest.mark.django_db
NEW, DRAW, COUNT = "/desk/segment/", "/desk/segment/draw", "/desk/segment/count"
HAS = {"kind": "tag", "of": "press", "is": "has"}


@pytest.fixture(autouse=True)
def known():
    Tag.objects.create(name="press", title="Press")
    make_list("readers")
    Field.objects.create(name="city", title="City")
    Field.objects.create(name="age", kind="number")


@pytest.fixture
def press():
    person = make_subscriber("ada@example.org", fields={"city": "Berlin"})
    Tagging.objects.create(tag=Tag.objects.get(), subscriber=person)
    make_subscriber("bob@example.org", fields={"city": "Bonn"})
    return person


def form(*rows, **more):
    """What a browser sends: rows as (number, up, kind, of, is, values) or (number, up, join)."""
    data = {"title": "Some", "join-1": "all", "row": [row[0] for row in rows], **more}
    for number, up, *said in rows:
        data[f"up-{number}"] = up
        if len(said) == 1:
            data[f"join-{number}"] = said[0]
        else:
            kind, of, asks, values = said
            data |= {f"kind-{number}": kind, f"was-{number}": kind, f"of-{number}": of, f"about-{number}": of}
            data |= {f"is-{number}": asks, f"value-{number}": values}
    return data


PRESS = (2, 1, "tag", "press", "has", [])
CITY = (3, 1, "field", "city", "one_of", ["Berlin\r\nBonn\r\n"])


def make_segment(name="some", rules=None, **fields):
    return Segment.objects.create(name=name, title=name.title(), rules=rules or {"all": [HAS]}, **fields)


def test_a_segment_is_made_from_a_plain_form(staff, press):
    answer = staff.post(NEW, form(PRESS, CITY, do="save"))
    made = Segment.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/desk/segment/{made.pk}/")
    city = {"kind": "field", "of": "city", "is": "one_of", "value": ["Berlin", "Bonn"]}
    assert (made.name, made.rules) == ("some", {"version": 1, "all": [HAS, city]})
    page = staff.get(f"/desk/segment/{made.pk}/").content.decode()
    for part in ("tagged Press, and City is Berlin or Bonn", "ada@example.org", "Berlin\nBonn</textarea>"):
        assert part in page
    assert "bob@example.org" not in page


@pytest.mark.parametrize(
    "rules",
    [{"all": [HAS]}, {"any": [HAS, {"not": {"any": [HAS, HAS]}}]}, {"not": {"any": [HAS]}},
     {"all": [{"any": [HAS, {"all": [HAS, {"kind": "opened", "is": "last_days", "value": 30}]}]}]},
     {"all": [{"kind": "field", "of": "age", "is": "between", "value": [1, 2.5]}, {"kind": "opened", "is": "never"}]}],
)  # fmt: skip
def test_opening_and_saving_changes_no_rule(staff, rules):
    made = make_segment(rules=rules)
    page = staff.get(f"/desk/segment/{made.pk}/")
    draft = page.context["draft"]
    assert draft.rules == {"version": 1, **rules}
    staff.post(f"/desk/segment/{made.pk}/", as_browser(page, do="save"))
    made.refresh_from_db()
    assert made.rules == {"version": 1, **rules}


class FormReader(HTMLParser):
    """Reads what the inputs of a form hold."""

    def __init__(self):
        super().__init__()
        self.data, self.select, self.area = {}, None, None

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "input" and found.get("name"):
            self.keep(found["name"], found.get("value") or "")
        elif tag == "select":
            self.select = found["name"]
        elif tag == "option" and "selected" in found:
            self.keep(self.select, found["value"])
        elif tag == "textarea":
            self.area = found["name"]

    def handle_data(self, data):
        if self.area:
            self.keep(self.area, data)

    def handle_endtag(self, tag):
        self.area = None

    def keep(self, name, value):
        self.data.setdefault(name, []).append(value)


def as_browser(page, **more):
    """The form of a page as a browser would send it back."""
    reader = FormReader()
    reader.feed(page.content.decode().split('id="segment-form"')[1].split("</form>")[0])
    return {**reader.data, **more}


def test_a_mistake_is_shown_at_its_rule_and_nothing_typed_is_lost(staff):
    wrong = (3, 1, "field", "age", "more", ["12,345"])
    answer = staff.post(NEW, form(PRESS, wrong, do="save", title="", description="A <word>"))
    page = answer.content.decode()
    assert (answer.status_code, Segment.objects.count()) == (422, 0)
    for part in (
        "“12,345” could be a thousand or a fraction",
        'value="12,345"',
        'value="A &lt;word&gt;"',
        'id="problem-3"',
    ):
        assert part in page
    assert 'id="problem-2"' not in page
    assert "This field is required" in page


@pytest.mark.parametrize(
    ("button", "rows"),
    [("rule:1", 3), ("group:1", 4), ("drop:2", 1), ("drop:1", 2), ("rule:2", 2), ("rule:99", 2),
     ("x", 2), ("rule:", 2)],
)  # fmt: skip
def test_buttons_change_the_rows_with_script_and_without(staff, button, rows):
    data = form(PRESS, CITY, do=button)
    for address in (NEW, DRAW):
        page = staff.post(address, data)
        assert page.status_code == 200
        assert page.content.decode().count('name="row"') == rows
    assert not Segment.objects.exists()


def test_presses_that_were_not_answered_yet_are_carried_out_in_their_order(staff):
    presses = ["rule:1", "drop:2", "drop:2", "group:1", "rule:4", "rule:5"]
    page = staff.post(DRAW, form(PRESS, CITY, press=presses)).content.decode()
    assert [f'id="row-{number}"' in page for number in range(2, 10)] == [False, *[True] * 5, False, False]
    assert page.count("autofocus") == 1
    assert re.search(r'id="kind-7"[^>]*autofocus', page)
    staff.post(NEW, form(PRESS, CITY, press=["drop:2"], do="save"))
    assert [rule["kind"] for rule in Segment.objects.get().rules["all"]] == ["field"]


def test_what_was_typed_is_there_again_after_a_question_that_takes_no_value(staff):
    page = staff.post(DRAW, form((2, 1, "field", "city", "not_set", ["Berlin\r\nBonn"]))).content.decode()
    assert '<input type="hidden" name="value-2" value="Berlin\r\nBonn">' in page


def test_several_values_stay_to_be_seen_where_one_is_asked_for(staff, press):
    several = form((2, 1, "field", "city", "is", ["Berlin\r\nBonn"]))
    page = staff.post(DRAW, several).content.decode()
    assert "Berlin\r\nBonn</textarea>" in page
    answer = staff.post(NEW, several | {"do": "save"})
    assert answer.status_code == 422
    assert "This asks for one value, and here are 2" in answer.content.decode()
    assert not Segment.objects.exists()
    page = staff.post(DRAW, form((2, 1, "field", "city", "is", ["Bonn"]))).content.decode()
    assert 'value="Bonn"' in page
    assert "</textarea>" not in page


def test_a_question_fits_the_field_that_was_just_chosen_and_nobody_is_rebuked_yet(staff):
    chosen = form((2, 1, "field", "age", "", [])) | {"about-2": ""}
    page = staff.post(DRAW, chosen).content.decode()
    assert "not possible" not in page
    assert '<input id="value-2"' in page
    assert "desk-fault" not in page
    other = form((2, 1, "field", "age", "contains", ["Berl"])) | {"about-2": "city"}
    page = staff.post(DRAW, other).content.decode()
    assert "not possible" not in page
    assert "Berl" not in page
    assert staff.post(NEW, chosen | {"do": "save"}).content.decode().count("desk-fault") == 1


def test_values_that_people_have_are_offered_to_who_may_see_people(staff, client, press):
    make_subscriber("eve@example.org", fields={"city": "Berlin", "age": 41})
    page = staff.post(DRAW, form(CITY)).content.decode()
    assert re.findall(r'<option value="(B\w+)"></option>', page) == ["Berlin", "Bonn"]
    assert 'list="seen-3"' in page
    assert "example.org" in staff.post(DRAW, form((2, 1, "domain", "", "one_of", []))).content.decode()
    for rule in (("field", "age", "is", ["4"]), ("field", "gone", "is", ["x"]), ("opened", "", "last_days", ["4"])):
        assert "datalist" not in staff.post(DRAW, form((2, 1, *rule))).content.decode()
    user = make_staff("viewer", is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_segment"))
    client.force_login(user)
    assert "Bonn" not in client.post(DRAW, form((3, 1, "field", "city", "is", ["x"]))).content.decode()


def test_one_value_more_is_taken_without_script(staff):
    rules = form((3, 1, "field", "city", "one_of", ["Berlin\r\n"]), **{"more-3": " Bonn "})
    assert ">Berlin\r\n</textarea>" in staff.post(DRAW, rules).content.decode()
    staff.post(NEW, {**rules, "do": "save"})
    assert Segment.objects.get().rules["all"][0]["value"] == ["Berlin", "Bonn"]


def test_another_kind_of_rule_forgets_what_was_asked_before(staff):
    data = form((2, 1, "domain", "city", "one_of", ["Berlin"]))
    data["was-2"] = "field"
    page = staff.post(DRAW, data).content.decode()
    assert "Berlin" not in page
    assert '<option value="domain" selected>' in page


def test_the_count_is_asked_for_while_writing_and_keeps_nothing(staff, press):
    page = staff.post(COUNT, form(PRESS)).content.decode()
    assert ">1</span> person" in page
    assert "ada@example.org" in page
    assert "choose a tag" in staff.post(COUNT, form((2, 1, "tag", "", "has", []))).content.decode().lower()
    assert not Segment.objects.exists()
    for address in (DRAW, COUNT):
        assert staff.get(address).status_code == 405


@pytest.mark.parametrize(
    "data",
    [
        {"row": [str(n) for n in range(2, 400)], **{f"up-{n}": "1" for n in range(2, 400)}},
        {"row": ["2", "2", "1", "-1", "x", "2.5", "99999999", "٣"], "up-2": "2", "up-1": "2", "up-x": "1"},
        {"row": ["2", "3"], "up-2": "3", "up-3": "2", "join-2": "all", "join-3": "all"},
        {"row": ["2"], "up-2": "1", "kind-2": "field", "of-2": "city' OR 1=1 --", "is-2": "is", "value-2": "x"},
        {"row": ["2"], "up-2": "1", "kind-2": "fi\0eld", "of-2": "ci\0ty", "is-2": "i\0s", "value-2": "\0"},
        {"row": ["2"], "up-2": "1", "kind-2": "field", "of-2": "city", "about-2": "city", "is-2": "is",
         "was-2": "field", "value-2": "x" * 100_000},
        {"row": ["2"], "up-2": "1", "kind-2": "password", "of-2": "x", "is-2": "x"},
        {"join-1": "xor", "row": ["2"], "up-2": "1", "join-2": "all' --"},
        {"segment": "9" * 40}, {"segment": "x"}, {},
        {"do": "rule:" + "9" * 5000},
    ],
)  # fmt: skip
def test_a_hostile_form_is_answered_and_saves_nothing(staff, data):
    for address in (NEW, DRAW, COUNT):
        assert staff.post(address, {"title": "x", "do": "save", **data}).status_code in (200, 422)
    assert not Segment.objects.exists()


def test_ten_thousand_rows_are_refused(staff):
    assert staff.post(COUNT, {"row": [str(n) for n in range(10_000)]}).status_code == 400


def test_names_are_made_from_titles_and_are_given_once(staff):
    for wanted in ("readers-in-koln", "readers-in-koln-2"):
        staff.post(NEW, form(PRESS, do="save", title="Readers in Köln"))
        assert Segment.objects.filter(name=wanted).exists()
    answer = staff.post(NEW, form(PRESS, do="save", name="readers-in-koln"))
    assert (answer.status_code, Segment.objects.count()) == (422, 2)
    made = Segment.objects.first()
    staff.post(f"/desk/segment/{made.pk}/", form(PRESS, do="save", name="other", title="Other"))
    made.refresh_from_db()
    assert (made.name, made.title) == ("readers-in-koln", "Other")


def test_a_copy_is_made_of_what_is_saved(staff):
    made = make_segment()
    answer = staff.post(f"/desk/segment/{made.pk}/", form(do="duplicate"))
    copy = Segment.objects.get(name="some-2")
    assert answer["Location"] == f"/desk/segment/{copy.pk}/"
    assert (copy.title, copy.rules) == ("Some (copy)", made.rules)


def test_a_segment_in_use_is_not_deleted_and_says_what_uses_it(staff, settings, make_config):
    made = make_segment()
    issue = make_issue(segment=made)
    make_segment("outer", {"all": [{"kind": "segment", "of": "some", "is": "in"}]})
    settings.NEWSLETTER = make_config(newsletters={"weekly": {"without": ["some"]}})
    address = f"/desk/segment/{made.pk}/delete/"
    for answer in (staff.get(address), staff.post(address)):
        page = answer.content.decode()
        for user in (f"the issue {issue}", "config.yaml (newsletters.weekly)", "the segment “Outer”"):
            assert user in page
    assert answer.status_code == 409
    assert Segment.objects.filter(pk=made.pk).exists()


def test_deleting_is_asked_first(staff):
    made = make_segment()
    assert "Delete “Some”?" in staff.get(f"/desk/segment/{made.pk}/delete/").content.decode()
    assert Segment.objects.exists()
    assert staff.post(f"/desk/segment/{made.pk}/delete/").status_code == 303
    assert not Segment.objects.exists()


def test_a_broken_segment_names_the_rule_that_is_at_fault(staff):
    made = make_segment(rules={"all": [HAS, {"kind": "list", "of": "gone", "is": "active"}]})
    page = staff.get(f"/desk/segment/{made.pk}/").content.decode()
    assert "This segment cannot be followed: it means nobody" in page
    assert "There is no list “gone” (any more)" in page
    assert "gone (gone)" in page
    listed = staff.get(reverse("admin:subscribers_segment_changelist")).content.decode()
    assert "broken" in listed
    assert "nobody: there is no list “gone”" in listed.lower()


def test_the_list_tells_rules_in_words_and_leads_to_the_page(staff):
    made = make_segment()
    page = staff.get(reverse("admin:subscribers_segment_changelist")).content.decode()
    assert "agged Press" in page
    assert (
        staff.get(reverse("admin:subscribers_segment_change", args=(made.pk,)))["Location"]
        == f"/desk/segment/{made.pk}/"
    )
    assert staff.get(reverse("admin:subscribers_segment_add"))["Location"] == NEW


def test_only_who_may_does(client, press):
    made = make_segment()
    user = make_staff("eve", is_superuser=False)
    client.force_login(user)
    for address in (NEW, f"/desk/segment/{made.pk}/"):
        assert client.get(address).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_segment"))
    page = client.get(f"/desk/segment/{made.pk}/").content.decode()
    assert "You may not see who they are." in page
    assert "ada@example.org" not in page
    assert client.post(f"/desk/segment/{made.pk}/", form(PRESS, do="save")).status_code == 403
    assert client.post(f"/desk/segment/{made.pk}/delete/").status_code == 403
    assert "Add a rule" not in client.post(DRAW, form(PRESS)).content.decode()
    assert client.post(NEW, form(PRESS, do="save")).status_code == 403
    client.logout()
    assert client.post(COUNT, form(PRESS))["Location"].startswith("/desk/login/")


def test_the_issue_says_how_many_it_goes_to_and_why_others_do_not_get_it(staff, press):
    issue = make_issue(status=Issue.Status.IN_REVIEW, segment=make_segment())
    address = reverse("desk-issue-audience", args=(issue.pk,))
    assert address in staff.get(reverse("admin:newsletter_issue_change", args=(issue.pk,))).content.decode()
    page = " ".join(staff.get(address).content.decode().split())
    assert "<strong>1</strong> person" in page
    assert "1 is left out: not in the segment “Some”, for which it is meant" in page
    Tag.objects.all().delete()
    assert "there is no tag “press”" in staff.get(address).content.decode()


def test_an_issue_that_found_nobody_says_whom_it_goes_to_once_there_is_somebody(staff, press):
    issue = make_issue(status=Issue.Status.PAUSED, started_at=timezone.now())
    page = staff.get(reverse("admin:newsletter_issue_change", args=(issue.pk,))).content.decode()
    assert reverse("desk-issue-audience", args=(issue.pk,)) in page


def test_the_segments_of_an_issue_are_chosen_on_its_page_and_keep_its_approval(staff, press):
    issue = make_issue(status=Issue.Status.APPROVED, due_at=timezone.now())
    make_item(issue)
    made = make_segment()
    data = {"segment": made.pk, "left_out": ""}
    staff.post(reverse("admin:newsletter_issue_change", args=(issue.pk,)), data)
    issue.refresh_from_db()
    assert (issue.segment, issue.left_out, issue.status) == (made, None, "approved")


def test_rows_that_cannot_be_read_are_still_shown():
    draft = Draft.of({"all": [5, {"kind": ["x"]}, {"any": "x"}]})
    assert [row.kind for row in draft.root.parts] == ["", "['x']", ""]
    assert draft.check() == []
    assert draft.faulty


def test_an_issue_that_was_stopped_for_nobody_can_be_meant_for_others(staff, press):
    made = make_segment()
    issue = make_sent_issue(status="paused", segment=made, reason="nobody to send to")
    path = reverse("admin:newsletter_issue_change", args=(issue.pk,))
    page = staff.get(path).content.decode()
    assert ('name="segment"' in page, 'name="subject"' in page) == (True, False)
    forms = {f"{one}-{of}_FORMS": 0 for one in ("corrections",) for of in ("TOTAL", "INITIAL")}
    answer = staff.post(path, {"segment": "", "left_out": made.pk, **forms})
    assert answer.status_code == 302, answer.content.decode()
    issue.refresh_from_db()
    assert (issue.segment, issue.left_out, issue.status) == (None, made, "paused")
    make_message(issue)
    assert 'name="segment"' not in staff.get(path).content.decode()
