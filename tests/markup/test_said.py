"""What a reader wrote becomes HTML that holds their words, links, and nothing else."""

import pytest

from newsletter.markup.said import tidied, to_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello", "<p>Hello</p>"),
        ("One\ntwo\r\n\r\nthree", "<p>One<br>two</p>\n<p>three</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("a & b \"c\" 'd'", "<p>a &amp; b &quot;c&quot; &#x27;d&#x27;</p>"),
        ("", ""),
        (" \n \n", ""),
        ("🦜 ok\x00\x07", "<p>🦜 ok</p>"),
    ],
)
def test_text_is_escaped_and_put_into_paragraphs(text, html):
    assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "address", "after"),
    [
        ("see https://example.org/a.", "https://example.org/a", "."),
        ("(http://example.org/?a=1&b=2)", "http://example.org/?a=1&amp;b=2", ")"),
        ('https://example.org/"onmouseover=x', "https://example.org/", "&quot;onmouseover=x"),
    ],
)
def test_web_addresses_become_links_that_lend_no_reputation(text, address, after):
    assert f'<a href="{address}" rel="nofollow ugc noopener">{address}</a>{after}' in to_html(text)


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "ftp://example.org", "https://"])
def test_nothing_else_becomes_a_link(text):
    assert "<a" not in to_html(text)


def test_empty_lines_and_spaces_do_not_pile_up():
    assert tidied("a  \n\n\n\n\nb\x85c\u2028d ") == "a\n\nb\nc\nd"
