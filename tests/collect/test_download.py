"""Fetching: in time, in bounds, from public addresses only, and in words when it fails."""

import asyncio
import gzip
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from newsletter.collect.download import Document, download
from newsletter.collect.entry import Call
from newsletter.collect.errors import BadAnswer, Refused, TooBig, TooSlow, Unreachable
from newsletter.collect.guard import Guarded, is_public, resolve
from tests.collect.conftest import Web

MakeCall = Callable[..., Call]


@pytest.fixture
def fetch(call: MakeCall) -> Callable[..., Document]:
    def run(
        url: str, transport: httpx.AsyncBaseTransport | None = None, etag: str = "", **settings: object
    ) -> Document:
        settings.setdefault("allow_private", True)
        return asyncio.run(download(call(url, etag, **settings), transport))

    return run


def names(**hosts: str) -> Callable[[str, int], object]:
    """A resolver that knows these hosts, and IP addresses."""

    async def resolved(host: str, port: int) -> Sequence[str]:
        return [hosts.get(host.partition(".")[0], host)]

    return resolved


def test_introduces_itself_and_takes_gzip(web: Web, fetch: Callable[..., Document]) -> None:
    url = web.serve("/feed", gzip.compress(b"<rss/>" * 1000), content_encoding="gzip")
    assert fetch(url).body == b"<rss/>" * 1000
    assert web.requests[0][1]["user-agent"] == "newsletter/0.1 (feed reader)"


def test_a_feed_of_50_mb_is_dropped_at_the_limit(web: Web, fetch: Callable[..., Document]) -> None:
    sent = 0

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        for _ in range(500):
            handler.wfile.write(b"x" * 100_000)
            sent += 100_000

    with pytest.raises(TooBig, match="larger than 1,000,000 bytes"):
        fetch(web.answer("/feed", answer), collect={"max_bytes": "1 MB"})
    assert sent < 20_000_000


def test_a_small_packet_that_swells_is_dropped_at_the_limit(web: Web, fetch: Callable[..., Document]) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(TooBig):
        fetch(web.serve("/feed", bomb, content_encoding="gzip"), collect={"max_bytes": "1 MB"})


@pytest.mark.parametrize(("encoding", "reason"), [("br", "compressed the feed as br"), ("gzip", "but it is not")])
def test_a_compression_that_is_not_what_was_asked_for(
    web: Web, fetch: Callable[..., Document], encoding: str, reason: str
) -> None:
    with pytest.raises(BadAnswer, match=reason):
        fetch(web.serve("/feed", "<rss/>", content_encoding=encoding))


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_slow_drip_ends_at_the_deadline(web: Web, fetch: Callable[..., Document], part: str) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: " if part == "head" else b"HTTP/1.0 200 OK\r\n\r\n<rss>")
        for _ in range(200):
            handler.wfile.write(b"x")
            if web.closing.wait(0.02):
                return

    began = time.monotonic()
    with pytest.raises(TooSlow, match=r"within 0\.3 seconds"):
        fetch(web.answer("/feed", answer), collect={"timeout": "300ms"})
    assert time.monotonic() - began < 3.5


def test_follows_redirects_and_notes_a_move_for_good(web: Web, fetch: Callable[..., Document]) -> None:
    new = web.serve("/new", "<rss/>")
    old = web.serve("/old", "", status=301, location="/new")
    assert (fetch(old).url, fetch(old).moved_to) == (new, new)
    assert fetch(web.serve("/now", "", status=302, location="/new")).moved_to == ""


def test_a_redirect_loop_ends(web: Web, fetch: Callable[..., Document]) -> None:
    web.serve("/a", "", status=302, location="/b")
    with pytest.raises(BadAnswer, match="redirects more than 5 times"):
        fetch(web.serve("/b", "", status=302, location="/a"))
    assert len(web.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://files.example.org/feed", "gopher://x/"])
def test_a_redirect_leads_to_http_only(web: Web, fetch: Callable[..., Document], target: str) -> None:
    with pytest.raises(BadAnswer, match=r"neither http nor https|not a web address"):
        fetch(web.serve("/feed", "", status=302, location=target))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "401 Unauthorized. The feed wants a password"),
        (403, "403 Forbidden. The server does not let us in"),
        (404, "404 Not Found. Is the address still right?"),
        (410, "410 Gone. The feed is gone for good"),
        (429, "429 Too Many Requests. We come too often"),
        (503, "503 Service Unavailable. The server has a fault"),
        (304, "304 Not Modified."),  # though we asked for no such thing
    ],
)
def test_says_what_a_status_means(web: Web, fetch: Callable[..., Document], status: int, words: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        fetch(web.serve("/feed", "", status=status))
    assert words in str(caught.value)


def test_a_header_that_could_not_be_sent_back_is_not_kept(web: Web, fetch: Callable[..., Document]) -> None:
    document = fetch(web.serve("/feed", "<rss/>", etag='"é"', last_modified="x" * 600))
    assert (document.etag, document.last_modified) == ("", "")


def test_a_connection_that_breaks_off_is_an_error(web: Web, fetch: Callable[..., Document]) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")

    with pytest.raises(Unreachable, match="connection to the feed's server failed"):
        fetch(web.answer("/feed", answer))


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(Unreachable, match="There is no host named"):
        asyncio.run(resolve("no-such-host.invalid", 80))


def test_a_loopback_address_is_refused_unless_allowed(web: Web, fetch: Callable[..., Document]) -> None:
    url = web.serve("/feed", "<rss/>")
    with pytest.raises(Refused, match=r"not a public address\. If that is meant, set allow_private: true"):
        fetch(url, allow_private=False)
    with pytest.raises(Refused):
        fetch(url.replace("127.0.0.1", "localhost"), allow_private=False)
    with pytest.raises(Refused):
        fetch(url.replace("127.0.0.1", "2130706433"), allow_private=False)
    assert not web.requests
    assert fetch(url).body == b"<rss/>"


def test_a_private_address_is_refused_after_a_redirect_too(fetch: Callable[..., Document]) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"location": "http://inside.example.org/"})

    guard = Guarded(httpx.MockTransport(answer), False, names(feeds="93.184.215.14", inside="10.0.0.7"))
    with pytest.raises(Refused, match=r"inside\.example\.org lies at 10\.0\.0\.7"):
        fetch("http://feeds.example.org/", guard, allow_private=False)
    assert asked == ["93.184.215.14"]


def test_connects_to_the_address_that_was_checked_under_the_name_that_was_asked_for(
    fetch: Callable[..., Document],
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://93.184.215.14:8443/feed?x=1"
        assert request.headers["host"] == "feeds.example.org:8443"
        assert request.extensions["sni_hostname"] == "feeds.example.org"
        return httpx.Response(200, stream=httpx.ByteStream(b"<rss/>"))

    guard = Guarded(httpx.MockTransport(answer), False, names(feeds="93.184.215.14"))
    document = fetch("https://feeds.example.org:8443/feed?x=1", guard, allow_private=False)
    assert document.url == "https://feeds.example.org:8443/feed?x=1"


def test_one_private_address_among_public_ones_is_enough_to_refuse(fetch: Callable[..., Document]) -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14", "192.168.1.1"]

    with pytest.raises(Refused):
        fetch("http://feeds.example.org/", Guarded(httpx.MockTransport(lambda _: httpx.Response(200)), False, both))


def test_tries_the_next_address_where_one_takes_no_connection(fetch: Callable[..., Document]) -> None:
    async def two(host: str, port: int) -> Sequence[str]:
        return ["2606:4700::1111", "93.184.215.14"]

    def answer(request: httpx.Request) -> httpx.Response:
        if ":" in request.url.host:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, stream=httpx.ByteStream(b"<rss/>"))

    assert fetch("http://feeds.example.org/", Guarded(httpx.MockTransport(answer), False, two)).body == b"<rss/>"


INSIDE = """
127.0.0.1 10.1.2.3 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 255.255.255.255
192.0.2.1 198.18.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::7f00:1 64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: 2002:a00:1::
"""


@pytest.mark.parametrize("address", INSIDE.split())
def test_addresses_inside_our_own_network(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)
