"""An A/B test on a terminal: made, changed, shown and decided."""

import json

import pytest

from newsletter.models import Issue, Trial
from tests.factories import make_issue, make_item, make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue():
    issue = make_issue(status=Issue.Status.IN_REVIEW, subject="Whales")
    make_item(issue, make_post(title="A whale falls"))
    return issue


def test_it_is_made_changed_and_taken_away(call, issue):
    assert "has no A/B test" in call("trial", str(issue)).out
    call("trial", str(issue), "--variant", "b", "--subject", "Sharks", "--share", "30", "--wait", "90m")
    call("trial", str(issue), "--variant", "c", "--preheader", "Teeth", "--way", "by-hand", "--measure", "opens")
    found = Trial.of(issue)
    assert (found.varies, found.share, found.way, found.measure) == (["subject", "preheader"], 30, "by_hand", "opens")
    assert found.wait.total_seconds() == 5400
    assert found.said("c") == {"subject": "Whales", "preheader": "Teeth"}
    told = json.loads(call("trial", str(issue), "--json").out)
    assert [one["variant"] for one in told["variants"]] == ["a", "b", "c"]
    call("trial", str(issue), "--drop", "b")
    assert Trial.of(issue).letters == ["a", "c"]
    call("trial", str(issue), "--remove")
    assert Trial.of(issue) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--subject", "Sharks"), "name the variant that says this"),
        (("--wait", "soon"), "'soon' is no time span"),
        (("--choose", "b"), "has no A/B test"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call, issue, options, said):
    answer = call("trial", str(issue), *options)
    assert answer.code != 0
    assert said in answer.err
    assert Trial.of(issue) is None


def test_what_is_not_sent_is_not_decided(call, issue):
    call("trial", str(issue), "--variant", "b", "--subject", "Sharks")
    assert "there is nothing to decide" in call("trial", str(issue), "--choose", "b").err


def test_a_preview_may_be_of_a_variant(call, issue):
    call("trial", str(issue), "--variant", "b", "--subject", "Sharks")
    assert "Subject: Sharks" in call("preview", str(issue), "--variant", "b", "--format", "eml").out
    assert "has no variant" in call("preview", str(issue), "--variant", "d").err
