"""A post is cut into blocks that are well formed, whatever it was."""

import random
import re
from itertools import accumulate

import pytest

from newsletter.render.blocks import DEEPEST, blocks
from newsletter.render.mjml import to_html
from newsletter.render.plain import plain
from newsletter.render.vocabulary import BLOCKS, INLINE, SEPARATORS, TABLE, VOID


def kinds(html: str) -> list[str]:
    return [block.kind for block in blocks(html)]


def joined(html: str) -> str:
    return "".join(block.html for block in blocks(html))


def deepest(html: str) -> int:
    return max(accumulate(-1 if tag.startswith("</") else 1 for tag in re.findall("<[^>]*>", html)))


def mail(html: str) -> str:
    texts = "".join(f"<mj-text>{block.html}</mj-text>" for block in blocks(html))
    return to_html(f"<mjml><mj-body><mj-section><mj-column>{texts}</mj-column></mj-section></mj-body></mjml>", "theme")


def test_each_part_of_a_post_is_a_block_of_its_kind():
    html = """<h2>A</h2><p>b</p><ul><li>c</li></ul><blockquote><p>d</p></blockquote><p><img src="https://x/e"></p>
    <table><tr><td>f</td></tr></table><pre>g</pre><hr><dl><dt>h</dt></dl>"""
    assert kinds(html) == ["heading", "text", "quote", "image", "table", "code", "rule", "text"]


def test_a_heading_gives_up_its_emoji_as_ornament():
    (block,) = blocks("<h3>:whale: The <em>whale</em></h3>")
    assert (block.emoji, str(block.html), block.level) == ("🐳", "The <em>whale</em>", 2)


@pytest.mark.parametrize(
    ("levels", "expected"), [((1, 3, 5), [2, 3, 4]), ((4, 2, 4), [2, 2, 3]), ((6, 1, 6), [2, 2, 3]), ((2, 2), [2, 2])]
)
def test_headings_leave_no_level_out(levels, expected):
    assert [block.level for block in blocks("".join(f"<h{n}>x</h{n}>" for n in levels))] == expected


def test_a_heading_inside_a_quote_is_no_heading():
    assert joined("<blockquote><h2>a</h2>b</blockquote>") == "<p>a</p>b"


def test_a_figure_becomes_an_image_with_its_caption_and_link():
    html = '<figure><a href="https://x/"><img src="https://x/i" alt="A &amp; b"></a><figcaption>C <i>d</i></figcaption>'
    (block,) = blocks(html)
    assert (block.kind, block.src, block.alt, block.href) == ("image", "https://x/i", "A & b", "https://x/")
    assert str(block.html) == "C <i>d</i>"


def test_a_picture_among_words_stays_there():
    assert joined('<p>a <img src="https://x/i"> b</p>') == '<p>a <img src="https://x/i" alt="" /> b</p>'


@pytest.mark.parametrize("size", ['width="1" height="1"', 'width="0"', 'height="1"'])
def test_an_image_that_counts_readers_is_dropped(size):
    assert blocks(f'<p><img src="https://x/i" {size}></p>') == []


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "#top", "/relative", ""])
def test_only_addresses_that_a_mail_can_lead_to_are_links(address):
    assert joined(f'<p><a href="{address}">x</a></p>') == "<p><a>x</a></p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a<p>b", "<p>a</p>\n<p>b</p>"),
        ("<ul><li>a<li>b", "<ul><li>a</li><li>b</li></ul>"),
        ("a <b>c</p>d", "<p>a <b>c</b></p>\n<p>d</p>"),
        ("</div></b>x", "<p>x</p>"),
        ("<p>1 < 2 && 3 > 2", "<p>1 &lt; 2 &amp;&amp; 3 &gt; 2</p>"),
        ("<div>a</div><div>b</div>", "<p>a</p>\n<p>b</p>"),
        ("<p>a<ul><li><p>b</ul>c", "<p>a</p>\n<ul><li><p>b</p></li></ul>\n<p>c</p>"),
        ("<script>x</script><p onclick=x style=y>a<mj-raw>b</mj-raw>", "<p>ab</p>"),
        ("<a href=https://x>a<a href=https://y>b", '<p><a href="https://x">a</a><a href="https://y">b</a></p>'),
        ("<dl><dt>a<dd>b<dt>c", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<table><tr><td>a<td>b<tr><td>c", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
        ("<p> </p><p>&nbsp;</p><br>", ""),
    ],
)
def test_what_came_in_broken_goes_out_well_formed(html, expected):
    assert joined(html) == expected


def test_shortcodes_are_emoji_in_words_but_not_in_code():
    assert joined("<p>:tada: <code>:tada:</code></p>") == "<p>🎉 <code>:tada:</code></p>"


def test_markup_of_the_engine_inside_a_post_is_text():
    html = mail(
        "<p>&lt;mj-text&gt; {{ 7 * 7 }} {% raw %} &lt;!-- </p><mj-text>inner</mj-text><mj-include path='/etc/x' />"
    )
    assert "&lt;mj-text&gt; {{ 7 * 7 }} {% raw %} &lt;!-- " in html
    assert "inner" in html
    assert "mj-include" not in html


@pytest.mark.parametrize("tags", ["div", "b", "blockquote", "ul li", "table tr td", "a"])
def test_twenty_thousand_levels_do_not_crash(tags):
    opening = "".join(f"<{tag}>" for tag in tags.split())
    closing = "".join(f"</{tag}>" for tag in reversed(tags.split()))
    deep = opening * 20_000 + "core" + closing * 20_000 + "<p>after</p>"
    html = joined(deep)
    assert deepest(html) <= DEEPEST
    assert "core" in html
    assert "after" in html
    assert "core" in mail(deep)
    assert "core" in plain(deep)


def test_tag_soup_never_breaks_the_engine():
    dice = random.Random(20261120)
    tags = (*BLOCKS, *INLINE, *SEPARATORS, *TABLE, *VOID, "mj-text", "mj-raw")
    parts = [
        *(f"<{tag}>" for tag in sorted(tags)),
        *(f"</{tag}>" for tag in sorted(tags)),
        *("<", ">", "&", "&lt;", '"', "x", " ", "<!--", "]]>", "{{", "\\u{200d}", "👩‍🚀", "<p/>", "<?x?>"),
        '<img src="https://x/i" alt="<\'>">',
        "<a href='https://x/?a=1&b=2\"'>",
    ] + ["x", "</p>"] * 10
    for _ in range(400):
        assert mail("".join(dice.choices(parts, k=30))).isascii()
