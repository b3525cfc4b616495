"""What editions ask of readers: every kind of expression, and that no reader can make one fail."""

import json
import random

import pytest

from newsletter.questions import COMPARISONS, FILTERS, LONGEST, NOBODY, Person, asks_for, question, text, words

ADA = Person(
    "ada@example.org", "Dr. Ada Lovelace", {"city": "Berlin", "age": "36", "odd": 3, "none": None}, frozenset({"vip"})
)
NAME, CITY, LISTS = ["reader", "name"], ["field", "city"], ["reader", "lists"]


def const(value):
    return ["const", value]


def ask(expression, person=ADA):
    return question(expression)(person)


@pytest.mark.parametrize(
    ("expression", "answer", "nobodys"),
    [
        (["reader", "email"], "ada@example.org", ""),
        (["reader", "first_name"], "Ada", ""),
        (CITY, "Berlin", ""),
        (["field", "odd"], "3", ""),
        (["field", "none"], "", ""),
        (["field", "nothing"], "", ""),
        (["fields"], {"city", "age", "odd"}, set()),
        (["compare", const("vip"), [["in", LISTS]]], True, False),
        (["compare", const("vip"), [["notin", LISTS]]], False, True),
        (["compare", CITY, [["in", const(["Berlin", "Bonn"])]]], True, False),
        (["compare", const("er"), [["in", CITY]]], True, False),
        (["compare", const("city"), [["in", ["fields"]]]], True, False),
        (["compare", ["field", "age"], [["gt", const(30)], ["lteq", const(36)]]], True, False),
        (["compare", ["field", "age"], [["eq", const(36)]]], True, False),
        (["compare", CITY, [["lt", const(3)]]], False, False),
        (["compare", CITY, [["ne", const(3)]]], True, True),
        (["and", NAME, const("yes")], "yes", ""),
        (["or", CITY, const("somewhere")], "Berlin", "somewhere"),
        (["not", NAME], False, True),
        (["if", CITY, const("there"), const("gone")], "there", "gone"),
        (["join", [const("in "), CITY]], "in Berlin", "in "),
        (["filter", "default", NAME, [const("friend")]], "Dr. Ada Lovelace", "friend"),
        (["filter", "upper", CITY, []], "BERLIN", ""),
        (["filter", "title", const("it's half-way"), []], "It's Half-Way", "It's Half-Way"),
        (["filter", "capitalize", const("bERLIN"), []], "Berlin", "Berlin"),
        (["filter", "trim", const(" x "), []], "x", "x"),
        (["filter", "truncate", NAME, [const(9)]], "Dr. Ada…", ""),
        (["filter", "truncate", const("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦"), [const(2)]], "👨‍👩‍👧‍👦…", "👨‍👩‍👧‍👦…"),
        (["filter", "replace", CITY, [const("B"), const("M")]], "Merlin", ""),
        (["filter", "int", ["field", "age"], []], 36, 0),
        (["filter", "int", CITY, [const(7)]], 7, 7),
        (["filter", "length", LISTS, []], 1, 0),
        (["filter", "join", LISTS, [const("/")]], "vip", ""),
        (["filter", "first", CITY, []], "B", ""),
        (["filter", "urlencode", const("a b&c/d"), []], "a%20b%26c%2Fd", "a%20b%26c%2Fd"),
    ],
)
def test_what_each_expression_comes_to_for_somebody_and_for_nobody(expression, answer, nobodys):
    kept = json.loads(json.dumps(expression))
    assert (ask(kept), ask(kept, NOBODY)) == (answer, nobodys)


@pytest.mark.parametrize(
    ("name", "fields", "called"),
    [
        ("Ada Lovelace", {}, "Ada"),
        ("Dr. Ada Lovelace", {}, "Ada"),
        ("Prof. Dr. Ada Lovelace", {}, "Ada"),
        ("Lovelace, Ada", {}, "Ada"),
        ("Lovelace, Dr. Ada", {}, "Ada"),
        ("Ada Lovelace, PhD", {}, "Ada"),
        ("ada", {}, "ada"),
        ("Mr", {}, "Mr"),
        (",", {}, ""),
        ("", {}, ""),
        ("Ada Lovelace", {"first_name": "Countess"}, "Countess"),
        ("", {"first_name": "  "}, ""),
        ("李 小龍", {}, "李"),
    ],
)
def test_what_to_call_a_person(name, fields, called):
    assert ask(["reader", "first_name"], Person("", name, fields)) == called


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("New\r\nBcc: x@example.org", "New Bcc: x@example.org"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("\u202egnihsihp\u202c", "gnihsihp"),
        ("\u200fعدن", "\u200fعدن"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\ud800x", "x"),
        ("  a   b ", "a b"),
        (True, "yes"),
        (False, ""),
        ([1], ""),
        (1.5, "1.5"),
        ("x" * 2000, "x" * 500),
    ],
)
def test_a_value_is_one_harmless_line(value, shown):
    assert ask(CITY, Person(fields={"city": value})) == shown


def test_fields_that_are_no_mapping_are_none():
    assert ask(CITY, Person(fields=["city", "Berlin"])) == ""


def test_a_filter_cannot_make_a_value_grow_without_end():
    grown = const("a" * 500)
    for _ in range(30):
        grown = ["filter", "replace", grown, [const("a"), const("a" * 500)]]
    assert len(ask(grown)) <= LONGEST


def test_an_editors_own_long_text_stays_whole():
    long = "word " * 5000
    assert ask(["filter", "default", NAME, [const(long)]], NOBODY) == long


def test_it_is_known_whether_an_edition_asks_about_lists():
    assert asks_for([["not", ["compare", const("vip"), [["in", LISTS]]]]], "reader", "lists")
    assert not asks_for([NAME, const(["reader", "lists"]), ["field", "lists"]], "reader", "lists")


def test_our_own_words_are_counted_and_the_readers_are_not():
    assert words(["filter", "default", NAME, [const("friend")]]) == len("friend")
    assert words(["join", [const("é"), NAME]]) == len("%C3%A9")


ATOMS = [
    NAME,
    CITY,
    LISTS,
    ["fields"],
    ["field", "age"],
    *map(const, ("x", "", "Berlin", 3, 0, -1, 1.5, True, None, ["a"])),
]
NASTY = [
    "",
    " ",
    "'\"<>&",
    "{{ x }}",
    "\n",
    "\u202e",
    "\x00",
    "9" * 400,
    "1e999",
    "-5",
    "👨‍👩‍👧‍👦" * 99,
    "\ud800",
    None,
    [],
    {},
    7,
    True,
]


def grown(chance, depth):
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(ATOMS)
    part = lambda: grown(chance, depth - 1)  # noqa: E731
    kind = chance.choice(["filter", "filter", "compare", "and", "or", "not", "if", "join"])
    if kind == "filter":
        takes = {"default": 2, "d": 2, "int": 1, "join": 1, "replace": 3, "trim": 1, "truncate": 4}
        name = chance.choice(sorted(FILTERS))
        return ["filter", name, part(), [part() for _ in range(chance.randint(0, takes.get(name, 0)))]]
    if kind == "compare":
        return ["compare", part(), [[chance.choice(sorted(COMPARISONS)), part()] for _ in range(chance.randint(1, 2))]]
    if kind == "join":
        return ["join", [part() for _ in range(3)]]
    return [kind, *(part() for _ in range({"not": 1, "if": 3}.get(kind, 2)))]


@pytest.mark.parametrize("seed", range(20))
def test_no_question_fails_for_any_person(seed):
    chance = random.Random(seed)
    for _ in range(150):
        asked = question(grown(chance, 5))
        fields = {"city": chance.choice(NASTY), "age": chance.choice(NASTY)}
        person = Person(str(chance.choice(NASTY)), str(chance.choice(NASTY)), fields, frozenset({"vip"}))
        assert isinstance(text(asked(person)), str)
        assert isinstance(text(asked(person.shortened(5))), str)
