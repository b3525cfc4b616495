"""A post is cut into blocks that are well formed, whatever it was."""

import random
import re
from itertools import accumulate

import pytest

from newsletter.render.blocks import DEEPEST, Picture, blocks, count_polls
from newsletter.render.mjml import to_html
from newsletter.render.plain import plain
from newsletter.render.speech import name
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
        *(f'<figure data-block="{mark}">' for mark in ("poll", "sponsor", "subscribe", "gallery")),
        *(f'<a href="https://x/" data-block="{mark}">' for mark in ("button", "video")),
    ] + ["x", "</p>"] * 10
    for _ in range(400):
        assert mail("".join(dice.choices(parts, k=30))).isascii()


MARKED = """<p><a href="https://x.org/" data-block="button">See <b>it</b></a></p>
<figure data-block="gallery"><img src="https://x/a" alt="a" width="800" height="400"><a href="https://y/"><img
src="https://x/b" alt="b" data-dark="https://x/d"></a><figcaption>Both</figcaption></figure>
<figure><a href="https://v.org/1" data-block="video"><img src="https://x/t" alt="t">A film</a></figure>
<figure data-block="sponsor"><p><a href="https://s.org/"><img src="https://x/l" alt="l">Acme</a></p>
<p>Buy <a href="https://s.org/2">this</a>.</p></figure>
<figure data-block="poll"><p>Which &amp; way?</p><ul><li>🧭 North</li><li>&lt;South&gt;</li></ul></figure>
<figure data-block="subscribe"></figure>"""


def test_the_blocks_that_editors_write():
    button, gallery, video, sponsor, poll, subscribe = blocks(MARKED, first_poll=3)
    assert (button.kind, button.href, button.html) == ("button", "https://x.org/", "See <b>it</b>")
    assert gallery.images == (
        Picture("https://x/a", "a", "", 800, 400), Picture("https://x/b", "b", "https://y/", src_dark="https://x/d"),
    )  # fmt: skip
    assert (gallery.kind, gallery.html) == ("gallery", "Both")
    assert (video.kind, video.href, video.src, video.title) == ("video", "https://v.org/1", "https://x/t", "A film")
    assert (sponsor.href, sponsor.title, sponsor.src, sponsor.alt) == ("https://s.org/", "Acme", "https://x/l", "l")
    assert sponsor.html == '<p>Buy <a href="https://s.org/2">this</a>.</p>'
    assert (poll.title, poll.answers, poll.number) == ("Which & way?", ("🧭 North", "<South>"), 3)
    assert (subscribe.kind, subscribe.html) == ("subscribe", "")


@pytest.mark.parametrize(
    "html",
    [
        '<figure data-block="poll"><p>Q?</p><ul><li>only</li></ul></figure>',
        '<figure data-block="poll"><ul><li>a</li><li>b</li></ul></figure>',
        '<figure data-block="sponsor"><p>No link</p></figure>',
        '<p><a data-block="button">x</a></p>',
        '<blockquote><figure data-block="poll"><p>Q?</p><ul><li>a</li><li>b</li></ul></figure></blockquote>',
        '<table><tr><td><a href="https://x/" data-block="button">x</a></td></tr></table>',
    ],
)
def test_a_mark_that_fits_nothing_leaves_the_words(html):
    (block,) = blocks(html)
    assert block.kind in ("text", "quote", "table")
    assert plain(re.sub(' data-block="[a-z]+"', "", html)).split("\n\n[1]")[0] == plain(html).split("\n\n[1]")[0]


def test_polls_are_numbered_and_counted():
    html = MARKED * 3
    assert [block.number for block in blocks(html) if block.kind == "poll"] == [0, 1, 2]
    assert count_polls(html) == 3


def test_an_image_keeps_its_size_and_one_in_the_words_is_fitted_to_the_column():
    image, text = blocks('<img src="https://x/a" width="1200" height="600"><p>a <img src="https://x/a" width="1072" '
                         'height="100"> b <img src="https://x/b" width="9999"></p>')  # fmt: skip
    assert (image.width, image.height) == (1200, 600)
    assert 'alt="" width="536" height="50" />' in text.html
    assert '<img src="https://x/b" alt="" />' in text.html


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<table><tr><td>✅</td><td>🐳 whale</td></tr></table>", "Weißes Häkchen"),
        ('<p><a href="https://x/">🐳</a></p>', "Blasender Wal"),
        ("<ul><li> 👩‍🚀 </li></ul>", "Astronautin"),
        ("<h2>🐳</h2>", "Blasender Wal"),
        ('<p><a href="https://x/" data-block="button">🐳</a></p>', "Blasender Wal"),
    ],
)
def test_an_emoji_that_is_all_there_is_has_a_spoken_name(html, said):
    (block,) = blocks(html, "de-AT")
    (label,) = re.findall('<span role="img" aria-label="([^"]*)">', block.html)
    assert label.casefold() == said.casefold()


@pytest.mark.parametrize(
    "html", ["<p>Hi 🐳</p>", "<h2>🐳 Whale</h2>", '<p><a href="https://x/">🐳 a</a></p>', "<ul><li>a</li></ul>"]
)
def test_an_emoji_beside_words_is_an_ornament(html):
    assert "aria-label" not in joined(html)


@pytest.mark.parametrize("language", ["en", "hi", "x", "", "DE_de"])
def test_a_language_without_names_for_emoji_has_the_english_ones(language):
    label = name("🐳", language)
    assert label.casefold() == ("blasender wal" if language == "DE_de" else "spouting whale")
    assert (name("🐳 a", language), name("", language), name("7", language)) == ("", "", "")


LONG = "x" * 300


@pytest.mark.parametrize(
    "html",
    [
        f"<h2>{LONG}</h2>",
        f'<p><a href="https://x/" data-block="button">{LONG}</a></p>',
        f'<figure data-block="poll"><p>{LONG}</p><ul><li>{LONG}</li><li>b</li></ul></figure>',
        f'<figure><a href="https://v/" data-block="video">{LONG}</a></figure>',
        f"<table><tr><th>{LONG}</th></tr><tr><td>{LONG}</td></tr></table>",
    ],
)
def test_three_hundred_letters_without_a_space_are_kept_whole(html):
    (block,) = blocks(html)
    assert LONG in block.html + block.title + " ".join(block.answers)
    assert LONG in plain(html)


def test_a_table_in_a_table_is_well_formed_and_read_in_order():
    html = "<table><tr><td>a<table><tr><td>b<td>c</table></td><td>d</td></tr></table>e"
    table, after = blocks(html)
    assert (table.kind, after.html) == ("table", "<p>e</p>")
    assert str(table.html).count("<table>") == str(table.html).count("</table>") == 2
    assert re.sub(r"\W", "", plain(html)) == "abcde"


@pytest.mark.parametrize("text", ["عنوان طويل", "स्त्री शक्ति", "👨‍👩‍👧‍👦🇩🇪", "שלום 🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
def test_alt_texts_of_the_whole_world_stay_as_they_are(text):
    (block,) = blocks(f'<figure><img src="https://x/a" alt="{text}"></figure>')
    assert block.alt == text
    assert text in plain(f'<p><img src="https://x/a" alt="{text}"></p>')
