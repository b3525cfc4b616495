"""What cannot be followed is refused, with the rule that is at fault; it never means everybody."""

import pytest

from subscribers import segments
from subscribers.models import Field, Segment, Tag
from subscribers.segments import Broken, check, condition
from tests.factories import NOW, make_list, make_subscriber

pytestmark = pytest.mark.django_db
HAS = {"kind": "tag", "of": "press", "is": "has"}


@pytest.fixture(autouse=True)
def known():
    Tag.objects.create(name="press")
    make_list("readers")
    for name, kind in (("city", "text"), ("age", "number"), ("born", "date"), ("member", "yes_no")):
        Field.objects.create(name=name, kind=kind)


def faults(rules, name=""):
    return [(".".join(map(str, one.path)), one.text) for one in check(rules, name)]


def field(name, asks, value=None):
    return {"kind": "field", "of": name, "is": asks, "value": value}


@pytest.mark.parametrize(
    "rules",
    [None, {}, {"version": 1}, {"all": []}, {"any": []}, {"not": {}}, {"not": []}, [], "x", 5, {"all": "x"},
     {"all": [5]},
     {"all": [HAS], "any": [HAS]}, {"all": [HAS], "x": 1}, {**HAS, "x": 1}, {"kind": ["tag"], "of": {}, "is": None},
     {"all": [{"version": 1, "all": [HAS]}]}],
)  # fmt: skip
def test_what_is_no_rule_is_refused(rules):
    assert check(rules)
    with pytest.raises(Broken):
        condition(rules)


def test_rules_of_another_version_are_not_guessed_at():
    assert faults({"version": 2, "all": [HAS]}) == [("", "these rules were written by another version of this program")]
    assert faults({"version": 1, "all": [HAS]}) == []


ISSUES = "this must be a whole number of issues, from 1 to 10000"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "tag", "of": "gone", "is": "has"}, "there is no tag “gone” (any more)"),
        ({"kind": "tag", "of": "", "is": "has"}, "choose a tag"),
        ({"kind": "list", "of": "gone", "is": "active"}, "there is no list “gone” (any more)"),
        ({"kind": "segment", "of": "gone", "is": "in"}, "there is no segment “gone” (any more)"),
        ({"kind": "issue", "of": "weekly/1999", "is": "sent"}, "there is no issue “weekly/1999” (any more)"),
        ({"kind": "issue", "of": "", "is": "opened"}, "choose an issue"),
        ({"kind": "received", "of": "gone", "is": "none"}, "there is no newsletter “gone” (any more)"),
        ({"kind": "received", "of": "*", "is": "at_least", "value": 0}, ISSUES),
        ({"kind": "received", "of": "*", "is": "at_most", "value": 1.5}, ISSUES),
        (field("gone", "is", "x"), "there is no field “gone” (any more)"),
        (field("city'; DROP TABLE x; --", "is", "x"), "there is no field “city'; DROP TABLE x; --” (any more)"),
        (field('city"}', "is", "x"), 'there is no field “city"}” (any more)'),
        (field("ci\0ty", "is", "x"), "there is no field “ci\0ty” (any more)"),
        ({"kind": "password", "is": "x"}, "there is no rule of the kind “password”"),
        ({"kind": "", "is": ""}, "choose what the rule is about"),
        ({**HAS, "is": ""}, "choose what is asked"),
        ({**HAS, "is": "like"}, "“like” cannot be asked of “press”, tag"),
        ({**HAS, "value": "x"}, "this question takes no value"),
        (field("age", "is", "30"), "this must be a number"),
        (field("age", "is", True), "this must be a number"),
        (field("age", "is", float("inf")), "this must be a number"),
        (field("age", "is", 10**30), "this number is too large"),
        (field("age", "between", [30, 5]), "give two values, the smaller one first"),
        (field("age", "between", [30]), "give two values, the smaller one first"),
        (field("age", "between", 30), "give two values: from, and to"),
        (field("city", "is", 5), "this must be a text"),
        (field("city", "is", "\0"), "give a text"),
        (field("city", "is", "x" * 501), "a text has 500 characters at most"),
        (field("city", "one_of", []), "give at least one value"),
        (field("city", "one_of", ["x"] * 201), "these are 201 values; a rule takes 200 at most"),
        (field("born", "on", "2026-02-30"), "this must be a date, such as 2026-11-22"),
        (field("born", "on", "20261122"), "this must be a date, such as 2026-11-22"),
        (field("born", "on", "0001-01-01"), "this must be a date from 1800 to 2200"),
        (field("born", "last_days", 0), "this must be a whole number of days, from 1 to 36500"),
        (field("born", "last_days", 10**9), "this must be a whole number of days, from 1 to 36500"),
        (field("born", "contains", "2"), "“contains” cannot be asked of “born”, a field of the kind “date”"),
        ({"kind": "domain", "is": "one_of", "value": ["@"]}, "give a domain, such as gmail.com"),
    ],
)  # fmt: skip
def test_each_fault_is_told_of_its_rule(rule, said):
    assert faults({"all": [HAS, rule]}) == [("all.1", said)]
    with pytest.raises(Broken):
        segments.count({"any": [HAS, rule]}, NOW)


def test_a_field_that_has_changed_its_kind_breaks_the_rules_that_no_longer_fit():
    rules = {"all": [HAS, field("age", "more", 30)]}
    assert faults(rules) == []
    Field.objects.filter(name="age").update(kind="text")
    assert faults(rules) == [("all.1", "“more” cannot be asked of “age”, a field of the kind “text”")]


def test_segments_in_a_circle_are_refused_wherever_one_begins():
    Segment.objects.create(name="a", title="A", rules={"all": [{"kind": "segment", "of": "b", "is": "in"}]})
    b = {"all": [HAS, {"kind": "segment", "of": "a", "is": "not_in"}]}
    assert faults(b, "b") == [("all.1", "the segment “A” is broken: there is no segment “b” (any more)")]
    Segment.objects.create(name="b", title="B", rules=b)
    (fault,) = faults(b, "b")
    assert fault == ("all.1", "the segment “A” is broken: “B” asks about itself: b → a → b")
    assert faults({"all": [{"kind": "segment", "of": "me", "is": "in"}]}, "me")
    with pytest.raises(Broken):
        segments.count({"all": [{"kind": "segment", "of": "a", "is": "in"}]}, NOW)


def test_a_broken_segment_breaks_those_that_name_it():
    Segment.objects.create(name="inner", title="Inner", rules={"all": [{"kind": "tag", "of": "gone", "is": "has"}]})
    (fault,) = faults({"any": [HAS, {"kind": "segment", "of": "inner", "is": "in"}]})
    assert fault == ("any.1", "the segment “Inner” is broken: there is no tag “gone” (any more)")


def test_depth_has_an_end():
    rules = HAS
    for _ in range(segments.DEEPEST):
        rules = {"all": [rules]}
    assert faults(rules) == []
    ((_, said),) = faults({"not": rules})
    assert said == "groups stand within each other 5 deep at most"
    for _ in range(5000):
        rules = {"not": rules}
    ((_, said),) = faults(rules)
    assert said == "groups stand within each other 5 deep at most"


def test_ten_thousand_rules_are_refused_at_once_and_in_one_line():
    assert faults({"any": [HAS] * segments.MOST}) == []
    ((path, said),) = faults({"any": [HAS] * 10_000})
    assert (path, said) == ("", "a segment has 50 rules at most; make two of it, and let one name the other")


def test_segments_that_name_segments_do_not_grow_without_end():
    Segment.objects.create(name="s0", title="S0", rules={"any": [HAS] * 40})
    for number in range(1, 4):
        inner = [{"kind": "segment", "of": f"s{number - 1}", "is": "in"}] * 4
        Segment.objects.create(name=f"s{number}", title=f"S{number}", rules={"any": inner})
    assert faults({"any": [{"kind": "segment", "of": "s1", "is": "in"}]}) == []
    assert "more than 300 rules" in faults({"any": [{"kind": "segment", "of": "s3", "is": "in"}]})[0][1]


def test_what_people_write_into_values_is_never_sql():
    make_subscriber(fields={"city": "x' OR '1'='1"})
    make_subscriber(fields={"city": "Bonn"})
    for asks in ("is", "starts_with", "contains"):
        assert segments.count({"all": [field("city", asks, "x' OR '1'='1")]}, NOW) == 1
        assert segments.count({"all": [field("city", asks, "') OR 1=1 --")]}, NOW) == 0


def test_rules_are_told_in_words():
    rules = {"all": [
        {"kind": "list", "of": "readers", "is": "active"}, field("city", "one_of", ["Berlin", "Bonn"]),
        {"kind": "opened", "is": "last_days", "value": 30}, {"any": [HAS, field("age", "between", [18, 30.5])]},
        {"not": {"any": [{"kind": "name", "is": "not_set"}, {"kind": "flag", "is": "role"}]}}, {"not": HAS},
    ]}  # fmt: skip
    assert segments.describe(rules) == (
        "on readers, and city is Berlin or Bonn, and opened something in the last 30 days, and "
        "(tagged press or age is between 18 and 30.5), and none of (name is not known; a role address), and "
        "not (tagged press)"
    )
    assert segments.describe({"all": []}) == "nobody: this group has no rules; add one, or take the group out"
