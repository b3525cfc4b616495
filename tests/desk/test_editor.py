"""The page on which an issue is made: every form and button of it, without a script."""

import json
import uuid

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from newsletter.desk.actions import fingerprint
from newsletter.models import Issue, Item, OwnBlock, Revision, SetAside
from newsletter.models.editing import seen
from newsletter.models.own_block import name_of, pieces
from tests.factories import make_issue, make_item, make_post, make_staff

pytestmark = pytest.mark.django_db
Status = Issue.Status
JSON = {"Accept": "application/json"}


@pytest.fixture
def issue():
    issue = make_issue(status=Status.IN_REVIEW, subject="Whales")
    for title, section in (("🐋 A", "Sea"), ("B", "Sea"), ("C", "Land")):
        make_item(
            issue, make_post(title=title, image_url="https://example.org/a.png", image_alt="A whale"), section=section
        )
    return issue


def page_of(issue):
    return reverse("desk-edit", args=(issue.pk,))


def row(client, issue, place):
    """The row in this place of the page, as the browser has it."""
    rows = [row for group in client.get(page_of(issue)).context["groups"] for row in group.rows]
    return rows[place]


def filled(form, **changes):
    """What a browser sends of a form."""
    said = {name: value or "" for name, value in form.initial.items()}
    return {**said, **dict(form.marks), **changes}


def save(client, issue, place, headers=None, **changes):
    found = row(client, issue, place)
    do = "item" if found.item else "block"
    data = filled(found.form, do=do, piece=found.name, **changes)
    return client.post(page_of(issue), data, headers=headers or {})


def save_letter(client, issue, headers=None, **changes):
    form = client.get(page_of(issue)).context["letter"]
    return client.post(page_of(issue), filled(form, do="letter", **changes), headers=headers or {})


def press(client, issue, do, follow=True, **data):
    return client.post(page_of(issue), {"do": do, **data}, follow=follow)


def order(issue):
    return [getattr(one, "title", "") or one.text for one in pieces(issue)]


# ── what it shows ──


def test_it_shows_the_line_in_the_inbox_as_the_pattern_makes_it(staff, issue):
    Issue.objects.update(subject="")
    found = staff.get(page_of(issue))
    assert found.status_code == 200
    assert found.context["subject"]
    assert "no-store" in found["Cache-Control"]


def test_what_cannot_be_rendered_is_said_and_can_be_mended_there(staff, issue):
    Issue.objects.update(subject="{{ reader.nonsense.more }}")
    found = staff.get(page_of(issue))
    assert "cannot be rendered as it stands" in found.content.decode()
    save_letter(staff, issue, subject="Whales")
    assert "cannot be rendered as it stands" not in staff.get(page_of(issue)).content.decode()


def test_an_issue_of_a_newsletter_that_is_gone_from_config_opens(staff):
    issue = make_issue(newsletter="gone")
    make_item(issue)
    assert staff.get(page_of(issue)).status_code == 200


def test_an_empty_issue_says_what_to_do_next(staff):
    issue = make_issue(status=Status.IN_REVIEW)
    assert "an issue needs one story at least" in staff.get(page_of(issue)).content.decode()


def test_it_asks_the_database_as_often_for_sixty_stories_as_for_three(staff, issue):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert staff.get(page_of(issue)).status_code == 200
        return len(queries)

    staff.get(page_of(issue))
    few = asked()
    for _ in range(57):
        make_item(issue, section="Land")
    assert asked() == few


def test_who_may_only_look_is_shown_no_forms_and_may_not_post(issue):
    client, user = Client(), make_staff(is_superuser=False)
    user.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(user)
    found = client.get(page_of(issue)).content.decode()
    assert "🐋 A" in found
    assert 'name="do"' not in found
    assert client.post(page_of(issue), {"do": "letter", "subject": "x"}).status_code == 403
    for tool in ("look", "paste", "picture", "here"):
        assert client.post(reverse(f"desk-edit-{tool}", args=(issue.pk,))).status_code == 403


@pytest.mark.parametrize("data", [{}, {"do": "nonsense"}, {"do": "item"}, {"do": "item", "piece": "i999999"},
                                  {"do": "move", "piece": "x"}, {"do": "out", "piece": "b1"},
                                  {"do": "reset", "piece": ""}, {"do": "block", "piece": "i1"}])  # fmt: skip
def test_a_hostile_form_is_answered_in_words_and_changes_nothing(staff, issue, data):
    before = fingerprint(issue)
    assert staff.post(page_of(issue), data).status_code == 409
    assert fingerprint(issue) == before


# ── what it keeps ──


def test_a_story_is_said_differently_for_this_issue_only(staff, issue):
    answer = save(staff, issue, 0, emoji="🐳", title="Two whales", note="Why it matters", summary="Better.")
    assert answer.status_code == 303
    item = issue.items.first()
    assert (item.title, item.note, item.summary) == ("🐳 Two whales", "Why it matters", "Better.")
    assert item.own == "title summary"
    assert item.post.title == "🐋 A"
    assert "edited for this issue" in staff.get(page_of(issue)).content.decode()
    press(staff, issue, "reset", piece=f"i{item.pk}")
    item.refresh_from_db()
    assert (item.title, item.own, item.note) == ("🐋 A", "", "Why it matters")


def test_the_emoji_alone_can_be_changed_or_taken_away(staff, issue):
    save(staff, issue, 0, emoji=":tada:")
    assert issue.items.first().title == "🎉 A"
    save(staff, issue, 0, emoji="")
    assert issue.items.first().title == "A"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"title": " "}, "title"), ({"title": "x" * 501}, "title"), ({"image_url": "javascript:alert(1)"}, "image_url"),
     ({"image_url": "https://example.org/new.png", "image_alt": ""}, "image_alt")],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(staff, issue, changes, field):
    answer = save(staff, issue, 0, note="Typed, not lost", **changes)
    assert answer.status_code == 422
    form = answer.context["groups"][0].rows[0].form
    assert form.errors[field]
    assert "Typed, not lost" in answer.content.decode()
    assert issue.items.first().note == ""
    assert field in save(staff, issue, 0, JSON, **changes).json()["errors"]


def test_a_script_is_told_when_it_was_kept_and_what_the_form_holds_now(staff, issue):
    told = save(staff, issue, 0, JSON, title="Two   whales ").json()
    issue.refresh_from_db()
    assert told["version"] == issue.version == 1
    assert told["at"].endswith(("UTC", "CET", "CEST"))
    assert told["seen"]["title"] == seen(issue.items.first().title.removeprefix("🐋 "))
    assert told["voided"] is False


def test_saving_twice_is_saving_once(staff, issue):
    found = row(staff, issue, 0)
    data = filled(found.form, do="item", piece=found.name, note="Once")
    for _ in range(2):
        assert staff.post(page_of(issue), data).status_code == 303
    assert Revision.objects.count() == 2  # as it was drawn up, and this edit


def test_two_who_edit_the_same_words_are_both_shown_and_one_chooses(staff, issue):
    grace = Client()
    grace.force_login(make_staff("grace"))
    form = staff.get(page_of(issue)).context["letter"]
    save_letter(grace, issue, subject="By Grace", preheader="Grace's too")
    data = filled(form, do="letter", subject="By Ada", opening="Ada's letter")
    answer = staff.post(page_of(issue), data)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "By Grace" in shown
    assert "By Ada" in shown
    issue.refresh_from_db()
    assert (issue.subject, issue.opening) == ("By Grace", "")
    # She keeps hers; what she wrote elsewhere is kept too, and what only Grace changed stays.
    chosen = {
        "do": "letter", "subject": "By Ada and Grace", **answer.context["rest"],
        **{f"seen-{name}": mark for name, mark in answer.context["shown"].items()},
    }  # fmt: skip
    assert staff.post(page_of(issue), chosen).status_code == 303
    issue.refresh_from_db()
    assert (issue.subject, issue.opening, issue.preheader) == ("By Ada and Grace", "Ada's letter", "Grace's too")
    assert staff.post(page_of(issue), data, headers=JSON).json() == {"stale": ["subject"]}


def test_two_who_edit_different_words_do_not_notice_each_other(staff, issue):
    form = staff.get(page_of(issue)).context["letter"]
    save_letter(staff, issue, preheader="Theirs")
    assert staff.post(page_of(issue), filled(form, do="letter", subject="Mine")).status_code == 303
    issue.refresh_from_db()
    assert (issue.subject, issue.preheader) == ("Mine", "Theirs")


def test_going_back_after_sending_loses_nothing_that_was_typed(staff, issue):
    form = staff.get(page_of(issue)).context["letter"]
    Issue.objects.update(status=Status.SENDING)
    data = filled(form, do="letter", opening="A long letter, written just now")
    answer = staff.post(page_of(issue), data)
    assert answer.status_code == 409
    assert "A long letter, written just now" in answer.content.decode()
    assert "cannot be edited any more" in answer.content.decode()
    assert "cannot be edited any more" in staff.post(page_of(issue), data, headers=JSON).json()["refused"]
    assert press(staff, issue, "out", piece=name_of(issue.items.first())).status_code == 409
    assert issue.items.count() == 3


def test_words_for_a_story_that_was_taken_out_meanwhile_are_shown_not_lost(staff, issue):
    found = row(staff, issue, 1)
    press(staff, issue, "out", piece=found.name)
    answer = staff.post(page_of(issue), filled(found.form, do="item", piece=found.name, note="My long note"))
    assert answer.status_code == 409
    assert "My long note" in answer.content.decode()


# ── what it moves ──


def test_the_buttons_say_where_to_so_that_pressing_twice_is_pressing_once(staff, issue):
    last = row(staff, issue, 2)
    for _ in range(2):
        press(staff, issue, "move", piece=last.name, **last.up)
    assert order(issue) == ["🐋 A", "B", "C"]
    assert issue.items.get(title="C").section == "Sea"
    first = row(staff, issue, 0)
    for _ in range(2):
        said = press(staff, issue, "move", piece=first.name, **first.down).context["said"]
    assert order(issue) == ["B", "🐋 A", "C"]
    assert said == "“🐋 A” is now 2 of 3 in Sea."


def test_the_first_has_no_way_up_and_the_last_no_way_down(staff, issue):
    assert row(staff, issue, 0).up is None
    assert row(staff, issue, 2).down is None


def test_a_story_moves_to_a_section_that_is_new(staff, issue):
    press(staff, issue, "move", piece=row(staff, issue, 0).name, section="  Sky   and stars ")
    assert [group.title for group in staff.get(page_of(issue)).context["groups"]] == ["Sea", "Land", "Sky and stars"]


def test_a_section_is_renamed_and_moved(staff, issue):
    press(staff, issue, "section", section="Land", title="Earth", emoji="🌍")
    press(staff, issue, "sections", section="Earth", before="Sea")
    groups = staff.get(page_of(issue)).context["groups"]
    assert [(group.title, group.emoji) for group in groups] == [("Earth", "🌍"), ("Sea", "")]
    assert order(issue) == ["C", "🐋 A", "B"]


def test_what_is_pinned_comes_first_and_nothing_steps_over_it(staff, issue):
    press(staff, issue, "pin", piece=row(staff, issue, 1).name, to="on")
    assert order(issue) == ["B", "🐋 A", "C"]
    assert row(staff, issue, 1).up is None
    press(staff, issue, "pin", piece=row(staff, issue, 0).name, to="off")
    assert row(staff, issue, 1).up is not None


def test_a_story_is_taken_out_and_put_back(staff, issue):
    Item.objects.filter(title="B").update(note="Read this")
    before = fingerprint(issue)
    found = row(staff, issue, 1)
    assert "“B” is taken out." in press(staff, issue, "out", piece=found.name).content.decode()
    assert fingerprint(issue) != before
    aside = SetAside.objects.get()
    for _ in range(2):
        press(staff, issue, "back", aside=str(aside.pk))
    assert order(issue) == ["🐋 A", "B", "C"]
    assert issue.items.get(title="B").note == "Read this"


# ── own blocks ──


def add(client, issue, text, after="", key=None):
    return client.post(page_of(issue), {"do": "add", "text": text, "after": after, "key": key or str(uuid.uuid4())})


def test_a_block_is_added_edited_and_moved_between_stories(staff, issue):
    first = row(staff, issue, 0)
    before = fingerprint(issue)
    answer = add(staff, issue, "## News\r\n\r\nOf our own.", first.name)
    assert answer["Location"].endswith(f"#piece-b{OwnBlock.objects.get().pk}")
    assert order(issue) == ["🐋 A", "## News\n\nOf our own.", "B", "C"]
    assert fingerprint(issue) != before
    save(staff, issue, 1, text="Less.")
    assert OwnBlock.objects.get().text == "Less."
    assert OwnBlock.objects.get().section == "Sea"


def test_the_same_form_sent_twice_adds_one_block_and_another_text_is_not_lost(staff, issue):
    key = str(uuid.uuid4())
    for text in ("Once.", "Once.", "Something else."):
        assert add(staff, issue, text, key=key).status_code == 303
    assert sorted(OwnBlock.objects.values_list("text", flat=True)) == ["Once.", "Something else."]


@pytest.mark.parametrize("text", ["", "   ", "x" * 100_001])
def test_a_block_without_words_or_with_too_many_is_refused_where_it_is_written(staff, issue, text):
    answer = add(staff, issue, text)
    assert answer.status_code == 422
    assert answer.context["add"].errors["text"]
    assert not OwnBlock.objects.exists()


def test_everything_that_changes_the_mail_changes_what_is_approved(staff, issue):
    prints = {fingerprint(issue)}
    add(staff, issue, "A word.")
    prints.add(fingerprint(issue))
    save(staff, issue, 0, text="Another word.")
    prints.add(fingerprint(issue))
    press(staff, issue, "section", section="Sea", title="Sea", emoji="🌊")
    prints.add(fingerprint(issue))
    save(staff, issue, 1, image_alt="Another whale")
    prints.add(fingerprint(issue))
    assert len(prints) == 5


# ── history ──


def test_the_history_says_who_when_and_what_and_goes_back(staff, issue):
    save_letter(staff, issue, subject="Two whales")
    save(staff, issue, 0, note="Read this")
    shown = staff.get(reverse("desk-history", args=(issue.pk,))).content.decode()
    for part in ("Revision 2", "ada", "Subject changed", "note changed", "As it was drawn up"):
        assert part in shown
    then = reverse("desk-revision", args=(issue.pk, 1))
    assert "Two whales" in staff.get(then).content.decode()
    for _ in range(2):
        assert staff.post(reverse("desk-revision", args=(issue.pk, 0)), follow=True).status_code == 200
    issue.refresh_from_db()
    assert (issue.subject, issue.items.first().note, issue.version) == ("Whales", "", 3)
    staff.post(reverse("desk-revision", args=(issue.pk, 2)))
    issue.refresh_from_db()
    assert (issue.subject, issue.items.first().note, issue.version) == ("Two whales", "Read this", 4)


def test_a_restored_revision_voids_an_approval_and_says_so(staff, issue):
    save_letter(staff, issue, subject="Two whales")
    Issue.objects.update(status=Status.APPROVED)
    answer = staff.post(reverse("desk-revision", args=(issue.pk, 0)), follow=True)
    assert "The approval is void" in answer.content.decode()
    issue.refresh_from_db()
    assert issue.status == "in_review"


def test_nothing_is_restored_once_sending_has_started(staff, issue):
    save_letter(staff, issue, subject="Two whales")
    Issue.objects.update(status=Status.SENT)
    assert staff.post(reverse("desk-revision", args=(issue.pk, 0))).status_code == 409
    issue.refresh_from_db()
    assert issue.subject == "Two whales"
    assert (
        "Make the issue say this again" not in staff.get(reverse("desk-revision", args=(issue.pk, 0))).content.decode()
    )


# ── tools ──


def tool(client, issue, name, headers=JSON, **data):
    return client.post(reverse(f"desk-edit-{name}", args=(issue.pk,)), data, headers=headers)


def test_words_are_shown_as_they_will_read_or_what_is_wrong_with_them(staff, issue):
    poll = "Hello {{ reader.first_name | default('you') }}\n\n::: poll Tea?\n- Yes\n- No\n:::"
    shown = tool(staff, issue, "look", text=poll).content.decode()
    assert "Hello you" in shown
    assert "<li>Yes</li>" in shown
    assert "desk-problem" in tool(staff, issue, "look", text="{% if reader.name %}").content.decode()
    assert "<script" not in tool(staff, issue, "look", text="<script>alert(1)</script>").content.decode()


def test_a_pasted_word_document_comes_back_as_markdown(staff, issue):
    html = "<p class=MsoNormal><b>Hello</b><o:p></o:p></p><p><img src='file:///C:/a.png'></p>"
    told = tool(staff, issue, "paste", html=html).json()
    assert told["text"] == "**Hello**"
    assert "A picture was left out" in told["said"]
    assert tool(staff, issue, "paste", html="x" * 1_000_001).status_code == 413


def test_who_else_is_there_is_told_and_that_somebody_changed_it(staff, issue):
    grace = Client()
    grace.force_login(make_staff("grace", first_name="Grace", last_name="Hopper"))
    assert tool(grace, issue, "here").json()["others"] == []
    save_letter(grace, issue, subject="Two whales")
    told = json.loads(tool(staff, issue, "here").content)
    assert (told["others"], told["version"], told["by"]) == (["Grace Hopper"], 1, "Grace Hopper")
    assert "Grace Hopper has this issue open too" in " ".join(staff.get(page_of(issue)).content.decode().split())


def test_emoji_are_found_by_their_names(staff):
    found = dict(staff.get(reverse("desk-emoji"), {"q": "spouting whale"}).json()["found"])
    assert "🐳" in found
    assert len(staff.get(reverse("desk-emoji")).json()["found"]) > 50
    assert staff.get(reverse("desk-emoji"), {"q": "qqqq"}).json()["found"] == []
