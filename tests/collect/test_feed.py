"""What is read out of feeds: formats, encodings, fields, and what comes instead of a feed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from newsletter.collect.download import Document
from newsletter.collect.entry import Call, Entry, Fetched
from newsletter.collect.errors import NotAFeed
from newsletter.collect.kinds import feed
from tests.collect.conftest import item, rss

URL = "https://feeds.example.org/rss"
Read = Callable[..., Fetched]


@pytest.fixture
def read(call: Callable[..., Call]) -> Read:
    def run(body: str | bytes, content_type: str = "application/xml", **settings: Any) -> Fetched:
        content = body.encode() if isinstance(body, str) else body
        return feed.read(call(**settings), Document(URL, content, content_type, etag='"1"'))

    return run


def only(fetched: Fetched) -> Entry:
    (entry,) = fetched.entries
    return entry


def atom(entry: str, attributes: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><title>A</title>{entry}</feed>'


def test_atom(read: Read) -> None:
    entry = only(
        read(
            atom(
                """<entry xml:base="https://atom.example.org/posts/"><id>tag:a,1</id>
                <title type="html">A &lt;b>bold&lt;/b> title</title>
                <link href="one"/><updated>2026-11-15T10:00:00+01:00</updated><author><name>Ada</name></author>
                <author><name>Grace</name></author><category term="Science"/><summary>In short</summary>
                <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
                <p>See <a href="two">two</a></p></div></content>
                </entry>""",
                'xml:lang="de-AT"',
            )
        )
    )
    assert (entry.guid, entry.url, entry.title) == ("tag:a,1", "https://atom.example.org/posts/one", "A bold title")
    assert entry.html == '<p>See <a href="https://atom.example.org/posts/two">two</a></p>'
    assert (entry.summary, entry.authors, entry.language) == ("In short", ("Ada", "Grace"), "de-AT")
    assert (entry.tags, entry.published_at) == (("science",), datetime(2026, 11, 15, 9, tzinfo=UTC))


def test_rdf_and_the_oldest_rss(read: Read) -> None:
    rdf = """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="x"><title>C</title></channel>
        <item rdf:about="https://r.example.org/1"><title>R</title><link>https://r.example.org/1</link>
        <dc:date>2026-11-01</dc:date><dc:creator>Ada</dc:creator></item></rdf:RDF>"""
    entry = only(read(rdf))
    assert (entry.title, entry.authors, entry.published_at) == ("R", ("Ada",), datetime(2026, 11, 1, tzinfo=UTC))
    netscape = """<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
        "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>C</title>
        <item><title>Caf&eacute;</title><link>https://n.example.org/1</link></item></channel></rss>"""
    assert only(read(netscape)).title == "Café"


def test_json_feed(read: Read) -> None:
    text = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "language": "en",
            "authors": [{"name": "The Feed"}],
            "items": [
                {
                    "id": 7,
                    "url": "/posts/7",
                    "title": "Seven :tada:",
                    "content_html": "<p>Hi <img src='a.png'></p>",
                    "date_published": "2026-11-02T08:00:00+01:00",
                    "tags": ["One", 2, "one"],
                    "banner_image": "/banner.png",
                },
                {
                    "id": "8",
                    "content_text": "First\nline\n\nSecond <b>",
                    "author": {"name": "Ada"},
                    "date_published": 5,
                },
                "nonsense",
            ],
        }
    )
    seven, eight = read(text, "application/feed+json").entries
    assert (seven.guid, seven.url, seven.title) == ("7", "https://feeds.example.org/posts/7", "Seven 🎉")
    assert seven.html == '<p>Hi <img src="https://feeds.example.org/posts/a.png" alt=""></p>'
    assert (seven.authors, seven.tags, seven.language) == (("The Feed",), ("one",), "en")
    assert seven.image_url == "https://feeds.example.org/banner.png"
    assert seven.published_at == datetime(2026, 11, 2, 7, tzinfo=UTC)
    assert eight.html == "<p>First<br>line</p><p>Second &lt;b&gt;</p>"
    assert (eight.authors, eight.title, eight.url, eight.published_at) == (("Ada",), "First line", "", None)


@pytest.mark.parametrize("text", ["{", '{"version": 1}', "[" * 20_000, '{"a":' * 20_000, "[]"])
def test_json_that_is_no_json_feed(read: Read, text: str) -> None:
    with pytest.raises(NotAFeed, match="JSON"):
        read(text, "application/json")


def test_json_with_half_a_character(read: Read) -> None:
    text = '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "a\\ud83d b\\u0000c"}]}'
    assert only(read(text)).title == "a bc"


def test_a_web_page_is_not_a_feed_but_names_the_one_it_links_to(read: Read) -> None:
    head = '<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head>'
    with pytest.raises(NotAFeed) as caught:
        read(head + "<body><p>Hi</body></html>", "text/html")
    assert str(caught.value) == "This is a web page, not a feed. Its feed is https://feeds.example.org/feed.xml"
    with pytest.raises(NotAFeed, match=r"This is a web page, not a feed\. Look for"):
        read("<html><body>Hi", "text/html")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The feed is empty"),
        (" \n\t", "The feed is empty"),
        ('<?xml version="1.0"?><!-- nothing -->', "The feed is empty"),
        ("Just words", "plain text"),
        ("<urlset><url/></urlset>", "begins with <urlset>"),
        ("<rss><channel><item><title>Cut", "breaks off before its first entry ends"),
    ],
)
def test_what_else_is_not_a_feed(read: Read, text: str, reason: str) -> None:
    with pytest.raises(NotAFeed, match=reason):
        read(text)


def test_a_feed_without_entries_is_fine_but_odd(read: Read) -> None:
    assert read(rss()).warning == "The feed has no entries."


def test_of_a_truncated_feed_the_whole_entries_are_taken(read: Read) -> None:
    text = rss(item(1), item(2), item(3))
    fetched = read(text[: text.rindex("<description>") + 30])
    assert [entry.title for entry in fetched.entries] == ["Story 1", "Story 2"]
    assert "breaks off in the middle" in fetched.warning
    assert fetched.etag == ""  # so that the rest is not missed next time
    assert len(read(atom("<entry><id>1</id></entry><entry><id>2")).entries) >= 1


def test_what_stands_around_a_feed_does_no_harm(read: Read) -> None:
    text = "\n<b>Warning</b>: something in x.php\n" + rss(item(1)) + "<!-- cached --><script>x</script>"
    assert only(read(text)).title == "Story 1"


def test_a_feed_that_is_not_well_formed_is_read_all_the_same(read: Read) -> None:
    text = rss(item(1, "Caf&eacute; & bar &nbsp;<br>open"), item(2))
    assert [entry.guid[-1] for entry in read(text).entries] == ["1", "2"]


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("windows-1251", "windows-1251", "application/xml"),
        ("windows-1251", "", "text/xml; charset=windows-1251"),
        ("windows-1251", "windows-1251", "text/xml"),
        ("windows-1251", "windows-1251", "text/xml; charset=utf-8"),
        ("utf-8", "utf-8", "text/xml"),
        ("utf-8", "", "text/xml; charset=ISO-8859-1"),
        ("koi8-r", "koi8-r", "application/rss+xml"),
        ("utf-16", "utf-16", "application/xml"),
        ("utf-16-le", "utf-16", "application/xml"),
        ("utf-8-sig", "windows-1251", "text/xml; charset=windows-1251"),
        ("utf-8", "punycode", "text/xml; charset=hex"),
    ],
)
def test_the_encoding_is_found(read: Read, encoding: str, declared: str, header: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    entry = only(read(rss(item(1, "Привет, мир"), head=head).encode(encoding), header))
    assert entry.title == "Привет, мир"


def test_titles_become_plain_text(read: Read) -> None:
    titles = {
        "Tom &amp;amp; Jerry": "Tom & Jerry",
        "<![CDATA[It&#8217;s <em>here</em>]]>": "It’s here",
        "  Two \n lines\t": "Two lines",
        "a &lt; b": "a < b",
        "Launch :rocket: at 10:30:45": "Launch 🚀 at 10:30:45",
    }
    entries = read(rss(*(item(number, title) for number, title in enumerate(titles)))).entries
    assert [entry.title for entry in entries] == list(titles.values())


def test_a_post_without_a_title_is_called_by_how_it_begins(read: Read) -> None:
    words = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    entry = only(read(rss(item(1, "", f"<p>{words}</p>"))))
    assert entry.title == "One two three four five six seven eight nine ten eleven twelve thirteen…"
    assert only(read(rss(item(1, "", "<img src='x.png'>")))).title == "blog.example.org, 16 November 2026"


@pytest.mark.parametrize(
    "text", ["👨‍👩‍👧‍👦 family", "🇪🇺 flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿", "שלום עולם", "مرحبا \u200fبالعالم", "नमस्ते", "👍🏽 Zürich"]
)
def test_text_of_the_whole_world_is_unharmed(read: Read, text: str) -> None:
    entry = only(read(rss(item(1, text, f'<p dir="rtl">{text} 1</p>'))))
    assert (entry.title, entry.summary, entry.html) == (text, f"{text} 1", f'<p dir="rtl">{text} 1</p>')


def test_the_picture_of_an_entry(read: Read) -> None:
    pictures = {
        '<enclosure type="image/png" url="/e.png" length="1"/>': "https://blog.example.org/e.png",
        '<media:content url="https://x.org/s.jpg" medium="image" width="10"/>'
        '<media:content url="https://x.org/l.jpg" medium="image" width="900"/>': "https://x.org/l.jpg",
        '<media:thumbnail url="https://x.org/t.jpg"/>': "https://x.org/t.jpg",
        '<itunes:image href="https://x.org/i.jpg"/>': "https://x.org/i.jpg",
        '<enclosure type="audio/mpeg" url="/e.mp3" length="1"/>': "https://blog.example.org/in.png",
        '<media:thumbnail url="javascript:x"/>': "https://blog.example.org/in.png",
    }
    body = '<img src="/p.gif" width="1" height="1"><img src="in.png" alt="Seen">'
    entries = read(rss(*(item(n, None, body, more) for n, more in enumerate(pictures)))).entries
    assert [entry.image_url for entry in entries] == list(pictures.values())
    assert [entry.image_alt for entry in entries] == ["", "", "", "", "Seen", "Seen"]


def test_the_full_text_counts_not_the_caption_of_its_picture(read: Read) -> None:
    more = (
        "<content:encoded><![CDATA[<p>The whole long story.</p>]]></content:encoded>"
        '<media:content url="https://x.org/a.jpg" medium="image">'
        "<media:description>Cap</media:description></media:content>"
    )
    entry = only(read(rss(item(1, "T", "Teaser", more))))
    assert (entry.html, entry.summary) == ("<p>The whole long story.</p>", "Teaser")


def test_feedburner_says_where_the_story_really_is(read: Read) -> None:
    more = "<feedburner:origLink>https://real.example.org/1?utm_medium=feed</feedburner:origLink>"
    assert only(read(rss(item(1, more=more)))).url == "https://real.example.org/1"


def test_the_tags_of_the_source_are_added(read: Read) -> None:
    assert only(read(rss(item(1, more="<category> Science </category>")), tags=["Press"])).tags == ("science", "press")


def test_emoji_stay_short_codes_in_code(read: Read) -> None:
    entry = only(read(rss(item(1, "T", "<p>:tada: <code>:tada:</code></p><pre>:x:</pre>"))))
    assert entry.html == "<p>🎉 <code>:tada:</code></p><pre>:x:</pre>"
    assert entry.summary == "🎉 :tada:"


def test_entities_in_a_text_that_calls_itself_plain_are_read_as_what_they_mean(read: Read) -> None:
    words = "<title>A&amp;nbsp;B &amp;amp; C</title><summary>x&amp;nbsp;y &amp; z</summary>"
    entry = only(read(atom(f"<entry>{words}<id>1</id></entry>")))
    assert (entry.title, entry.summary) == ("A B & C", "x y & z")


def test_a_summary_that_only_repeats_the_title_is_left_out(read: Read) -> None:
    assert only(read(atom("<entry><title>The same</title><id>1</id><summary>The same</summary></entry>"))).summary == ""
