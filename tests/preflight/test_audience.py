"""Who would get it, what they have no name for, and what they have read before."""

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.models import Issue, Message
from newsletter.preflight import asked
from newsletter.preflight.checks import audience, fields, stories
from newsletter.preflight.checks.stories import are_alike
from subscribers.limits import TooLong
from subscribers.models import Subscription
from tests.factories import NOW, make_item, make_message, make_post, make_sent_issue, make_subscriber
from tests.preflight.conftest import codes, only, own, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def readers():
    """Four readers, of whom one has a first name in a field, one a name, two neither."""
    return [
        make_subscriber(fields={"first_name": "Ada", "city": "Berlin"}),
        make_subscriber(name="Maja Berg", fields={"city": ""}),
        make_subscriber(),
        make_subscriber(fields={"first_name": ""}),
    ]


def test_how_many_readers_get_the_words_instead_is_a_note(make_proof, readers):
    one = only(fields.empty(make_proof(opening="Dear {{ reader.first_name | default('friend') }}, hello")))
    assert (one.code, one.what) == ("field-default", "2 of 4 readers have no first name; they read “friend”")


def test_where_they_read_nothing_it_is_a_warning(make_proof, readers):
    one = only(fields.empty(make_proof(subject="{{ reader.fields.city }} this week")))
    assert (one.code, one.where) == ("field-empty", "the subject")
    assert one.what.startswith("3 of 4 readers have no city")


def test_what_stands_within_a_condition_that_asks_for_it_is_never_empty(make_proof, readers):
    asks = "{% if reader.first_name %}Dear {{ reader.first_name }}, {% endif %}hello"
    assert list(fields.empty(make_proof(opening=asks))) == []
    other = "{% if reader.fields.city %}Dear {{ reader.first_name }}, {% endif %}hello"
    assert codes(fields.empty(make_proof(opening=other))) == ["field-empty"]


def test_a_field_that_everybody_has_is_not_named(make_proof):
    make_subscriber(name="Ada")
    assert list(fields.empty(make_proof(opening="Dear {{ reader.name }}"))) == []
    assert list(fields.empty(make_proof())) == []


def test_only_those_who_would_get_it_are_counted(make_proof, readers):
    make_subscriber(lists=("others",))
    make_subscriber(paused_until=NOW + timedelta(days=30))
    assert only(fields.empty(make_proof(opening="{{ reader.name }}"))).what.startswith("3 of 4")


@pytest.mark.parametrize("name", ["a__b", "x' OR 1=1 --", "pk", "fields", "日本"])
def test_a_field_of_any_name_is_counted(make_proof, readers, name):
    proof = make_proof()
    counted = asked.count(proof, [(name, True)])
    assert (counted.whole, counted.missing[name, True]) == (4, 4)


def test_an_audience_that_takes_too_long_to_count_is_estimated(make_proof, readers, monkeypatch):
    calls = []

    def counted(people, wanted):
        calls.append(people)
        if len(calls) == 1:
            raise TooLong
        return real(people, wanted)

    real = asked._counted
    monkeypatch.setattr(asked, "_counted", counted)
    found = asked.count(make_proof(), [("name", False)])
    assert (found.exact, found.whole, found.missing["name", False]) == (False, 4, 3)


def test_an_audience_of_nobody_is_a_warning(make_proof):
    assert codes(audience.size(make_proof())) == ["audience-empty"]
    make_subscriber()
    assert codes(audience.size(make_proof())) == []


def test_a_segment_that_is_gone_is_said(make_proof):
    make_subscriber()
    proof = make_proof(changes={"newsletters": {"weekly": {"audience": "gone"}}})
    one = only(audience.size(proof))
    assert one.code == "audience-unknown"
    assert "gone" in one.what


@pytest.mark.parametrize(
    ("before", "now", "found"), [(30, 30, 0), (30, 25, 0), (30, 12, 1), (22, 40, 1), (5, 1, 0), (0, 30, 0)]
)
def test_an_audience_far_from_the_usual_one(make_proof, before, now, found):
    people = [make_subscriber() for _ in range(max(before, now))]
    if before:
        issue = make_sent_issue(due_at=NOW - timedelta(days=7))
        for person in people[:before]:
            make_message(issue, person)
        make_message(issue, make_subscriber(lists=()), state=Message.State.EXCLUDED)
    for person in people[now:]:
        Subscription.objects.filter(subscriber=person).delete()
    assert codes(audience.size(make_proof())) == ["audience-unusual"] * found


SECTIONS = {"newsletters": {"weekly": {"min": 2, "sections": [{"title": "Sea", "tags": ["sea"], "min": 2}]}}}


def test_a_section_under_its_minimum_and_an_issue_under_its_own(make_proof):
    found = stories.sections(make_proof(changes=SECTIONS))
    assert [one.where for one in found] == ["section “Sea”", "the issue"]


def test_enough_stories_are_enough(make_proof):
    proof = make_proof(make_post(), make_post(), changes=SECTIONS)
    proof.issue.items.update(section="Sea")
    again = replace(proof, items=tuple(proof.issue.items.select_related("post__source")))
    assert list(stories.sections(again)) == []


def test_a_monthly_summary_has_no_sections_and_tells_again(make_proof):
    post = make_post()
    make_item(make_sent_issue(due_at=NOW - timedelta(days=7)), post)
    proof = make_proof(post, changes=SECTIONS, kind=Issue.Kind.SUMMARY)
    assert list(stories.sections(proof)) == list(stories.again(proof)) == []


def test_a_story_of_an_earlier_issue_is_known_by_its_post_and_by_its_address(make_proof):
    before = make_sent_issue(due_at=NOW - timedelta(days=7))
    post = make_post(title="A whale falls")
    make_item(before, post)
    make_item(before, make_post(title="Else", url="https://www.iana.org/reef/"))
    spelt_otherwise = make_post(title="A reef", url="http://iana.org/reef")
    found = list(stories.again(make_proof(post, spelt_otherwise)))
    assert [(one.code, one.about) for one in found] == [("story-again", before.slug)] * 2


def test_a_title_that_is_nearly_the_same_is_found(make_proof):
    make_item(make_sent_issue(due_at=NOW - timedelta(days=7)), make_post(title="The longest lunch in the sea"))
    one = only(stories.again(make_proof(make_post(title="The Longest Lunch in the Seas!"))))
    assert one.code == "story-alike"


def test_two_of_one_issue_are_compared_too(make_proof):
    proof = make_proof(make_post(title="A whale falls at night"), make_post(title="A Whale Falls at Night"))
    assert codes(stories.again(proof)) == ["story-alike"]


def test_stories_of_issues_that_never_went_out_or_of_others_do_not_count(make_proof):
    post, other = make_post(title="A whale falls"), make_post(title="A reef grows")
    make_item(make_sent_issue(newsletter="daily"), other)
    make_item(make_sent_issue(due_at=NOW - timedelta(days=500)), post)
    assert list(stories.again(make_proof(post, other, own(title="Quite another story")))) == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("a b", "a b", True), ("a b", "a c", False), ("", "", False),
     ("the year of the cat", "the year of the dog", False),
     ("the longest lunch in the sea", "longest lunch in the sea", True)],
)  # fmt: skip
def test_how_like_two_titles_are(one, other, alike):
    assert are_alike(one.split(), other.split()) == alike


def test_a_finding_names_its_story(make_proof):
    make_item(make_sent_issue(due_at=NOW - timedelta(days=7)), post := make_post(title="A whale falls"))
    assert said(stories.again(make_proof(post))) == [("“A whale falls”", "2026-11-13")]
