"""Lines are short enough for SMTP, and the document is what it was."""

import random

import pytest

from newsletter.render.lines import LONGEST, break_lines
from newsletter.render.tags import attributes, pieces
from tests.render.dom import Dom

LONG = "<table><tr>" + "".join(f'<td class="a b" style="color:red; x:y" id="i{n}">w{n} .x</td>' for n in range(400))


def longest(text: str) -> int:
    return max(map(len, text.split("\n")))


@pytest.mark.parametrize(
    "html",
    [
        LONG,
        "<p>" + "word " * 1000 + "</p>",
        "<p>" + "word .dot " * 1000 + "</p>",
        "<p>" + "<b>x</b>" * 1000 + "</p>",
        "<!--[if mso | IE]>" + LONG + "<![endif]--><p>x</p>",
        "<style>" + ".a { b: c } " * 300 + "</style>",
    ],
)
def test_breaking_lines_leaves_the_document_as_it_was(html):
    broken = break_lines(html)
    assert longest(broken) <= LONGEST
    assert "\n." not in broken
    assert Dom(broken).events == Dom(html).events


def test_preformatted_text_is_not_broken():
    html = "<pre>" + "a b " * 500 + "\n.hidden</pre>"
    assert Dom(break_lines(html)).events == Dom(html).events
    assert "\n." not in break_lines(html)


def test_the_condition_of_a_conditional_comment_stays_in_one_piece():
    html = "<p>" + "x " * 249 + "</p><!--[if mso | IE]><td><![endif]-->" * 50
    assert break_lines(html).count("<!--[if mso | IE]>") == 50
    assert break_lines(html).count("<![endif]-->") == 50


def test_a_single_endless_word_stays_whole():
    word = "x" * 2000
    assert word in break_lines(f"<p>a {word} b</p>")


def test_pieces_joined_are_the_markup_for_whatever_comes():
    dice = random.Random(7)
    parts = ["<", ">", "</", "a", ' b="', '"', "'", "=", "<!--", "-->", "<p>", "<style>", "</style>", " ", "\n", "é"]
    for _ in range(500):
        markup = "".join(dice.choices(parts, k=40))
        assert "".join(piece.source for piece in pieces(markup)) == markup


def test_attributes_are_read_in_every_spelling():
    tag = """<a href=x title='it "is"' hidden data-x = "a > b" />"""
    assert list(attributes(tag)) == [("href", "x"), ("title", 'it "is"'), ("hidden", None), ("data-x", "a > b")]


def test_unclosed_quotes_cost_one_pass():
    assert sum(1 for _ in pieces("<a b='" * 20_000)) < 10
