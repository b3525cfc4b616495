"""HTML reads well as plain text."""

import pytest

from newsletter.render.blocks import blocks
from newsletter.render.plain import LinkBook, plain, poll, wrap
from newsletter.render.words import width


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a\n b</p><p>c<br>d</p>", "a b\n\nc\nd"),
        ("<h2>Hello there</h2><p>x</p>", "Hello there\n-----------\n\nx"),
        ("<ul><li>a</li><li>b<ol><li>c</li><li>d</li></ol></li></ul><p>e</p>", "- a\n- b\n  1. c\n  2. d\n\ne"),
        ('<ol start="9"><li>a</li><li>b</li></ol>', "9. a\n10. b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n\n> b\n\nc"),
        ("<pre>a\n  .b</pre>", "    a\n      .b"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>", "a  b\n-  -\nc  d"),
        ('<p><img src="https://x/i" alt="A cat"></p>', "[Picture: A cat]"),
        ("<p>a</p><hr><p>b</p>", "a\n\n* * *\n\nb"),
        ("<p>:tada: &lt;b&gt; &amp;</p><script>x</script><style>y</style>", "🎉 <b> &"),
        ("", ""),
        ("</ul></li></blockquote></a></pre>x", "x"),
    ],
)
def test_structure_becomes_layout(html, expected):
    assert plain(html) == expected


def test_links_are_numbered_once_and_listed_at_the_end():
    html = '<p><a href="https://a/">one</a> <a href="https://b/?x=1&amp;y">two</a> <a href="https://a/">again</a></p>'
    assert plain(html) == "one [1] two [2] again [1]\n\n[1] https://a/\n[2] https://b/?x=1&y"


def test_a_link_that_shows_its_address_is_not_numbered():
    assert plain('<a href="https://www.example.org/">example.org</a>') == "example.org"


def test_lines_are_at_most_72_wide_and_addresses_stay_whole():
    address = "https://example.org/" + "x" * 90
    lines = plain(f"<p>{'word ' * 100}{address}</p>").split("\n")
    assert address in lines
    assert all(len(line) <= 72 for line in lines if line != address)


def test_wrapping_keeps_the_lines_that_were_there():
    assert wrap("a\nb", "| ") == "| a\n| b"


def test_a_link_book_numbers_the_links_of_all_stories():
    book = LinkBook()
    first = plain('<p><a href="https://a/">one</a> <a href="https://b/">two</a></p>', book)
    second = plain('<p><a href="https://c/">three</a> <a href="https://a/">one</a></p>', book)
    assert first == "one [1] two [2]\n\n[1] https://a/\n[2] https://b/"
    assert second == "three [3] one [1]\n\n[1] https://a/\n[3] https://c/"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p><a href="https://x.org/" data-block="button">See <b>it</b></a></p>', "→ See it: https://x.org/"),
        ('<p><a href="https://x.org/" data-block="button">اقرأ</a></p>', "← اقرأ:\n  https://x.org/"),
        (f'<p><a href="https://x.org/{"y" * 60}" data-block="button">See it</a></p>',
         f"→ See it:\n  https://x.org/{'y' * 60}"),
        ('<figure><a href="https://v.org/1" data-block="video"><img src="https://x/t" alt="t">A film</a></figure>',
         "▶ A film: https://v.org/1"),
        (('<figure><img src="https://x/a" alt="A"><a href="https://y/"><img src="https://x/b" alt="B"></a>'
         '<img src="https://x/c" alt=""><figcaption>Three</figcaption></figure>'),
         "[Picture: A]\n[Picture: B] [1]\nThree\n\n[1] https://y/"),
        ('<figure><img src="https://x/a" alt="A map"><figcaption>A map</figcaption></figure>', "A map"),
        ('<p><img src="https://x/a" alt=""></p><p>x</p>', "x"),
        ('<figure data-block="sponsor"><p><a href="https://s.org/">Acme</a></p><p>Buy.</p></figure>',
         "Advertisement · Acme: https://s.org/\nBuy."),
        ('<figure data-block="poll"><p>Which?</p><ul><li>🧭 North</li><li>South</li></ul></figure>',
         "Which?\n- 🧭 North\n- South"),
        ('<figure data-block="subscribe"></figure><p>x</p>', "x"),
        ("<h2>🐳 鯨の話</h2>", "🐳 鯨の話\n---------"),
        ("<table><tr><th>国</th><th>n</th></tr><tr><td>日本</td><td>1</td></tr><tr><td>a</td><td>2</td></tr></table>",
         "国    n\n----  -\n日本  1\na     2"),
        ('<table><tr><td colspan="2">a</td><td>b</td></tr><tr><td>c</td><td>d</td><td>e</td></tr></table>',
         "a     b\nc  d  e"),
        ("<table><caption>Cap</caption><tr><td>a</td></tr></table>", "Cap\n\na"),
    ],
)  # fmt: skip
def test_blocks_are_drawn_in_words(html, expected):
    assert plain(html) == expected


def test_a_table_too_wide_for_a_line_is_told_cell_by_cell():
    html = (
        "<table><thead><tr><th>Name</th><th>What it is</th></tr></thead><tbody>"
        f"<tr><td>A</td><td>{'word ' * 30}</td></tr><tr><td>B</td><td></td></tr></tbody></table>"
    )
    lines = plain(html).split("\n")
    assert lines[:2] == ["Name: A", "What it is: " + "word " * 11 + "word"]
    assert lines[-2:] == ["", "Name: B"]
    assert all(len(line) <= 72 for line in lines)


def test_the_answers_of_a_poll_carry_their_addresses():
    html = '<figure data-block="poll"><p>Which?</p><ul><li>North</li><li>جنوب</li></ul></figure>'
    votes = {0: ["https://x/v/0/0", "https://x/v/0/1"]}
    assert plain(html, votes=votes) == "Which?\n- North\n  https://x/v/0/0\n- جنوب\n  https://x/v/0/1"
    (block,) = blocks(html)
    assert poll(block, ["https://x/0"]) == "Which?\n- North\n  https://x/0\n- جنوب"
    assert plain(blocks(html)) == plain(block) == plain(html)


def test_lines_are_as_wide_as_they_look():
    lines = wrap("漢字かな。" * 20 + " 🐳" * 40 + " word" * 20).split("\n")
    assert all(width(line) <= 72 for line in lines)
    assert max(map(width, lines)) > 66
    assert not [line for line in lines if line.startswith(("。", " "))]


def test_a_no_break_space_is_no_place_to_break():
    assert "5\u00a0km" in wrap("é " + "x" * 67 + " 5\u00a0km")


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("漢字", 4), ("🐳", 2), ("👨‍👩‍👧‍👦", 2), ("🇩🇪", 2), ("e\u0301", 1), ("स्त्री", 1), ("❤️", 2)],
)
def test_how_wide_a_text_looks(text, columns):
    assert width(text) == columns
