"""The splice: conditions choose, holes are filled, and what was cut apart is noticed."""

import pytest

from newsletter import splice
from newsletter.questions import NOBODY, Person
from newsletter.splice import Skeleton, Torn, answers, fill, parse

M = "hmarker"
LATE = [["reader", "first_name"], ["compare", ["const", "vip"], [["in", ["reader", "lists"]]]], ["field", "city"]]
ADA = Person("ada@example.org", "Ada <3", {"city": "Rome & Paris"}, frozenset({"vip"}))


def spelt(text):
    return text.replace("[", f"{M}-").replace("]", "-o")


@pytest.mark.parametrize(
    ("text", "adas", "nobodys"),
    [
        ("Hello [e0]!", "Hello Ada!", "Hello !"),
        ("[if1]yes[end1]", "yes", ""),
        ("a [if1]yes[else1]no[end1] b", "a yes b", "a no b"),
        ("[if1]a[if2]b[else2]c[end2]d[else1]e[end1]", "abd", "e"),
        ("[if1]x[end1][if1]y[end1]", "xy", ""),
        ("<p>[e2-html]</p> [name-html] [email]", "<p>Rome &amp; Paris</p> Ada &lt;3 ada@example.org", "<p></p>  "),
    ],
)
def test_a_text_is_filled_for_one_reader(text, adas, nobodys):
    assert fill(spelt(text), M, answers("t", ADA, LATE)) == adas
    assert fill(spelt(text), M, splice.nobody(LATE)) == nobodys


@pytest.mark.parametrize(
    "text",
    ["[end1]", "[if1]", "[else1]", "[if1][else1]", "[if1][end2]", "[if1][else1][else1][end1]", "[if1][if2][end1]"],
)
def test_switches_that_do_not_pair_up_are_noticed(text):
    with pytest.raises(Torn):
        parse(spelt(text), M)


def test_each_question_is_asked_once_of_a_reader():
    asked = []
    counting = [lambda person: asked.append(person) or "Ada"]
    reader = splice.Answers({}, ADA, counting)
    assert (reader["e0"], reader["e0-html"], reader.holds(0), reader["e0"]) == ("Ada", "Ada", True, "Ada")
    assert len(asked) == 1


def test_readers_with_the_same_answers_share_a_skeleton_and_others_do_not():
    skeleton = Skeleton(spelt("[e0] [if1]yes[if2]in[end2][else1]no[end1]"), M)
    vip, other, nobody = (
        answers("t", ADA, LATE),
        answers("t", Person("", "Bob", {}, frozenset({"vip"})), LATE),
        splice.nobody(LATE),
    )
    assert [skeleton.path(one) for one in (vip, other, nobody)] == [(True, True), (True, False), (False,)]
    assert skeleton.text(vip) == f"{M}-e0-o yesin"
    assert skeleton.cut(nobody) == (["", " no"], ["e0"])


def test_what_is_not_taken_does_not_part_readers():
    skeleton = Skeleton(spelt("[if1][else1][if2]x[end2][end1]"), M)
    rome, oslo = (answers("t", Person("", "", {"city": city}, frozenset({"vip"})), LATE) for city in ("Rome", ""))
    assert skeleton.path(rome) == skeleton.path(oslo) == (True,)


def test_more_skeletons_than_are_remembered_come_out_right_all_the_same(monkeypatch):
    late = [["compare", ["const", f"l{n}"], [["in", ["reader", "lists"]]]] for n in range(10)]
    text = spelt("".join(f"[if{n}]{n}[end{n}]" for n in range(10)))
    skeleton = Skeleton(text, M)
    for number in list(range(1024)) * 2:
        lists = frozenset(f"l{n}" for n in range(10) if number & 1 << n)
        assert skeleton.text(answers("t", Person(lists=lists), late)) == "".join(
            str(n) for n in range(10) if number & 1 << n
        )


def test_plain_text_keeps_one_empty_line_where_a_side_is_left_out():
    text = spelt("before\n\n[if1]\n\nfor some\n\n[end1]\n\nafter\n")
    assert fill(text, M, splice.nobody(LATE), "text") == "before\n\nafter\n"
    assert fill(text, M, answers("t", ADA, LATE), "text") == "before\n\nfor some\n\nafter\n"


def test_a_marker_in_a_readers_name_is_only_a_name():
    name = spelt("[token] [if1]")
    assert fill(spelt("[name]"), M, answers("secret", Person("", name), LATE)) == name


def test_nobody_has_no_token():
    assert fill(spelt("/u/[token]"), M, answers("", NOBODY)) == "/u/"
