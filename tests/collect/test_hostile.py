"""Input made to hurt: nothing runs, nothing is read that should not be, and every step ends soon."""

import time
from collections.abc import Callable, Iterator

import pytest

from newsletter.collect.download import Document
from newsletter.collect.entry import Call, Fetched
from newsletter.collect.errors import NotAFeed
from newsletter.collect.kinds import feed
from newsletter.markup import markdown
from newsletter.markup.clean import Addresses, clean, plain
from tests.collect.conftest import item, rss

HERE = Addresses.against("https://blog.example.org/post")
DEEP = 20_000


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    # Our own time: other processes may keep the machine busy.
    began = time.process_time()
    yield
    assert time.process_time() - began < 5


@pytest.fixture
def read(call: Callable[..., Call]) -> Callable[..., Fetched]:
    def run(text: str) -> Fetched:
        return feed.read(call(), Document("https://feeds.example.org/rss", text.encode(), "application/xml"))

    return run


@pytest.mark.parametrize(
    "source",
    [
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\nscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<a href="vbscript:x">x</a>',
        '<p onclick="alert(1)" style="position:fixed" class="c" id="i">x</p>',
        "<script>alert(1)</script>x",
        "<scr<script>ipt>alert(1)</scr</script>ipt>x",
        "<style>p{}</style>x",
        "<svg onload=alert(1)><script>alert(1)</script></svg>x",
        "<math><mtext><script>alert(1)</script></mtext></math>x",
        '<iframe src="https://x.org" onload="alert(1)"></iframe>x',
        '<iframe src="https://x.org"/>x',
        "<video><source src=x onerror=alert(1)></video>x",
        '<img src="javascript:alert(1)">x',
        '<img src="x" onerror="alert(1)" srcset="y 2x">x',
        "<object data=x></object><embed src=x>x",
        "<form action=x><input name=password>x</form>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>x',
        "<!--><script>alert(1)</script>-->x",
        "<!-- --!><script>alert(1)</script> -->x",
        '<base href="https://evil.example.org/">x',
        '<meta http-equiv="refresh" content="0">x',
        "<template><script>alert(1)</script></template>x",
        "<textarea><script>alert(1)</script></textarea>x",
        '<a href="https://x.org" target="_blank" ping="https://p.org">x</a>',
    ],
)
def test_nothing_active_comes_through(source: str) -> None:
    cleaned = clean(source, HERE).html.lower()
    for word in (
        "<script",
        "javascript",
        "onerror",
        "onload",
        "onclick",
        "style",
        "class",
        "srcset",
        "iframe",
        "<form",
        "ping",
    ):
        assert word not in cleaned
    assert "x" in cleaned


def test_images_that_only_count_readers_are_dropped() -> None:
    pixels = (
        '<img src="p.gif" width="1" height="1">',
        '<img src="p.gif" height="1px">',
        '<img src="p.gif" style="display: none">',
        '<img src="p.gif" width=0>',
    )
    assert clean("".join(pixels) + "x", HERE).html == "x"


def test_a_billion_laughs_stay_unheard(read: Callable[..., Fetched]) -> None:
    lines = "\n".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    for gap in ("\n", " "):
        subset = f'<!ENTITY l0 "lol">{gap}{lines}'.replace("\n", gap)
        fetched = read(rss(item(1, "a &l11; b"), head=f'<?xml version="1.0"?><!DOCTYPE rss [{gap}{subset}{gap}]>'))
        assert "lollol" not in fetched.entries[0].title
        assert len(fetched.entries[0].title) < 50


def test_a_long_entity_repeated_stays_short(read: Callable[..., Fetched]) -> None:
    head = f'<!DOCTYPE rss [\n<!ENTITY a "{"x" * 100_000}">\n]>'
    assert len(read(rss(item(1, "&a;" * 20_000), head=head)).entries[0].title) <= 300


@pytest.mark.parametrize(
    "declaration", ['<!ENTITY f SYSTEM "file:///etc/passwd">', '<!ENTITY % f SYSTEM "file:///etc/passwd"> %f;']
)
def test_a_file_is_never_read_into_a_feed(read: Callable[..., Fetched], declaration: str) -> None:
    for head in (f"<!DOCTYPE rss [\n{declaration}\n]>", f'<?xml version="1.0"?><!DOCTYPE rss [{declaration}]>'):
        entry = read(rss(item(1, "a &f; b"), head=head)).entries[0]
        assert "root:" not in entry.title + entry.html


@pytest.mark.parametrize(
    ("tag", "broken"),
    [
        ("div", ""),
        ("div", "&nbsp;"),  # not XML, so that feedparser's loose parser reads it
        ("p", ""),
        ("b", ""),
        ("table", ""),
        ("svg", ""),
        ("nonsense", "&nbsp;"),
        ("li", ""),
        ("a href=/x", ""),
        ("span dir=rtl", ""),
    ],
)
def test_html_nested_20_000_deep_keeps_its_text(read: Callable[..., Fetched], tag: str, broken: str) -> None:
    deep = f"<{tag}>" * DEEP + "inmost" + f"</{tag.split()[0]}>" * DEEP
    entry = read(rss(item(1, broken, f"first {deep} last"), item(2))).entries[0]
    assert entry.html.count("<") < 500
    text = plain(entry.html)
    assert (text[:5], text[-4:]) == ("first", "last")


def test_html_nested_and_never_closed() -> None:
    assert "inmost" in clean("<div><b>" * DEEP + "inmost", HERE).html
    assert plain("<em>" * DEEP + "inmost") == "inmost"
    assert clean("</div>" * DEEP + "x", HERE).html == "x"


@pytest.mark.parametrize(
    "entry", ["<z>", "<description type='xhtml'><div>", "<item>", "<p xml:base='x/'>", "<z xml:base='x/'>"]
)
def test_a_feed_nested_20_000_deep_is_refused(read: Callable[..., Fetched], entry: str) -> None:
    name = entry.partition(">")[0].strip("<").split()[0]
    with pytest.raises(NotAFeed, match="nests its tags"):
        read(rss(item(1), "<item>" + entry * DEEP + f"</{name}>" * DEEP + "</item>"))


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", '<a x="', "<![CDATA[", "</", "<?", "<!", "<", "&", "<script", '<a href="<a ', ":x", "<b>"]
)
def test_endless_repetition_ends(read: Callable[..., Fetched], piece: str) -> None:
    source = piece * (20_000 // len(piece))
    clean(source, HERE)
    clean(source + ">", HERE)
    assert read(rss(item(1, description=source))).entries
    assert read(rss(item(1), "<item><title>" + source.replace("<b>", "<br>") + "</title></item>")).entries


def test_a_person_with_an_endless_name_is_refused(read: Callable[..., Fetched]) -> None:
    for text in ("<author>{}</author>", "<dc:creator><![CDATA[{}]]></dc:creator>", "<author>a<b>x</b>{}</author>"):
        with pytest.raises(NotAFeed, match="names a person"):
            read(rss(item(1, more=text.format("a" * 1_000_000))))


def test_a_prolog_of_nothing_but_space_ends(read: Callable[..., Fetched]) -> None:
    assert read('<?xml version="1.0"?>' + "\n" * 1_000_000 + rss(item(1), head="")).entries


@pytest.mark.parametrize(
    "source", ["[" * DEEP, ">" * DEEP + "a", "- " * DEEP + "a", "*a " * DEEP, "`" * DEEP, "<div>" * DEEP]
)
def test_markdown_nested_20_000_deep(source: str) -> None:
    clean(markdown.render(source), HERE)


def test_a_malformed_feed_that_trips_the_parser_is_an_error_in_words(read: Callable[..., Fetched]) -> None:
    text = rss("<item><title>&nbsp;&#99999999999;</title></item>")
    with pytest.raises(NotAFeed, match="so malformed that it cannot be read"):
        read(text)


def test_control_characters_are_taken_out(read: Callable[..., Fetched]) -> None:
    entry = read(rss(item(1, "a\x00b\x0bc", "x\x08y&#0;&#1;z"))).entries[0]
    assert (entry.title, entry.html) == ("abc", "xy\N{REPLACEMENT CHARACTER}z")
