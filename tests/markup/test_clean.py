"""Cleaning: what stays, what goes, and what is put right."""

import pytest

from newsletter.markup.clean import Addresses, clean, plain
from newsletter.markup.text import count_words, cut, line, with_emoji

HERE = Addresses.against("https://blog.example.org/2026/post/")


@pytest.mark.parametrize(
    "source",
    [
        "<h2>A</h2><p>One <strong>two</strong> <em>three</em><br>four</p><hr><ul><li>a</li><li>b</li></ul>",
        '<figure><img src="https://x.org/a.png" alt="A"><figcaption>Cap</figcaption></figure>',
        '<table><thead><tr><th colspan="2">A</th></tr></thead><tbody><tr><td>1</td><td></td></tr></tbody></table>',
        '<blockquote><p>Q</p></blockquote><pre><code>a &lt; b\n  c</code></pre><p><abbr title="x">X</abbr></p>',
        "<dl><dt>a</dt><dd>b</dd></dl><p>H<sub>2</sub>O<sup>3</sup></p>",
        '<p><del>a</del><ins>b</ins> <time datetime="2026">n</time></p>',
        '<p dir="rtl" lang="he">שלום <a href="https://x.org/" title="t">x</a> <a href="mailto:a@x.org">m</a></p>',
    ],
)
def test_what_a_mail_can_show_stays_as_it_is(source: str) -> None:
    assert clean(source, HERE).html == source


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("<p>One<p>Two", "<p>One</p><p>Two</p>"),
        ("<ul><li>a<li>b<p>c<li>d</ul>", "<ul><li>a</li><li>b<p>c</p></li><li>d</li></ul>"),
        ("<b>a <i>b</b> c</i>", "<b>a <i>b</i></b> c"),
        ("<section><h2>A</h2></section>", "<div><h2>A</h2></div>"),
        ("<p></p><p>a</p><div><span></span></div>", "<p>a</p>"),
        ("<p>a<p>b" * 150, "<p>a</p><p>b</p>" * 150),
        ("a < b & c", "a &lt; b &amp; c"),
        ("a <!-- hidden <b> --> b", "a  b"),
        ("<a href='#top'>top</a>", '<a href="https://blog.example.org/2026/post/#top">top</a>'),
        ("<a>x</a><a name='y'>z</a>", "xz"),
        ("<a href='a'>x <a href='b'>y</a></a>",
         '<a href="https://blog.example.org/2026/post/a">x y</a>'),
        ("<table><tr><td>a</p>b</td></tr></table>", "<table><tbody><tr><td>ab</td></tr></tbody></table>"),
    ],
)  # fmt: skip
def test_what_is_put_right(source: str, result: str) -> None:
    assert clean(source, HERE).html == result


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("a.png", "https://blog.example.org/2026/post/a.png"),
        ("/a.png", "https://blog.example.org/a.png"),
        ("//cdn.org/a.png", "https://cdn.org/a.png"),
        ("../b c.png", "https://blog.example.org/2026/b%20c.png"),
        ("🎉.png?x=50%", "https://blog.example.org/2026/post/%F0%9F%8E%89.png?x=50%25"),
    ],
)
def test_addresses_are_made_whole(url: str, whole: str) -> None:
    assert clean(f'<img src="{url}">', HERE).image.url == whole


def test_pictures_loaded_late_are_shown() -> None:
    source = '<img src="data:image/gif;base64,R0" data-src="real.png" alt="R"><noscript><img src="real.png"></noscript>'
    assert clean(source, HERE).html == '<img src="https://blog.example.org/2026/post/real.png" alt="R">'


def test_pictures_of_emoji_become_emoji() -> None:
    assert (
        clean('<p>Hi <img class="wp-smiley" src="https://s.w.org/1f389.png" alt="🎉"></p>', HERE).html == "<p>Hi 🎉</p>"
    )


def test_the_lead_picture_is_the_first_that_is_not_tiny() -> None:
    cleaned = clean('<img src="icon.png" width="24" height="24"><img src="b.png" width="640" alt="Big">', HERE)
    assert (cleaned.image.url, cleaned.image.alt) == ("https://blog.example.org/2026/post/b.png", "Big")


def test_text_and_first_paragraph_are_noted() -> None:
    cleaned = clean("<h1>Head</h1><p><img src=a.png></p><p>The <b>fir</b>st.</p><ul><li>a</li><li>b</li></ul>", HERE)
    assert (cleaned.text, cleaned.paragraph) == ("Head The first. a b", "The first.")


def test_plain_text_of_html() -> None:
    assert plain("Fish &amp; <i>chips</i><script>x</script>") == "Fish & chips"
    assert plain("a < b") == "a < b"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (":tada: :+1:", "🎉 👍"),
        (":fire::fire:", "🔥🔥"),
        (":no_such_thing: at 12:30:45", ":no_such_thing: at 12:30:45"),
        ("1:100:3 std::on::x", "1:100:3 std::on::x"),
        (":de: :man_technologist:", "🇩🇪 👨‍💻"),
    ],
)
def test_short_codes(text: str, result: str) -> None:
    assert with_emoji(text) == result


def test_cutting_keeps_words_and_characters_whole() -> None:
    assert cut("short", 10) == "short"
    assert cut("one two three four", 12) == "one two…"
    family = "👨‍👩‍👧‍👦"
    assert cut(family * 10, 20) == family * 2 + "…"
    assert cut("漢字" * 200, 300) == ("漢字" * 150)[:299] + "…"
    assert len(cut("word " * 100, 300)) <= 300
    assert cut("x" * 400, 300) == "x" * 299 + "…"
    assert cut("स्त्री" * 10, 20) == "स्त्री" * 3 + "…"
    assert 1 < len(cut("a" + "\u0300" * 5000, 300)) <= 300


def test_words_are_counted() -> None:
    assert count_words("One two-three, don't; four 5") == 5
    assert count_words("漢字かな交じり文") == 4
    assert count_words("") == 0


def test_a_line_is_one_line() -> None:
    assert line(" a\n\tb\u2028c\x00 ") == "a b c"
