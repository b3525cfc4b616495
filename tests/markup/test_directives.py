"""Directives: what Markdown has no words for, and what becomes of those that are malformed."""

import pytest

from newsletter.markup import markdown
from newsletter.markup.clean import Addresses, clean

HERE = Addresses.against("https://blog.example.org/post/")


def html(source: str) -> str:
    return clean(markdown.render(source), HERE, trusted=True).html


def test_a_button() -> None:
    assert html("::: button /map?a=1&b=2\nSee the *whole*\nmap\n:::") == (
        '<p><a href="https://blog.example.org/map?a=1&amp;b=2" data-block="button">See the <em>whole</em>\nmap</a></p>'
    )


def test_a_gallery_keeps_its_links_and_the_rest_is_its_caption() -> None:
    source = "::: gallery\n![A](a.png)\n[![B](b.png)](https://x.org/)\nA *caption*\n:::"
    assert html(source) == (
        '<figure data-block="gallery"><img src="https://blog.example.org/post/a.png" alt="A">'
        '<a href="https://x.org/"><img src="https://blog.example.org/post/b.png" alt="B"></a>'
        "<figcaption>A <em>caption</em></figcaption></figure>"
    )


@pytest.mark.parametrize(
    ("source", "inside"),
    [
        ("https://video.example.org/1\n![Alt](t.jpg)\nA film",
         '<img src="https://blog.example.org/post/t.jpg" alt="Alt">A film'),
        ("https://video.example.org/1\nA film", "A film"),
        ("https://video.example.org/1", "video.example.org"),
        ("https://video.example.org/1 Named here", "Named here"),
        ("https://www.youtube.com/watch?v=abcdefghijk\nA film",
         '<img src="https://i.ytimg.com/vi/abcdefghijk/hqdefault.jpg" alt="">A film'),
    ],
)  # fmt: skip
def test_a_video_shows_the_picture_it_has(source: str, inside: str) -> None:
    url = source.split()[0]
    assert html(f"::: video {source}\n:::") == f'<figure><a href="{url}" data-block="video">{inside}</a></figure>'


def test_a_sponsor_is_named_and_may_bring_a_picture() -> None:
    source = "::: sponsor https://maps.example.org Meridian Maps\n![Logo](l.png)\nGood **maps**.\n\nMore.\n:::"
    assert html(source).replace("\n", "") == (
        '<figure data-block="sponsor"><p><a href="https://maps.example.org">'
        '<img src="https://blog.example.org/post/l.png" alt="Logo">Meridian Maps</a></p>'
        "<p>Good <strong>maps</strong>.</p><p>More.</p></figure>"
    )


def test_a_poll_and_a_subscribe_box() -> None:
    poll = html("::: poll Which *way*? :::\n- 🧭 North\n- :desert_island: South\n:::").replace("\n", "")
    assert poll == '<figure data-block="poll"><p>Which *way*?</p><ul><li>🧭 North</li><li>🏝️ South</li></ul></figure>'
    assert html("::: subscribe\n:::") == '<figure data-block="subscribe"></figure>'


@pytest.mark.parametrize(
    ("source", "line", "reason", "kept"),
    [
        ("::: warning Mind\nthe *gap*\n:::", 1, "there is no block called 'warning'", "Mind the gap"),
        ("x\n\n::: button\nwords\n:::", 3, "a button without an address", "x words"),
        ("::: button javascript:alert(1)\nwords\n:::", 1, "a button without an address", "javascript:alert(1) words"),
        ("::: button https://x.org\n:::", 1, "a line of words", "https://x.org"),
        ("::: button https://x.org\n- a\n:::", 1, "a line of words", "https://x.org a"),
        ("::: poll Q?\n- one\n:::", 1, "2 to 10 answers; this one has 1", "Q? one"),
        ("::: poll Q?\n" + "- n\n" * 11 + ":::", 1, "this one has 11", "Q?" + " n" * 11),
        ("::: poll Q?\nNo list\n:::", 1, "holds one list", "Q? No list"),
        ("::: poll\n- a\n- b\n:::", 1, "without a question", "a b"),
        ("::: poll Q?\n- a\n-\n:::", 1, "one line of words", "Q? a"),
        ("::: gallery\njust words\n:::", 1, "a gallery without an image", "just words"),
        ("::: gallery\n| a |\n|---|\n:::", 1, "holds images", "a"),
        ("::: video\n![a](a.png)\n:::", 1, "a video without an address", ""),
        ("::: sponsor https://x.org\n:::", 1, "a sponsor without a word", "https://x.org"),
        ("a\n\n::: subscribe\nthe rest\n\nof it", 3, "is never closed", "a the rest of it"),
        ("- a\n\n  ::: button https://x.org\n  b\n  :::", 3, "stands by itself", "a https://x.org b"),
        (":::: sponsor https://x.org X\nw\n::: button https://y.org\nin\n:::\n::::", 3, "stands by itself",
         "X w https://y.org in"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named_with_its_line_and_its_words_stay(
    source: str, line: int, reason: str, kept: str
) -> None:
    rendered, faults = markdown.read(source)
    ((found, said),) = faults
    assert (found, reason in said) == (line, True)
    assert clean(rendered, HERE, trusted=True).text == kept


def test_colons_in_code_and_in_words_are_no_directive() -> None:
    source = "```\n::: button\n```\n\n:::\n\n::: 12\n\na ::: b"
    assert markdown.read(source)[1] == []
    assert "::: button" in html(source)


def test_a_feed_cannot_say_what_block_it_is() -> None:
    source = (
        '<p><a href="https://x.org" data-block="button">x</a></p><figure data-block="poll"><p>Q</p></figure>'
        '<img src="https://x.org/i.png" data-dark="https://x.org/d.png">'
    )
    assert "data-" not in clean(source, HERE).html
    assert clean(source, HERE, trusted=True).html.count("data-") == 3


@pytest.mark.parametrize("mark", ["BUTTON", "nonsense", "poll", ""])
def test_a_mark_belongs_to_its_element(mark: str) -> None:
    assert "data-block" not in clean(f'<a href="https://x.org" data-block="{mark}">x</a>', HERE, trusted=True).html


def test_cleaning_again_changes_nothing() -> None:
    source = markdown.render(
        "::: gallery\n![A](a.png)\n![B](b.png)\n:::\n\n::: poll Q?\n- a\n- b\n:::\n\n::: subscribe\n:::\n\n"
        '<picture><source media="(prefers-color-scheme: dark)" srcset="d.png"><img src="l.png" width="9" height="8">'
        "</picture>\n\n::: video https://vimeo.com/1\nx\n:::"
    )
    once = clean(source, HERE, trusted=True).html
    assert once.count("data-") == 5
    assert clean(once, HERE, trusted=True).html == once


def test_the_first_paragraph_is_no_button_poll_or_advertisement() -> None:
    source = (
        "::: sponsor https://x.org X\n![a](s.png)\nBuy\n:::\n\n::: button https://x.org\nGo\n:::\n\n"
        "::: poll Q?\n- a\n- b\n:::\n\nThe story.\n\n![b](own.png)"
    )
    cleaned = clean(markdown.render(source), HERE, trusted=True)
    assert cleaned.paragraph == "The story."
    assert cleaned.image.url.endswith("own.png")


@pytest.mark.parametrize("source", ["::: a\n" * 5000, ":" * 50_000, "::: poll " + "x" * 100_000, "::::\n:::" * 3000])
def test_endless_colons_end(source: str) -> None:
    clean(markdown.render(source), HERE, trusted=True)
