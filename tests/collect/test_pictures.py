"""The sizes of images: from files and over the network, soon, from little, and without decoding anything."""

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from PIL import Image

from newsletter.collect import collect, pictures
from newsletter.collect.download import Document
from newsletter.collect.entry import Call
from newsletter.collect.header import ENOUGH, size_of
from newsletter.collect.kinds import feed
from newsletter.config import Config
from newsletter.markup.images import Size
from newsletter.models import Item, Post, Source
from tests.collect.conftest import Web, item, rss


def image(kind: str = "PNG", size: tuple[int, int] = (640, 360), **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "teal").save(made, kind, **options)
    return made.getvalue()


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "AVIF"])
def test_the_first_bytes_tell_the_size(kind: str) -> None:
    assert size_of(image(kind)[:4000]) == Size(640, 360)


def test_every_sort_of_webp() -> None:
    assert size_of(image("WEBP", lossless=True)) == Size(640, 360)
    assert size_of(image("WEBP", exif=b"Exif\0\0" + bytes(8))) == Size(640, 360)


def test_a_photo_that_lies_on_its_side_is_measured_as_it_is_shown() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert size_of(image("JPEG", exif=exif)) == Size(360, 640)


@pytest.mark.parametrize(
    "head",
    [b"", b"\x89PNG", b"<svg width='9' height='9'/>", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8X", b"\xff\xd8\xff\xe0",
     b"\0\0\0\x20ftypavif" + b"x" * 50 + b"ispe", png_header(0, 5), png_header(2**31 - 1, 2**31 - 1),
     png_header(60_000, 60_000), b"BM" + b"\xff" * 60, bytes(range(256)) * 9],
)  # fmt: skip
def test_what_has_no_size_that_could_be_true_has_none(head: bytes) -> None:
    assert size_of(head) == Size()


@pytest.fixture
def bring(web: Web, publication: Callable[..., Config], now: datetime) -> Callable[..., Post]:
    """Collect a feed with one post of this body; return the post."""

    def run(body: str, more: str = "", **collect_settings: Any) -> Post:
        config = publication(
            {"blog": web.serve("/feed", rss(item(1, description=body, more=more)))}, **collect_settings
        )
        (visit,) = collect(config, now)
        assert visit.error == ""
        return Post.objects.get()

    return run


pytestmark = pytest.mark.django_db


def test_the_images_of_a_post_are_measured_and_an_item_copies_what_was_found(web: Web, bring: Any) -> None:
    top, inner = web.serve("/top.png", image()), web.serve("/in.gif", image("GIF", (90, 90)))
    enclosure = f'<enclosure url="{top}" type="image/png" length="1"/>'
    post = bring(
        f'<p>Hi</p><img src="{inner}"><img src="{inner}" width="30"><img src="{top}" width=1 height=1>', enclosure
    )
    assert (post.image_url, post.image_width, post.image_height) == (top, 640, 360)
    assert (
        f'<img src="{inner}" alt="" width="90" height="90"><img src="{inner}" alt="" width="30" height="30">'
        in post.html
    )
    assert Item.copy_of(post).image_width == 640
    assert [path for path, _ in web.requests].count("/in.gif") == 1
    assert all(head["range"] == "bytes=0-65535" for path, head in web.requests if path != "/feed")


def test_an_unchanged_post_is_not_measured_again(web: Web, publication: Any, now: datetime) -> None:
    picture = web.serve("/a.png", image())
    config = publication({"blog": web.serve("/feed", rss(item(1, description=f'<img src="{picture}">')))})
    counts = [(visit.added, visit.updated, visit.unchanged) for _ in range(3) for visit in collect(config, now)]
    assert counts == [(1, 0, 0), (0, 0, 1), (0, 0, 1)]
    assert [path for path, _ in web.requests].count("/a.png") == 1
    assert Post.objects.get().image_width == 640


def test_measuring_can_be_turned_off(web: Web, bring: Any) -> None:
    post = bring(f'<img src="{web.serve("/a.png", image())}">', measure_images=False)
    assert (post.image_width, len(web.requests)) == (0, 1)


def test_at_most_twelve_images_of_a_post_are_asked_for(web: Web, bring: Any) -> None:
    bring("".join(f'<img src="{web.serve(f"/{n}.png", image())}">' for n in range(30)))
    assert len(web.requests) == 1 + pictures.PER_POST


def endless(handler: BaseHTTPRequestHandler, head: bytes, sent: list[int], **headers: str) -> None:
    """Answer with a header and then more and more."""
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(head)
    for _ in range(320):
        sent.append(handler.wfile.write(bytes(ENOUGH)))


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"content_length": "20000000"}, False),  # it says so
        ({"content_length": "1000"}, True),  # it lies
        ({}, True),  # it never says, and never ends
    ],
)
def test_a_picture_of_twenty_megabytes_costs_neither_memory_nor_time(
    web: Web, bring: Any, headers: dict[str, str], shown: bool
) -> None:
    sent: list[int] = []
    head = png_header(640, 360)
    large = web.answer("/large.png", lambda handler: endless(handler, head, sent, **headers))
    small = web.serve("/small.png", image(size=(100, 100)))
    began = time.process_time()
    tracemalloc.start()
    post = bring(f'<p>x</p><img src="{small}">', f'<enclosure url="{large}" type="image/png" length="1"/>')
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - began < 4
    assert peak < 8_000_000
    assert sum(sent) < 10_000_000
    assert (post.image_url, post.image_width) == ((large, 640) if shown else (small, 100))
    warning = Source.objects.get(name="blog").warning
    assert ("large.png (20 MB)" in warning) is not shown


def test_a_picture_that_is_too_big_is_a_link_in_the_body(web: Web, bring: Any) -> None:
    url = web.serve("/a.png", image() + bytes(3000))
    post = bring(f'<p>x <img src="{url}" alt="A whale"></p>', max_image_bytes="1 kB")
    assert f'<a href="{url}">Picture: A whale (' in post.html
    assert (post.image_url, post.image_alt, post.image_width) == ("", "", 0)


def test_a_range_says_how_large_the_whole_is(web: Web, bring: Any) -> None:
    url = web.serve("/a.png", image(), status=206, content_range="bytes 0-65535/6000000")
    assert "(6 MB)</a>" in bring(f'<img src="{url}">').html


@pytest.fixture
def question(make_config: Any, now: datetime) -> Callable[..., tuple[pictures.Question, Config]]:
    """What to ask for a post with these images."""

    def make(*urls: str, allow: bool = True) -> tuple[pictures.Question, Config]:
        source = {"kind": "feed", "location": "https://feeds.example.org/", "allow_private": allow}
        config = make_config(collect={"sources": {"blog": source}})
        call = Call("blog", config.collect.sources["blog"], config, now)
        body = "".join(f'<img src="{url}">' for url in urls)
        document = Document("https://feeds.example.org/", rss(item(1, description=body)).encode())
        return pictures.Question(call, feed.read(call, document).entries), config

    return make


def test_a_server_that_drips_keeps_nobody_waiting(web: Web, question: Any) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(png_header(70, 80))
        while not web.closing.wait(0.05):
            handler.wfile.write(b"x")

    asked, config = question(*(web.answer(f"/{n}.png", drip) for n in range(4)))
    began = time.monotonic()
    (sizes,) = pictures.answered([asked], config.collect, seconds=8)
    assert time.monotonic() - began < 12
    assert list(sizes.values()) == [Size(70, 80)] * 4  # what came before was enough


def test_a_bomb_is_not_opened(web: Web, bring: Any) -> None:
    body = png_header(60_000, 60_000) + b"IDAT"
    tracemalloc.start()
    post = bring(f'<img src="{web.serve("/bomb.png", body)}" alt="Bomb">')
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()
    assert (post.image_width, 'alt="Bomb"' in post.html) == (0, True)


@pytest.mark.parametrize("status", [404, 500, 302])
def test_a_failure_costs_nothing_but_the_size(web: Web, bring: Any, status: int) -> None:
    url = web.serve("/a.png", image(), status=status, location="http://no-such-host.invalid/")
    post = bring(f'<img src="{url}" alt="A">')
    assert (post.image_url, post.image_width) == (url, 0)
    assert Source.objects.get(name="blog").warning == ""


@pytest.mark.parametrize(("allow", "size"), [(False, Size()), (True, Size(640, 360))])
def test_a_private_address_is_not_asked_unless_the_source_may(web: Web, question: Any, allow: bool, size: Size) -> None:
    url = web.serve("/a.png", image())
    asked, config = question(url, allow=allow)
    assert pictures.answered([asked], config.collect) == [{url: size}]
    assert len(web.requests) == allow


def test_images_of_a_folder_are_measured_from_their_files(read_folder: Any) -> None:
    files = {
        "a.md": "---\nimage: top.png\nimage_dark: dark.png\n---\nHi ![in](in.jpg) ![big](big.png)\n",
        "b.md": "---\nimage: big.png\n---\n![in](in.jpg)\n",
        "top.png": image(), "dark.png": image(), "in.jpg": image("JPEG", (150, 140)),
        "big.png": image() + bytes(6_000_000),
    }  # fmt: skip
    fetched = read_folder(files)
    one, two = fetched.entries
    files_url = "http://127.0.0.1:8000/files/s"
    assert (one.image_url, one.image_width, one.image_height) == (f"{files_url}/top.png", 640, 360)
    assert one.image_dark == f"{files_url}/dark.png"
    assert '<img src="http://127.0.0.1:8000/files/s/in.jpg" alt="in" width="150" height="140">' in one.html
    assert f'<a href="{files_url}/big.png">Picture: big (6 MB)</a>' in one.html
    assert (two.image_url, two.image_width) == (f"{files_url}/in.jpg", 150)
    assert fetched.warning.count("the image big.png (6 MB) is too big to be shown, and is linked to instead") == 2


def test_a_folder_that_is_published_elsewhere_knows_its_images_all_the_same(read_folder: Any) -> None:
    fetched = read_folder({"a.md": "![x](x.png)", "x.png": image()}, base_url="https://blog.example.org")
    (entry,) = fetched.entries
    assert (entry.image_url, entry.image_width) == ("https://blog.example.org/a/x.png", 640)
    assert entry.unmeasured == ()


def test_a_malformed_directive_is_named_with_its_file_and_line(read_folder: Any) -> None:
    fetched = read_folder({"a.md": "---\ntitle: T\n---\n\nHi\n\n::: poll Q?\n- one\n:::\n"})
    assert fetched.warning == "a.md, line 7: a poll has 2 to 10 answers; this one has 1"
    assert "<li>one</li>" in fetched.entries[0].html


def test_directives_belong_to_markdown(read_folder: Any) -> None:
    files = {"a.md": "::: button https://x.org\nGo\n:::\n",
             "b.html": '---\n---\n<a href="https://x.org" data-block="button">Go</a>'}  # fmt: skip
    assert ["data-block" in entry.html for entry in read_folder(files).entries] == [True, False]
