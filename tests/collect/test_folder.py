"""Folders of Markdown: Jekyll's, Hugo's and plain ones, and what their authors get wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.collect import frontmatter
from newsletter.collect.dates import moment
from newsletter.collect.entry import Call, Entry, Fetched
from newsletter.collect.errors import FolderMissing
from newsletter.collect.kinds import folder

Read = Callable[..., Fetched]
PNG = b"\x89PNG"


def only(fetched: Fetched) -> Entry:
    (entry,) = fetched.entries
    return entry


def paths(fetched: Fetched) -> list[str]:
    return [entry.guid for entry in fetched.entries]


def test_a_plain_file(read_folder: Read) -> None:
    text = "# Hello *world*\n\nThe first :tada: paragraph.\n\nMore ~~or~~ less.\n\n| a |\n|---|\n| 1 |\n"
    entry = only(read_folder({"notes/hello-world.md": text}))
    assert (entry.guid, entry.title, entry.url) == ("notes/hello-world.md", "Hello world", "")
    assert (entry.summary, entry.published_at) == ("The first 🎉 paragraph.", None)
    assert "<h1>" not in entry.html
    assert "<s>or</s>" in entry.html
    assert "<td>1</td>" in entry.html


def test_all_that_front_matter_can_say(read_folder: Read) -> None:
    text = """---
title: "1.10: No"
date: 2026-11-02 08:30:00
tags: [Science, ' space ']
categories: one, Two
keywords: three four
authors:
  - Ada
  - {name: Grace, email: g@x.org}
description: Some **bold** words
cover: {image: https://x.org/c.png, alt: A cover}
lang: en-GB
canonical_url: https://blog.example.org/one/?utm_source=x
---
# Other heading

Body with [a link](two) and ![a](pics/a.png).
"""
    entry = only(read_folder({"one.md": text}, site={"time_zone": "Europe/Berlin"}))
    assert (entry.title, entry.url) == ("1.10: No", "https://blog.example.org/one/")
    assert entry.published_at == datetime(2026, 11, 2, 7, 30, tzinfo=UTC)
    assert entry.tags == ("science", "space", "one", "two", "three", "four")
    assert (entry.authors, entry.summary, entry.language) == (("Ada", "Grace"), "Some bold words", "en-GB")
    assert (entry.image_url, entry.image_alt) == ("https://x.org/c.png", "A cover")
    assert "<h1>Other heading</h1>" in entry.html
    assert '<a href="https://blog.example.org/one/two">' in entry.html
    assert '<img src="https://blog.example.org/one/pics/a.png" alt="a">' in entry.html


def test_toml_front_matter(read_folder: Read) -> None:
    text = '+++\ntitle = "T"\ndate = 2026-11-02T08:00:00+01:00\ntags = ["a"]\ndraft = false\n+++\nHi\n'
    entry = only(read_folder({"t.md": text}))
    assert (entry.title, entry.tags, entry.published_at) == ("T", ("a",), datetime(2026, 11, 2, 7, tzinfo=UTC))


def test_a_heading_that_repeats_the_title_goes(read_folder: Read) -> None:
    assert only(read_folder({"t.md": "---\ntitle: Same\n---\n# Same\n\nBody"})).html == "<p>Body</p>"


def test_a_file_without_a_title_is_called_by_its_name(read_folder: Read) -> None:
    fetched = read_folder({"2026-11-02-why-not_me.md": "Body", "trips/rome/index.md": "Body"})
    assert [entry.title for entry in fetched.entries] == ["Why not me", "Rome"]


def test_jekyll(read_folder: Read) -> None:
    files = {
        "_posts/2026-11-02-first-post.md": "---\nlayout: post\ncategories: news\n---\nHi",
        "_posts/2026-11-03-hidden.md": "---\npublished: false\n---\nHi",
        "_posts/2026-11-04-page.html": "---\ntitle: Page\npermalink: /:year/:title/\n---\n<p>Hi</p>",
        "_drafts/idea.md": "Hi",
        "_layouts/post.html": "---\n---\n<html>",
        "about.html": "<p>A page that only lies there</p>",
    }
    fetched = read_folder(files, base_url="https://j.example.org")
    assert paths(fetched) == ["_posts/2026-11-02-first-post.md", "_posts/2026-11-04-page.html"]
    first, page = fetched.entries
    assert (first.title, first.published_at) == ("First post", datetime(2026, 11, 2, tzinfo=UTC))
    assert first.url == "https://j.example.org/news/2026/11/02/first-post.html"
    assert (page.url, page.html) == ("https://j.example.org/2026/page/", "<p>Hi</p>")


def test_hugo(read_folder: Read) -> None:
    files = {
        "posts/_index.md": "A list",
        "posts/bundle/index.md": "---\ntitle: Bundle\ndate: 2026-11-02\ncover: {image: c.png}\n---\n![x](in.png)",
        "posts/draft.md": "---\ndraft: true\n---\nx",
        "posts/later.md": "---\ndate: 2026-11-01\npublishDate: 2026-11-21\n---\nx",
        "posts/over.md": "---\nexpiryDate: 2026-11-19\n---\nx",
        "posts/dated-ahead.md": "---\ndate: 2027-01-01\nslug: ahead\n---\nx",
        "posts/own.md": "---\nurl: /own/place/\n---\nx",
    }
    fetched = read_folder(files, base_url="https://h.example.org/blog")
    by_path = {entry.guid: entry for entry in fetched.entries}
    assert set(by_path) == {"posts/bundle/index.md", "posts/dated-ahead.md", "posts/own.md"}
    bundle = by_path["posts/bundle/index.md"]
    assert bundle.url == "https://h.example.org/blog/posts/bundle/"
    assert bundle.image_url == "https://h.example.org/blog/posts/bundle/c.png"
    assert 'src="https://h.example.org/blog/posts/bundle/in.png"' in bundle.html
    assert by_path["posts/dated-ahead.md"].url == "https://h.example.org/blog/posts/ahead/"
    assert by_path["posts/dated-ahead.md"].published_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert by_path["posts/own.md"].url == "https://h.example.org/blog/own/place/"


def test_images_beside_posts_that_are_published_by_us_alone(read_folder: Read) -> None:
    files = {
        "2026/a.md": "---\nimage: images/top.png\n---\n![A](a%20b.png)\n\n![B](/images/top.png) [rel](b.md)",
        "2026/a b.png": PNG,
        "images/top.png": PNG,
    }
    entry = only(read_folder(files))
    files_url = "http://127.0.0.1:8000/files/s"
    assert entry.image_url == f"{files_url}/images/top.png"
    assert f'<img src="{files_url}/2026/a%20b.png" alt="A">' in entry.html
    assert f'<img src="{files_url}/images/top.png" alt="B"> rel' in entry.html


def test_images_never_lead_out_of_the_folder(read_folder: Read, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/link.png").symlink_to(tmp_path / "secret.png")
    names = [
        "../secret.png",
        "..%2fsecret.png",
        "/../secret.png",
        "link.png",
        "//secret.png",
        "a%00.png",
        str(tmp_path / "secret.png"),
    ]
    fetched = read_folder({"a.md": "\n\n".join(f"![x]({name})" for name in names)}, collect={"max_bytes": 1000})
    assert "/files/" not in only(fetched).html
    assert "a.md: there is no image ../secret.png" in fetched.warning


def test_links_that_lead_out_and_hidden_files_are_not_read(read_folder: Read, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.md").write_text("secret")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/link.md").symlink_to(tmp_path / "outside/a.md")
    (tmp_path / "posts/linked").symlink_to(tmp_path / "outside")
    (tmp_path / "posts/loop").symlink_to(tmp_path / "posts")
    (tmp_path / "posts/broken.md").symlink_to(tmp_path / "nowhere")
    assert paths(read_folder({"a.md": "x", ".hidden.md": "x", ".git/b.md": "x", "c.txt": "x"})) == ["a.md"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("---\ntitle: [a\n---\nx", "bad.md, line 2: expected"),
        ("---\na: 1\ntitle: a: b\n---\nx", "bad.md, line 3: a value with a colon in it must stand in quotes"),
        ("---\n- a\n---\nx", "bad.md, line 2: it must hold keys"),
        ("---\ntitle: x\n", "bad.md, line 1: the front matter has no closing ---"),
        ("---\ntitle: a\x01\n---\n", "bad.md, line 2: the character #x0001 is not allowed"),
        ("---\na: " + "[" * 500 + "\n---\n", "bad.md, line 1: it is nested too deep"),
        ("+++\ntitle = \n+++\n", "bad.md, line 2: Invalid value"),
        (b"one\ntw\xff", "bad.md, line 2: this is not UTF-8"),
        ("x" * 2001, "bad.md: it is larger than 2,000 bytes"),
    ],
)
def test_a_bad_file_is_named_and_stops_no_other(read_folder: Read, content: str | bytes, reason: str) -> None:
    limit = 2000 if "larger" in reason else 1_000_000
    fetched = read_folder({"bad.md": content, "good.md": "x"}, collect={"max_bytes": limit})
    assert paths(fetched) == ["good.md"]
    assert fetched.warning.startswith(reason)


def test_a_warning_names_all_there_is_each_on_a_line(read_folder: Read) -> None:
    warning = read_folder({f"{n}.md": b"\xff" for n in range(9)}).warning
    assert warning.splitlines() == [f"{n}.md, line 1: this is not UTF-8" for n in range(9)]


def test_the_address_of_a_broken_directive_is_no_summary(read_folder: Read) -> None:
    body = "::: button https://example.org\n:::\n\nThe real beginning.\n"
    entry = only(read_folder({"a.md": f"---\ntitle: T\n---\n{body}"}))
    assert entry.summary == "The real beginning."


def test_aliases_in_yaml_do_not_multiply(read_folder: Read) -> None:
    lines = [
        "a0: &a0 [x, x]",
        *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)),
        "tags: *a39",
        "title: *a39",
    ]
    assert only(read_folder({"bomb.md": "---\n" + "\n".join(lines) + "\n---\nx"})).tags == ()


def test_the_summary_ends_where_the_author_says(read_folder: Read) -> None:
    assert only(read_folder({"a.md": "One\n\nTwo\n\n<!--more-->\n\nThree"})).summary == "One Two"
    assert only(read_folder({"a.md": "word " * 200})).summary.endswith("word…")


def test_scripts_in_markdown_do_not_run(read_folder: Read) -> None:
    html = only(read_folder({"a.md": "a <script>x</script> [j](javascript:x) <a href='javascript:x'>k</a>"})).html
    assert "<script" not in html
    assert "href" not in html


def test_footnotes_and_definitions(read_folder: Read) -> None:
    html = only(read_folder({"a.md": "Text[^1]\n\nTerm\n: Meaning\n\n[^1]: Note"})).html
    assert "<dd>Meaning</dd>" in html
    assert "Note" in html


def test_windows_line_ends_and_byte_order_marks(read_folder: Read) -> None:
    assert only(read_folder({"a.md": "\ufeff---\r\ntitle: T\r\n---\r\nBody\r\n"})).title == "T"


def test_text_of_the_whole_world(read_folder: Read) -> None:
    entry = only(
        read_folder({"日本/👨‍👩‍👧.md": "---\ntitle: 🇪🇺 שלום\ntags: [Ünï]\n---\nمرحبا 👍🏽"}, base_url="https://x.org")
    )
    assert (entry.title, entry.tags, entry.summary) == ("🇪🇺 שלום", ("ünï",), "مرحبا 👍🏽")
    assert entry.url.startswith("https://x.org/%E6%97%A5")


def test_a_folder_that_is_not_there(call: Callable[..., Call]) -> None:
    with pytest.raises(FolderMissing, match="There is no folder"):
        folder.read(call("nowhere", kind="folder"))


@pytest.mark.parametrize(
    ("text", "moment_utc"),
    [
        ("2026-11-02", "2026-11-01T23:00"),
        ("2026-7-2", "2026-07-01T22:00"),
        ("2026-11-02T08:00:00Z", "2026-11-02T08:00"),
        ("2026-11-02 08:00:00 +0530", "2026-11-02T02:30"),
        ("2026-11-02 08:00", "2026-11-02T07:00"),
        ("2026-11-02 08:00:00 UTC", "2026-11-02T08:00"),
        ("2026-11-02T08:00:00.123456789Z", "2026-11-02T08:00"),
        ("Mon, 02 Nov 2026 08:00:00 +0100", "2026-11-02T07:00"),
    ],
)
def test_dates(text: str, moment_utc: str) -> None:
    found = moment(text, "Europe/Berlin")
    assert found
    assert f"{found:%Y-%m-%dT%H:%M}" == moment_utc
    assert found.tzinfo == UTC


@pytest.mark.parametrize(
    "text", ["", "soon", "2026", "2026-13-01", "0001-01-01", "9999-12-31T23:59:59-12:00", "Mon, 99 Nov 2026"]
)
def test_what_is_no_date(text: str) -> None:
    assert moment(text, "Europe/Berlin") is None


def test_front_matter_is_text_only() -> None:
    head, body = frontmatter.split("---\nTitle: 2026-11-02\nempty:\n---\n---\nrule")
    assert (head.text("title"), head.text("empty"), body) == ("2026-11-02", "", "---\nrule")
    assert frontmatter.split("---\n---\nx")[1] == "x"
    assert frontmatter.split("no head\n---\n")[1] == "no head\n---\n"


def test_empty_lines_above_the_front_matter_are_forgiven(read_folder: Read) -> None:
    entry = only(read_folder({"a.md": "\n\n---\ntitle: T\n---\nBody\n"}))
    assert (entry.title, entry.html) == ("T", "<p>Body</p>")


def test_the_lines_of_an_error_count_from_the_top_of_the_file(read_folder: Read) -> None:
    fetched = read_folder({"a.md": "\n\n---\nlang: en\ntitle: Hello :wave:\n---\nBody\n"})
    assert fetched.warning.startswith("a.md, line 5: a value with a colon in it must stand in quotes")


def test_tags_that_only_the_site_understands_are_named(read_folder: Read) -> None:
    fetched = read_folder({"_posts/2026-11-01-a.md": "---\ntitle: T\n---\nA {% include ad.html %}B\n"})
    assert only(fetched).html == "<p>A B</p>"
    assert "left out what only its site understands: include" in fetched.warning


def test_a_folder_that_is_itself_called_posts_has_jekylls_addresses(read_folder: Read) -> None:
    files = {"_posts/2026-11-11-tags.md": "---\ntitle: T\n---\nBody\n"}
    entry = only(read_folder(files, location="posts/_posts", base_url="https://blog.example.org"))
    assert entry.url == "https://blog.example.org/2026/11/11/tags.html"


def test_an_empty_file_is_no_story(read_folder: Read) -> None:
    fetched = read_folder({"a.md": "", "b.md": " \n", "c.md": "---\ntitle: Only a title\n---\n"})
    assert paths(fetched) == ["c.md"]
    assert "a.md: it is empty" in fetched.warning
