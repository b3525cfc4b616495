"""Our own web server: links are answered whatever the pages do, and pages as any server would."""

import socket
import threading
import time
from contextlib import closing, suppress

import pytest

from newsletter import serving, tokens
from newsletter.bench.servers import free_port
from newsletter.serving import Web, listening
from newsletter.track.gate import Gate
from newsletter.track.ways import Destination
from newsletter.track.ways.proxy import client

KEY = "a key of this test"
TOKEN = tokens.sign(5, KEY)
LINK = f"/c/7/{TOKEN}"


class Site:
    """The server with pages that say what they were asked, and wait while `closed`."""

    def __init__(self, config):
        self.open, self.stop, self.asked = threading.Event(), threading.Event(), []
        self.open.set()
        self.gate = Gate(config, [KEY])
        self.gate.known.learn({7: Destination(1, "https://example.org/7")})
        self.seen = []
        self.gate.door._keep = self.seen.append
        self.gate.ask = lambda link: {8: True, 9: False}.get(link)
        self.port = free_port()
        self.web = Web(f"127.0.0.1:{self.port}", self.gate, self.page, self.stop)
        self.web.start()

    def page(self, environ, start_response):
        self.asked.append(environ)
        self.open.wait(30)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Page", environ["PATH_INFO"])])
        return [b"page ", body]

    def talk(self, said):
        """What is answered to these bytes until the line is closed."""
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=20)) as line:
            heard = b""
            # Who is not listened to any more may be cut off in the middle of a word.
            with suppress(ConnectionError):
                line.sendall(said)
                while data := line.recv(65536):
                    heard += data
            return heard

    def get(self, path, *headers, method="GET", version="1.1"):
        lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1", "Connection: close", *headers]
        return self.talk("\r\n".join([*lines, "", ""]).encode())


@pytest.fixture
def make_site(make_config):
    made = []

    def make(**keys):
        made.append(Site(make_config(**keys)))
        return made[-1]

    yield make
    for site in made:
        site.open.set()
        site.web.finish()


@pytest.fixture
def site(make_site):
    return make_site()


def test_a_link_leads_on_and_is_seen(site):
    heard = site.get(LINK, "User-Agent: Mail/1", "Sec-Purpose: prefetch")
    assert heard.startswith(b"HTTP/1.1 302 Found\r\nLocation: https://example.org/7\r\nContent-Length: 0\r\n")
    assert heard.endswith(b"\r\nconnection: close\r\n\r\n")
    (hit,) = site.seen
    assert (hit.kind, hit.message, hit.link, hit.method) == ("click", 5, 7, "GET")
    assert (hit.agent, hit.address, hit.purpose) == ("Mail/1", "127.0.0.1", "prefetch")
    assert abs(hit.at - time.time()) < 60
    assert site.asked == []


def test_the_image_is_answered_with_its_bytes_and_to_head_without(site):
    assert site.get(f"/o/{TOKEN}.gif").partition(b"\r\n\r\n")[2].startswith(b"GIF89a")
    assert site.get(f"/o/{TOKEN}.gif", method="HEAD").partition(b"\r\n\r\n")[2] == b""
    assert [hit.method for hit in site.seen] == ["GET", "HEAD"]


def test_links_and_pages_on_one_line_are_answered_in_their_order(site):
    asked = "".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in (LINK, "/one", LINK, "/two", LINK))
    last = f"GET {LINK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    heard = site.talk((asked + last).encode())
    found = [line for line in heard.split(b"\r\n") if line.startswith((b"HTTP/", b"x-page"))]
    redirect, page = b"HTTP/1.1 302 Found", b"HTTP/1.1 200 OK"
    assert found == [redirect, page, b"x-page: /one", redirect, page, b"x-page: /two", redirect, redirect]


def test_a_click_is_answered_though_every_thread_waits(site):
    site.open.clear()
    for _ in range(20):
        threading.Thread(target=site.get, args=("/slow",), daemon=True).start()
    while len(site.asked) < 8:
        time.sleep(0.01)
    began = time.monotonic()
    assert b" 302 Found" in site.get(LINK)
    assert time.monotonic() - began < 2
    assert len(site.asked) == 8


@pytest.mark.parametrize(
    ("number", "said"), [(8, b"200 OK"), (9, b"200 OK"), (10, b"503 Service Unavailable")]
)  # fmt: skip
def test_a_link_that_is_not_known_is_asked_for(site, number, said):
    # Of 8 the database says that it is there, and still it is not known; 9 is not there; of 10 it says nothing.
    heard = site.get(f"/c/{number}/{TOKEN}")
    assert said in heard
    assert len(site.asked) == (0 if number == 10 else 1)
    assert site.seen == []


def test_a_database_that_does_not_even_fail_keeps_nobody_waiting(site):
    site.gate.ask = None
    slow = threading.Event()
    front = site.web.config.app
    front._ask = lambda link: slow.wait(20)
    began = time.monotonic()
    heard = site.get(f"/c/10/{TOKEN}")
    slow.set()
    assert b" 503 " in heard
    assert b"retry-after: 60" in heard
    assert b"open it again in a few minutes" in heard
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("path", ["/c/7/forged", f"/c/7/{TOKEN[:-1]}", f"/c/7/{TOKEN}x", f"/c//{TOKEN}", "/c/", "/o/"])
def test_what_is_no_link_of_ours_is_the_pages_to_answer(site, path):
    assert b"page" in site.get(path)
    assert site.asked[0]["PATH_INFO"] == path


def test_a_request_with_a_body_is_handed_on_whole(site):
    size = 700_000
    head = f"POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    assert site.talk(head.encode() + b"x" * size).count(b"x" * 1000) > 500
    assert site.asked[0]["CONTENT_LENGTH"] == str(size)


def test_what_comes_in_pieces_has_its_length_by_then(site):
    head = "POST /form HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    heard = site.talk(head.encode() + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert b"abcde" in heard
    assert site.asked[0]["CONTENT_LENGTH"] == "5"


def test_who_posts_slowly_keeps_no_thread(site):
    with closing(socket.create_connection(("127.0.0.1", site.port))) as line:
        line.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert b"page" in site.get("/other")
    assert [one["PATH_INFO"] for one in site.asked] == ["/other"]


def test_a_link_that_comes_with_a_body_is_answered_once(site):
    said = f"GET {LINK} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    last = "GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    heard = site.talk((said + last).encode())
    assert (heard.count(b"302 Found"), heard.count(b"x-page: /after")) == (1, 1)


def test_an_old_client_is_let_go_after_its_answer(site):
    assert b"connection: close" in site.talk(f"GET {LINK} HTTP/1.0\r\n\r\n".encode())


def test_headers_without_end_are_not_listened_to(site):
    heard = site.talk(b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 60_000) for n in range(12)))
    assert b"200" not in heard
    assert site.asked == []


def test_a_proxy_is_believed_in_its_last_word_if_there_is_one(make_site):
    forwarded = [
        "X-Forwarded-For: 192.0.2.1, 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
    ]
    behind, alone = make_site(site={"behind_proxy": True}), make_site()
    for one in (behind, alone):
        one.get(LINK, *forwarded)
        one.get("/", *forwarded, "X_Forwarded_For: 198.51.100.1")
    assert [behind.seen[0].address, alone.seen[0].address] == ["203.0.113.9", "127.0.0.1"]
    page = behind.asked[0]
    assert (page["REMOTE_ADDR"], page["wsgi.url_scheme"]) == ("203.0.113.9", "https")
    assert "HTTP_X_FORWARDED_HOST" not in page
    page = alone.asked[0]
    assert (page["REMOTE_ADDR"], page["wsgi.url_scheme"]) == ("127.0.0.1", "http")
    assert "198.51.100.1" not in page["HTTP_X_FORWARDED_FOR"]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"), ("x, 203.0.113.9:4711", "203.0.113.9"), ("[2001:db8::1]:80", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"), ("", "peer"), ("unknown", "peer"), ("203.0.113.9, ", "peer"), ("a\tb", "peer"),
    ],
)  # fmt: skip
def test_the_last_address_is_the_one_the_proxy_saw(forwarded, address):
    assert client(forwarded, "peer") == address


def test_what_has_begun_is_answered_when_the_process_is_asked_to_stop(site):
    site.open.clear()
    heard = []
    asking = threading.Thread(target=lambda: heard.append(site.get("/slow")))
    asking.start()
    while not site.asked:
        time.sleep(0.01)
    site.stop.set()
    time.sleep(0.3)
    site.open.set()
    asking.join(20)
    site.web.finish()
    assert b"page" in heard[0]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", site.port), timeout=5)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "*", ""])
def test_it_listens_where_it_is_told_to(host):
    try:
        sockets = listening(f"{host}:{free_port()}")
    except OSError as error:
        pytest.skip(f"not on this machine: {error}")
    assert sockets
    for one in sockets:
        one.close()


def test_an_address_that_is_taken_is_an_error():
    (taken,) = listening(f"127.0.0.1:{free_port()}")
    taken.listen()
    with closing(taken), pytest.raises(OSError, match="in use"):
        listening(f"127.0.0.1:{taken.getsockname()[1]}")


def test_what_is_posted_takes_no_more_of_the_disk_than_there_is_for_it(site, monkeypatch):
    monkeypatch.setattr(serving, "MOST_ON_DISK", 1_000_000)

    def post(size):
        return site.talk(
            b"POST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
        )

    large, small = 800_000, 100_000
    site.open.clear()
    first = threading.Thread(target=post, args=(large,), daemon=True)
    first.start()
    while not site.asked:
        time.sleep(0.01)
    heard = post(large)
    assert heard.startswith(b"HTTP/1.1 503 ")
    assert b"Too much is being uploaded just now" in heard
    site.open.set()
    first.join(20)
    assert post(small).startswith(b"HTTP/1.1 200 ")
    assert post(large).startswith(b"HTTP/1.1 200 ")


def test_a_small_post_is_taken_though_large_ones_fill_the_room(site, monkeypatch):
    monkeypatch.setattr(serving, "MOST_ON_DISK", 0)
    body = b"x" * 1000
    heard = site.talk(b"POST /take HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + body)
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert heard.count(b"x" * 1000) == 1
