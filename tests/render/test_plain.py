"""HTML reads well as plain text."""

import pytest

from newsletter.render.plain import plain, wrap


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
