"""Text keeps its emoji whole, and what looks like one character counts as one."""

import pytest

from newsletter.render.words import cut, direction, graphemes, lead_emoji, one_line

FAMILY = "👨‍👩‍👧‍👦"


def test_a_shortcode_becomes_its_emoji_and_an_emoji_stays():
    assert one_line(":rocket: and 🚀") == "🚀 and 🚀"


@pytest.mark.parametrize("text", ["at 10:30:45", "::", ":no such thing:", "a: b: c", "https://example.org:8080/x"])
def test_colons_that_spell_no_emoji_stay(text):
    assert one_line(text) == text


def test_a_title_is_one_line_and_keeps_its_no_break_spaces():
    assert one_line(" a\r\n\tb\u2028c\x00\x07 5\u00a0km ") == "a b c 5\u00a0km"


@pytest.mark.parametrize("length", range(2, 9))
def test_a_cut_never_splits_an_emoji(length):
    text = cut(FAMILY * 10, length)
    assert text == FAMILY * (length - 1) + "…"


@pytest.mark.parametrize("text", ["🇩🇪🇫🇷🇮🇹🇪🇸", "स्त्री शक्ति की कहानी", "🏴󠁧󠁢󠁳󠁣󠁴󠁿👩🏽‍🚀1️⃣", "كِتَابٌ", "e\u0301a\u0308o\u0302"])
@pytest.mark.parametrize("length", range(2, 9))
def test_a_cut_falls_between_what_readers_see_as_characters(text, length):
    whole, kept = graphemes(text), graphemes(cut(text, length).removesuffix("…"))
    assert kept == whole[: len(kept)]


def test_a_letter_under_a_heap_of_accents_is_no_way_around_the_limit():
    text = ("a" + "\u0300" * 5000) * 20
    assert len(cut(text, 10)) < 500
    assert text.startswith(cut("short", 10) and cut(text, 10)[:40])


def test_a_cut_prefers_the_end_of_a_word_and_leaves_short_texts_alone():
    assert cut("one two three four", 15) == "one two three…"
    assert cut("one two", 7) == "one two"


def test_a_cut_keeps_a_hole_whole_or_drops_it():
    assert cut("Hi habc-name-o!", 5, ["habc-name-o"]) == "Hi habc-name-o!"
    assert cut("Hi habc-name-o!", 4, ["habc-name-o"]) == "Hi…"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("🐳 The whale", ("🐳", "The whale")),
        ("👩‍🚀🇩🇪 Both", ("👩‍🚀🇩🇪", "Both")),
        ("🚀", ("", "🚀")),
        ("7 wonders", ("", "7 wonders")),
        ("", ("", "")),
    ],
)
def test_an_emoji_before_a_title_is_ornament_unless_it_is_all_there_is(title, expected):
    assert lead_emoji(title) == expected


@pytest.mark.parametrize(("language", "expected"), [("ar", "rtl"), ("fa-IR", "rtl"), ("he", "rtl"), ("en", "ltr")])
def test_the_language_says_which_way_lines_run(language, expected):
    assert direction(language) == expected
