"""An issue is edited by one at a time, what it said is kept, and nobody writes over what somebody else wrote."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from newsletter.models import Issue, Item, Opened, OwnBlock, Revision, SetAside, TransitionRefused
from newsletter.models import revision as revisions
from newsletter.models.editing import Stale, editing, merged, seen
from newsletter.models.own_block import arranged, keep_order, name_of, pieces, placed
from newsletter.models.states import as_in_the_post, restore, rewrite, state_of
from tests.factories import NOW, make_issue, make_item, make_post, make_staff

pytestmark = pytest.mark.django_db
Status = Issue.Status


@pytest.fixture
def ada():
    return make_staff("ada")


@pytest.fixture
def issue():
    """Three stories in two sections, with a block of the editor's own between the first two."""
    issue = make_issue(status=Status.IN_REVIEW, subject="Whales")
    for position, (title, section) in enumerate([("A", "Sea"), ("B", "Sea"), ("C", "Land")]):
        make_item(issue, make_post(title=title), position=position * 2, section=section)
    OwnBlock.objects.create(issue=issue, position=1, section="Sea", text="A word.")
    return issue


def order(issue):
    return [getattr(one, "title", "") or one.text for one in pieces(issue)]


def piece(issue, title):
    return next(one for one in pieces(issue) if title in (getattr(one, "title", ""), getattr(one, "text", "")))


def change(issue, by, now=NOW, about="letter", **values):
    with editing(issue.pk, by, now, about) as edit:
        Issue.objects.filter(pk=issue.pk).update(**values)
    return edit


# ── order ──


def test_stories_and_own_blocks_share_one_order(issue):
    assert order(issue) == ["A", "A word.", "B", "C"]


def test_a_piece_is_put_before_another_and_takes_its_section(issue):
    found = pieces(issue)
    keep_order(placed(found, found[3], "", found[0]))
    assert order(issue) == ["C", "A", "A word.", "B"]
    assert [one.section for one in pieces(issue)] == ["Sea"] * 4


def test_a_piece_goes_to_the_end_of_a_section_or_makes_a_new_one(issue):
    found = pieces(issue)
    keep_order(placed(found, found[0], "Land", None))
    assert order(issue) == ["A word.", "B", "C", "A"]
    found = pieces(issue)
    keep_order(placed(found, found[0], "Sky", None))
    assert [(one.section, one.section_emoji) for one in pieces(issue)][-1] == ("Sky", "")


def test_moving_twice_to_the_same_place_is_moving_once(issue):
    for _ in range(2):
        found = pieces(issue)
        by_name = {name_of(one): one for one in found}
        last = next(one for one in found if getattr(one, "title", "") == "B")
        keep_order(placed(found, last, "Sea", by_name[name_of(piece(issue, "A"))]))
    assert order(issue) == ["B", "A", "A word.", "C"]


def test_a_section_stands_where_its_first_piece_stands_and_what_is_pinned_comes_first_in_it(issue):
    Item.objects.filter(title="B").update(pinned=True)
    Item.objects.filter(title="C").update(position=1)
    assert [getattr(one, "title", "word") for one in arranged(pieces(issue))] == ["B", "A", "word", "C"]


# ── what is the editor's own ──


def test_what_an_editor_wrote_survives_a_change_of_the_post(issue):
    issue.status = Status.DRAFT
    issue.save()
    item = piece(issue, "A")
    rewrite(item, {"title": "A better title", "image_url": "https://example.org/mine.png", "image_alt": "Mine"})
    item.post.title, item.post.summary, item.post.image_url = "Changed", "Changed too.", "https://example.org/new.png"
    item.post.image_width = 900
    item.post.save()
    assert issue.copy_anew() == 1
    item.refresh_from_db()
    assert (item.title, item.summary) == ("A better title", "Changed too.")
    assert (item.image_url, item.image_alt, item.image_width) == ("https://example.org/mine.png", "Mine", 0)


def test_saying_it_as_the_post_says_it_hands_it_back_to_the_post(issue):
    item = piece(issue, "A")
    rewrite(item, {"title": "Mine", "summary": "Mine too."})
    rewrite(item, {"title": "A"})
    assert item.own == "summary"
    as_in_the_post(item)
    item.refresh_from_db()
    assert (item.own, item.title, item.summary) == ("", "A", item.post.summary)


# ── edits ──


def test_an_edit_is_kept_with_who_when_and_what(issue, ada):
    change(issue, ada, subject="Two whales")
    first, last = Revision.objects.order_by("number")
    assert (first.what, first.by, first.state["letter"]["subject"]) == ("As it was drawn up", None, "Whales")
    assert (last.what, last.by, last.at, last.state["letter"]["subject"]) == ("subject changed", ada, NOW, "Two whales")
    issue.refresh_from_db()
    assert issue.version == last.number


def test_what_changes_nothing_is_no_revision_and_voids_nothing(issue, ada):
    Issue.objects.update(status=Status.APPROVED)
    edit = change(issue, ada, subject="Whales")
    issue.refresh_from_db()
    assert (edit.changed, edit.voided, issue.status, issue.version) == (False, False, "approved", 0)
    assert not Revision.objects.exists()


def test_an_edit_voids_an_approval(issue, ada):
    Issue.objects.update(status=Status.SCHEDULED)
    assert change(issue, ada, subject="Two whales").voided
    issue.refresh_from_db()
    assert issue.status == "in_review"


@pytest.mark.parametrize("status", [Status.SENDING, Status.PAUSED, Status.SENT, Status.SKIPPED, Status.CANCELLED])
def test_once_sending_has_started_an_edit_is_refused(issue, ada, status):
    Issue.objects.update(status=status)
    with pytest.raises(TransitionRefused, match="cannot be edited any more"):
        change(issue, ada, subject="Too late")
    assert Issue.objects.get().subject == "Whales"


def test_what_one_person_types_into_one_form_in_a_while_is_one_revision(issue, ada):
    for second, subject in enumerate(("T", "Two", "Two whales")):
        change(issue, ada, NOW + timedelta(seconds=second), subject=subject)
    assert [one.what for one in Revision.objects.all()] == ["subject changed", "As it was drawn up"]
    assert Revision.objects.first().state["letter"]["subject"] == "Two whales"
    change(issue, ada, NOW + timedelta(seconds=5), "other", subject="Three")
    change(issue, make_staff("grace"), NOW + timedelta(seconds=6), "other", subject="Four")
    change(issue, ada, NOW + timedelta(minutes=9), subject="Five")
    assert Revision.objects.count() == 5
    issue.refresh_from_db()
    assert issue.version == Revision.objects.first().number == 6


def test_what_changed_elsewhere_meanwhile_is_a_revision_of_its_own(issue, ada):
    change(issue, ada, subject="Two whales")
    make_item(issue, make_post(title="D"), position=9)
    change(issue, ada, preheader="And more")
    lines = [one.lines for one in Revision.objects.all()]
    assert lines[0] == ["preheader changed"]
    assert lines[1] == [revisions.ELSEWHERE, "“D” added"]


def test_old_revisions_go_but_the_first_stays(issue, ada):
    change(issue, ada, subject="Two whales")
    state, most = state_of(issue), revisions.MOST
    Revision.objects.bulk_create(
        Revision(issue=issue, number=number, at=NOW, begun_at=NOW, what="x", state=state)
        for number in range(2, most + 9)
    )
    Issue.objects.update(version=most + 8)
    change(issue, ada, NOW, "other", subject="Three whales")
    numbers = list(Revision.objects.values_list("number", flat=True))
    assert (len(numbers), numbers[0], numbers[-2:]) == (most, most + 9, [11, 0])


# ── back to what it said ──


def test_a_restored_revision_says_what_it_said_and_takes_nothing_away_for_good(issue, ada):
    change(issue, ada, subject="Two whales")
    then = Revision.objects.first()
    with editing(issue.pk, ada, NOW):
        rewrite(piece(issue, "A"), {"title": "Mine"})
        SetAside.take(piece(issue, "B"), ada, NOW)
        OwnBlock.objects.update(text="Another word.")
        Issue.objects.update(subject="Three whales")
        make_item(issue, make_post(title="D"), position=9, section="Land", note="New")
    with editing(issue.pk, ada, NOW):
        surplus, gone = restore(issue, then.state)
        for one in surplus:
            SetAside.take(one, ada, NOW)
    assert state_of(issue) == then.state
    assert gone == []
    assert [str(one) for one in SetAside.offered(issue)] == ["“D”"]
    assert piece(issue, "B").html == "<p>What happened, in full.</p>"


def test_a_post_that_is_gone_is_named_and_the_rest_is_restored(issue, ada):
    change(issue, ada, subject="Two whales")
    then = Revision.objects.first()
    item = piece(issue, "B")
    with editing(issue.pk, ada, NOW):
        SetAside.take(item, ada, NOW)
    item.post.sightings.all().delete()
    item.post.delete()
    with editing(issue.pk, ada, NOW):
        assert restore(issue, then.state)[1] == ["B"]
    assert order(issue) == ["A", "A word.", "C"]


def test_what_was_taken_out_is_put_back_where_it_was_as_it_was(issue, ada):
    Item.objects.filter(title="B").update(note="Read this", pinned=False)
    before = state_of(issue)
    row = SetAside.take(piece(issue, "B"), ada, NOW)
    block = SetAside.take(piece(issue, "A word."), ada, NOW)
    assert order(issue) == ["A", "C"]
    assert block.put_back() is not None
    assert row.put_back() is not None
    assert state_of(issue) == before
    assert SetAside.objects.count() == 0


def test_putting_back_twice_does_no_harm(issue, ada):
    row = SetAside.take(piece(issue, "B"), ada, NOW)
    again = SetAside.objects.get()
    row.put_back()
    assert again.put_back() is None
    assert order(issue) == ["A", "A word.", "B", "C"]


# ── two at once ──


def test_what_two_change_in_different_fields_is_both_kept():
    stored = {"subject": "Theirs", "preheader": "Old"}
    shown = {"subject": seen("Old"), "preheader": seen("Old")}
    assert merged(stored, {"subject": "Old", "preheader": "Mine"}, shown) == {"preheader": "Mine"}


def test_what_two_change_in_one_field_is_refused_with_both_texts():
    with pytest.raises(Stale) as stale:
        merged({"subject": "Theirs"}, {"subject": "Mine"}, {"subject": seen("Old")})
    assert (stale.value.theirs, stale.value.mine) == ({"subject": "Theirs"}, {"subject": "Mine"})


def test_a_form_sent_twice_and_line_ends_of_browsers_are_no_conflict():
    shown = {"opening": seen("Old")}
    assert merged({"opening": "One\nTwo"}, {"opening": "One\r\nTwo"}, shown) == {}


def test_a_form_that_does_not_say_what_it_showed_overwrites_nothing():
    with pytest.raises(Stale):
        merged({"subject": "Theirs"}, {"subject": "Mine"}, {})


@pytest.mark.django_db(transaction=True)
def test_edits_of_two_connections_take_turns_and_none_is_lost(issue, ada):
    grace, both = make_staff("grace"), Barrier(2)

    def write(by, field):
        try:
            both.wait(30)
            with editing(issue.pk, by, NOW, field):
                Issue.objects.filter(pk=issue.pk).update(**{field: f"by {by.username}"})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write, ada, "subject"), pool.submit(write, grace, "preheader")]:
            done.result(60)
    issue.refresh_from_db()
    assert (issue.subject, issue.preheader, issue.version) == ("by ada", "by grace", 2)
    last = Revision.objects.first().state["letter"]
    assert (last["subject"], last["preheader"]) == ("by ada", "by grace")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_change_one_field_at_once_the_second_is_told(issue, ada):
    shown, both = {"subject": seen("Whales")}, Barrier(2)

    def write(subject):
        try:
            both.wait(30)
            with editing(issue.pk, ada, NOW) as edit:
                changes = merged({"subject": edit.issue.subject}, {"subject": subject}, shown)
                Issue.objects.filter(pk=issue.pk).update(**changes)
        except Stale as stale:
            return stale.theirs["subject"]
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(write, ["Mine", "Yours"]))
    issue.refresh_from_db()
    assert sorted(told) == sorted(["", issue.subject])
    assert issue.subject in ("Mine", "Yours")


def test_who_has_it_open_is_known_for_a_while(issue, ada):
    grace = make_staff("grace")
    Opened.beat(issue, grace, NOW)
    Opened.beat(issue, grace, NOW + timedelta(seconds=20))
    assert Opened.others(issue, ada, NOW + timedelta(seconds=60)) == ["grace"]
    assert Opened.others(issue, grace, NOW + timedelta(seconds=60)) == []
    assert Opened.others(issue, ada, NOW + timedelta(minutes=5)) == []
    Opened.beat(issue, ada, NOW + timedelta(hours=2))
    assert Opened.objects.count() == 1
